"""Remembers predictions in shared memory: a ring of the latest ones, and an index by id.

A batch is appended as it came, so that it costs a handful of NumPy calls, memory is touched only as far as predictions
have come, and a full ring forgets the oldest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exporter.batch import Booleans, Floats, Integers
from exporter.window.hashing import Hashes
from exporter.window.id_index import IdIndex
from exporter.window.memory import Shape, SharedLock, SharedMemory
from exporter.window.remembered import Joined, Remembered, State, States, Swept

_PORTION_ROWS = 1 << 16
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2^64 / golden ratio, odd: multiplying by it maps hashes one to one, and spreads those that are not mixed well."""

ChildRows = npt.NDArray[np.int32]


class SharedPredictionStore:
    """Remembers predictions by the hash of their id. Every call is atomic between processes, and none waits for I/O.

    label_delay_s : how long a prediction waits for its label; None when the monitor has no labels.
    horizon_s     : how long an id is remembered for duplicates.
    """

    def __init__(
        self,
        memory: SharedMemory,
        lock: SharedLock,
        label_delay_s: float | None,
        horizon_s: float,
        sweep_every_s: float = 10,
    ) -> None:
        self._log = _Entries(*(memory[f"log_{name}"] for name in _Entries.__slots__))
        self._appended: Integers = memory["log_appended"]
        self._swept_at: Floats = memory["log_swept_at"]
        self._index = IdIndex(memory, self._log.keys)
        self._lock = lock
        self._label_delay_s = label_delay_s
        self._forget_after_s = max(horizon_s, label_delay_s or 0.0)
        self._sweep_every_s = sweep_every_s

    @staticmethod
    def arrays(capacity: int) -> dict[str, tuple[npt.DTypeLike, Shape]]:
        """What `SharedMemory` must hold to remember `capacity` predictions."""
        return {
            "log_keys": (np.uint64, (capacity,)),
            "log_values": (np.float64, (capacity,)),
            "log_times": (np.float64, (capacity,)),
            "log_children": (np.int32, (capacity,)),
            "log_states": (np.uint8, (capacity,)),
            "log_appended": (np.int64, (1,)),
            "log_swept_at": (np.float64, (1,)),
            **IdIndex.arrays(capacity),
        }

    def remember(self, keys: Hashes, values: Floats, times: Floats, children: Integers, states: States) -> Remembered:
        """Adds n predictions, in order; of two with one key the first is fresh. `states`: SEEN or WAITING, uint8[n]."""
        fresh = np.zeros(len(keys), dtype=np.bool_)
        joined: list[Integers] = []
        labels: list[Floats] = []
        evicted: list[ChildRows] = []
        batch = _Entries(keys * _SPREAD, values, times, children, states)
        with self._lock:
            for start, portion in self._portions(batch):
                found = self._index.find(portion.keys)
                is_new = found.positions < 0
                known = found.positions[~is_new]
                is_early = self._log.states[known] == State.EARLY_LABEL
                rows, early = found.rows[~is_new][is_early], known[is_early]
                joined.append(rows + start)
                labels.append(self._log.values[early])
                self._log.put(early, portion.at(rows))
                self._log.states[early] = State.LABELLED
                evicted.append(self._append(portion, found.rows[is_new]))
                fresh[found.rows[is_new] + start] = fresh[rows + start] = True
        return Remembered(fresh, np.concatenate(joined), np.concatenate(labels), np.concatenate(evicted))

    def join(self, keys: Hashes, labels: Floats, now: float) -> Joined:
        """Joins n labels, in order; a label without a prediction waits for it."""
        count = len(keys)
        duplicate, too_late = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
        joined: list[tuple[Integers, _Entries]] = []
        evicted: list[ChildRows] = []
        no_child, early = np.full(count, -1), np.full(count, State.EARLY_LABEL, dtype=np.uint8)
        batch = _Entries(keys * _SPREAD, labels, np.full(count, now), no_child, early)
        with self._lock:
            for start, portion in self._portions(batch):
                found = self._index.find(portion.keys)
                is_new = found.positions < 0
                states = np.where(is_new, np.uint8(State.EMPTY), self._log.states[found.positions])
                is_waiting = states == State.WAITING
                is_late = (states == State.EXPIRED) | (states == State.SEEN)
                is_second = (states == State.LABELLED) | (states == State.EARLY_LABEL)
                for rows, late, second in (
                    (found.rows + start, is_late, is_second),
                    (found.repeated + start, is_late[found.first], ~is_late[found.first]),
                ):
                    too_late[rows], duplicate[rows] = late, second
                joined.append((found.rows[is_waiting] + start, self._log.at(found.positions[is_waiting])))
                self._log.states[found.positions[is_waiting]] = State.LABELLED
                evicted.append(self._append(portion, found.rows[is_new]))
        return Joined(
            np.concatenate([rows for rows, _ in joined]),
            np.concatenate([entries.values for _, entries in joined]),
            np.concatenate([entries.children for _, entries in joined]),
            np.concatenate([entries.times for _, entries in joined]),
            duplicate,
            too_late,
            np.concatenate(evicted),
        )

    def sweep(self, now: float) -> Swept | None:
        """Gives up what has waited too long; None when it was done a moment ago."""
        if now - self._swept_at[0] < self._sweep_every_s:
            return None
        with self._lock:
            self._swept_at[0] = now
            log = self._log.at(slice(0, min(int(self._appended[0]), len(self._log))))
            expired = np.empty(0, dtype=np.int32)
            unmatched = 0
            if self._label_delay_s is not None:
                is_overdue = log.times < now - self._label_delay_s
                is_waiting = is_overdue & (log.states == State.WAITING)
                expired = log.children[is_waiting]
                log.states[is_waiting] = State.EXPIRED
                is_early = is_overdue & (log.states == State.EARLY_LABEL)
                unmatched = int(np.count_nonzero(is_early))
                log.forget(is_early)
            log.forget((log.times < now - self._forget_after_s) & (log.states != State.EARLY_LABEL))
        return Swept(expired, unmatched)

    def claim_early(self, keys: Hashes) -> Booleans:
        """bool[n], keys under which a label waits for its prediction; each is taken for labelled from then on."""
        claimed = np.zeros(len(keys), dtype=np.bool_)
        with self._lock:
            self._index.fit(min(int(self._appended[0]), len(self._log)))
            found = self._index.find(keys * _SPREAD)
            positions = found.positions
            is_early = (positions >= 0) & (self._log.states[positions] == State.EARLY_LABEL)
            self._log.states[positions[is_early]] = State.LABELLED
            claimed[found.rows[is_early]] = True
        return claimed

    def _portions(self, batch: _Entries) -> Iterator[tuple[int, _Entries]]:
        """Parts of a batch that fit the log, each with its first row; room for it is made in the index."""
        rows = min(len(self._log), _PORTION_ROWS)
        for start in range(0, max(len(batch), 1), rows):
            portion = batch.at(slice(start, start + rows))
            self._index.fit(min(int(self._appended[0]) + len(portion), len(self._log)))
            yield start, portion

    def _append(self, batch: _Entries, rows: Integers) -> ChildRows:
        """Appends rows of a batch, which come sorted by key; the children of the waiting predictions overwritten."""
        if not len(rows):
            return np.empty(0, dtype=np.int32)
        is_whole = len(rows) == len(batch)
        in_order = np.arange(len(batch)) if is_whole else np.sort(rows)
        entries = batch if is_whole else batch.at(in_order)
        place_of = np.empty(len(batch), dtype=np.int64)
        evicted: list[ChildRows] = []
        for places, part in self._free_places(len(rows)):
            overwritten = self._log.at(places)
            evicted.append(overwritten.children[overwritten.states == State.WAITING])
            self._log.put(places, entries.at(part))
            place_of[in_order[part]] = np.arange(places.start, places.stop)
        self._appended[0] += len(rows)
        self._index.insert(batch.keys[rows], place_of[rows])
        return np.concatenate(evicted)

    def _free_places(self, count: int) -> Iterator[tuple[slice, slice]]:
        """The next places of the ring, in one run or two, and which of the new entries go there."""
        first, size = int(self._appended[0]) % len(self._log), len(self._log)
        before_the_end = min(count, size - first)
        yield slice(first, first + before_the_end), slice(0, before_the_end)
        if before_the_end < count:
            yield slice(0, count - before_the_end), slice(before_the_end, count)


@dataclass(frozen=True, slots=True)
class _Entries:
    """Columns of n entries: of the log itself, or of a batch on its way there.

    A key is the spread hash of an id, 0 in an entry that is empty; a value is the prediction, or the label that waits.
    """

    keys: Hashes
    values: Floats
    times: Floats
    children: Integers | ChildRows
    states: States

    def __len__(self) -> int:
        return len(self.keys)

    def at(self, rows: Integers | slice) -> _Entries:
        """These rows: views of them for a slice, copies otherwise."""
        return _Entries(self.keys[rows], self.values[rows], self.times[rows], self.children[rows], self.states[rows])

    def put(self, places: Integers | slice, entries: _Entries) -> None:
        self.keys[places] = entries.keys
        self.values[places] = entries.values
        self.times[places] = entries.times
        self.children[places] = entries.children
        self.states[places] = entries.states

    def forget(self, rows: Booleans) -> None:
        self.keys[rows] = 0
        self.states[rows] = State.EMPTY
