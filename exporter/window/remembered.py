"""Predictions remembered by id: tells duplicates, and what a label's prediction was. Bounded, shared, all rows at once.

A set-associative table as in a processor's cache: an id's hash names a bucket of eight entries; a full bucket forgets
its oldest. So memory is fixed, nothing is ever rehashed, and a batch costs a handful of NumPy calls. A durable store
would stand behind the same `PredictionStore`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from exporter.batch import Booleans, Floats, Integers
from exporter.window.hashing import Hashes
from exporter.window.memory import Shape, SharedLock, SharedMemory

WAYS = 8
_LOAD = 2

States = npt.NDArray[np.uint8]

_ENTRY = np.dtype([("value", "f8"), ("timestamp", "f8"), ("child", "i4"), ("state", "u1"), ("_", "V3")])


class State(IntEnum):
    """What an entry is waiting for."""

    EMPTY = 0
    SEEN = 1
    """A prediction that wants no label: the monitor has none, or the prediction failed."""
    WAITING = 2
    """A prediction without its label."""
    LABELLED = 3
    EXPIRED = 4
    """A prediction whose label did not come in time."""
    EARLY_LABEL = 5
    """A label whose prediction has not come yet."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What came of a batch of n predictions.

    fresh     : bool[n], false for the rows whose id was known (duplicates).
    joined    : int64[m], fresh rows whose label had come before them.
    labels    : float64[m], those labels.
    evicted   : int32[e], the children of predictions forgotten while they waited, to make room.
    """

    fresh: Booleans
    joined: Integers
    labels: Floats
    evicted: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of a batch of n labels.

    matched     : int64[m], rows that found their prediction.
    predictions : float64[m], what was predicted; children int32[m]; timestamps float64[m], of the predictions.
    duplicate   : bool[n], rows whose prediction (or id) had a label already.
    too_late    : bool[n], rows whose prediction had expired, or wants no label.
    evicted     : as in `Remembered`.
    """

    matched: Integers
    predictions: Floats
    children: npt.NDArray[np.int32]
    timestamps: Floats
    duplicate: Booleans
    too_late: Booleans
    evicted: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Swept:
    """Entries given up: the children of expired predictions, and how many early labels never found theirs."""

    expired: npt.NDArray[np.int32]
    unmatched: int


class PredictionStore(Protocol):
    """Remembers predictions by the hash of their id. Every call is atomic between processes, and none waits for I/O."""

    def remember(self, keys: Hashes, values: Floats, times: Floats, children: Integers, states: States) -> Remembered:
        """Adds n predictions, in order; of two with one key the first is fresh. `states`: SEEN or WAITING, uint8[n]."""

    def join(self, keys: Hashes, labels: Floats, now: float) -> Joined:
        """Joins n labels, in order; a label without a prediction waits for it."""

    def sweep(self, now: float) -> Swept | None:
        """Gives up what has waited too long; None when it was done a moment ago."""


class SharedPredictionStore:
    """A `PredictionStore` in shared memory.

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
        self._keys: npt.NDArray[np.uint64] = memory["ids_keys"]
        self._entries: npt.NDArray[Any] = memory["ids_entries"]
        self._swept_at: Floats = memory["ids_swept_at"]
        self._lock = lock
        self._label_delay_s = label_delay_s
        self._forget_after_s = max(horizon_s, label_delay_s or 0.0)
        self._sweep_every_s = sweep_every_s
        self._mask = np.uint64(len(self._keys) - 1)

    @staticmethod
    def arrays(capacity: int) -> dict[str, tuple[npt.DTypeLike, Shape]]:
        """What `SharedMemory` must hold to remember about `capacity` predictions."""
        buckets = 1 << max(0, (capacity * _LOAD // WAYS - 1).bit_length())
        return {
            "ids_keys": (np.uint64, (buckets, WAYS)),
            "ids_entries": (_ENTRY, (buckets, WAYS)),
            "ids_swept_at": (np.float64, (1,)),
        }

    def remember(self, keys: Hashes, values: Floats, times: Floats, children: Integers, states: States) -> Remembered:
        fresh = np.zeros(len(keys), dtype=np.bool_)
        joined: list[Integers] = []
        labels: list[Floats] = []
        evicted: list[npt.NDArray[np.int32]] = []
        with self._lock:
            for rows in self._rounds(keys):
                buckets, ways, found, full = self._find(keys[rows])
                known = np.flatnonzero(found)
                early = known[self._entries["state"][buckets[known], ways[known]] == State.EARLY_LABEL]
                joined.append(rows[early])
                labels.append(self._entries["value"][buckets[early], ways[early]])
                absent = np.flatnonzero(~found)
                evicted.append(self._waiting_in(buckets[full], ways[full]))
                self._write(
                    keys, rows[absent], buckets[absent], ways[absent], values, times, children, states[rows[absent]]
                )
                labelled = np.full(len(early), State.LABELLED, dtype=np.uint8)
                self._write(keys, rows[early], buckets[early], ways[early], values, times, children, labelled)
                fresh[rows[absent]] = fresh[rows[early]] = True
        return Remembered(fresh, _joined(joined, np.int64), _joined(labels, np.float64), _joined(evicted, np.int32))

    def join(self, keys: Hashes, labels: Floats, now: float) -> Joined:
        count = len(keys)
        duplicate, too_late = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
        matched: list[Integers] = []
        entries: list[npt.NDArray[Any]] = []
        evicted: list[npt.NDArray[np.int32]] = []
        times, no_child = np.full(count, now), np.full(count, -1, dtype=np.int64)
        with self._lock:
            for rows in self._rounds(keys):
                buckets, ways, found, full = self._find(keys[rows])
                states = np.where(found, self._entries["state"][buckets, ways], State.EMPTY)
                duplicate[rows] = (states == State.LABELLED) | (states == State.EARLY_LABEL)
                too_late[rows] = (states == State.EXPIRED) | (states == State.SEEN)
                waiting = np.flatnonzero(states == State.WAITING)
                matched.append(rows[waiting])
                entries.append(self._entries[buckets[waiting], ways[waiting]])
                self._entries["state"][buckets[waiting], ways[waiting]] = State.LABELLED
                absent = np.flatnonzero(~found)
                evicted.append(self._waiting_in(buckets[full], ways[full]))
                early = np.full(len(absent), State.EARLY_LABEL, dtype=np.uint8)
                self._write(keys, rows[absent], buckets[absent], ways[absent], labels, times, no_child, early)
        found_entries = _joined(entries, _ENTRY)
        return Joined(
            _joined(matched, np.int64),
            found_entries["value"],
            found_entries["child"],
            found_entries["timestamp"],
            duplicate,
            too_late,
            _joined(evicted, np.int32),
        )

    def sweep(self, now: float) -> Swept | None:
        if now - self._swept_at[0] < self._sweep_every_s:
            return None
        with self._lock:
            self._swept_at[0] = now
            state, timestamp = self._entries["state"], self._entries["timestamp"]
            expired = np.empty(0, dtype=np.int32)
            unmatched = 0
            if self._label_delay_s is not None:
                overdue = timestamp < now - self._label_delay_s
                waiting = overdue & (state == State.WAITING)
                expired = self._entries["child"][waiting]
                state[waiting] = State.EXPIRED
                early = overdue & (state == State.EARLY_LABEL)
                unmatched = int(early.sum())
                self._keys[early] = 0
                state[early] = State.EMPTY
            forgotten = (timestamp < now - self._forget_after_s) & (state != State.EMPTY) & (state != State.EARLY_LABEL)
            self._keys[forgotten] = 0
            state[forgotten] = State.EMPTY
        return Swept(expired, unmatched)

    def _rounds(self, keys: Hashes) -> Iterator[Integers]:
        """Rows in rounds, each with at most one row a bucket, in order within the bucket; mostly one large round."""
        buckets = (keys & self._mask).astype(np.int64)
        order = np.argsort(buckets, kind="stable")
        ordered = buckets[order]
        is_first = np.ones(len(keys), dtype=np.bool_)
        is_first[1:] = ordered[1:] != ordered[:-1]
        while len(order):
            yield order[is_first]
            order, ordered = order[~is_first], ordered[~is_first]
            is_first = np.ones(len(order), dtype=np.bool_)
            is_first[1:] = ordered[1:] != ordered[:-1]

    def _find(self, keys: Hashes) -> tuple[Integers, Integers, Booleans, Integers]:
        """Bucket, way and whether the key is there; where it is not, the way is a free one or the oldest.

        Last, the rows whose bucket has no free way.
        """
        buckets = (keys & self._mask).astype(np.int64)
        bucket_keys = self._keys[buckets]
        same = bucket_keys == keys[:, None]
        found = same.any(axis=1)
        ways = same.argmax(axis=1)
        absent = np.flatnonzero(~found)
        free = bucket_keys[absent] == 0
        ways[absent] = free.argmax(axis=1)
        full = absent[~free.any(axis=1)]
        if len(full):
            ways[full] = self._entries["timestamp"][buckets[full]].argmin(axis=1)
        return buckets, ways, found, full

    def _waiting_in(self, buckets: Integers, ways: Integers) -> npt.NDArray[np.int32]:
        """The children of the predictions that still wait in the entries about to be taken."""
        entries = self._entries[buckets, ways]
        evicted: npt.NDArray[np.int32] = entries["child"][entries["state"] == State.WAITING]
        return evicted

    def _write(
        self,
        keys: Hashes,
        rows: Integers,
        buckets: Integers,
        ways: Integers,
        values: Floats,
        times: Floats,
        children: Integers,
        states: States,
    ) -> None:
        entries = np.empty(len(rows), dtype=_ENTRY)
        entries["value"], entries["timestamp"] = values[rows], times[rows]
        entries["child"], entries["state"] = children[rows], states
        self._keys[buckets, ways] = keys[rows]
        self._entries[buckets, ways] = entries


def _joined(parts: list[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)
