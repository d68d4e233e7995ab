"""The newest entries of one monitor in this process's memory, found by key.

They stand in runs, each sorted by key; neighbours are merged as they come to be of one size, so that there are few runs
and an entry is moved about log2(n) times (a log-structured merge tree, O'Neil et al., 1996).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exporter.archive.hot.packing import ENTRY, Entries, Names, PackedRows, names_wanted
from exporter.batch import Booleans, Integers
from exporter.window.hashing import Hashes

_SPARE = 1.25
"""How far the limit may be passed before the oldest entries are given up, which takes time."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Sorted keys (uint64, in this machine's order) and their entries."""

    keys: Hashes
    entries: Entries


class RecentRows:
    """At most about `limit` entries; of two with one key the first is found."""

    def __init__(self, limit: int, predicts_text: bool) -> None:
        self._limit = limit
        self._predicts_text = predicts_text
        self._runs: list[_Run] = []
        self._names: dict[int, bytes] = {}

    def __len__(self) -> int:
        return sum(len(run.keys) for run in self._runs)

    def add(self, packed: PackedRows, not_before_us: int) -> None:
        """Adds entries; those before a time may be given up."""
        if not len(packed.entries):
            return
        self._names.update(packed.names)
        self._runs.append(_Run(packed.entries["key"].astype(np.uint64), packed.entries))
        while len(self._runs) > 1 and len(self._runs[-2].keys) <= 2 * len(self._runs[-1].keys):
            last = self._runs.pop()
            self._runs[-1] = _merged([self._runs[-1], last])
        if len(self) > self._limit * _SPARE:
            self._give_up(not_before_us)

    def find(self, keys: Hashes, not_before_us: int) -> tuple[Integers, Entries]:
        """Which of n keys are here, as indices in order, and their entries."""
        rows = np.arange(len(keys))
        found_rows, found = [], []
        for run in self._runs:
            places = np.searchsorted(run.keys, keys[rows])
            is_here: Booleans = run.keys[np.minimum(places, len(run.keys) - 1)] == keys[rows]
            found_rows.append(rows[is_here])
            found.append(run.entries[places[is_here]])
            rows = rows[~is_here]
        if not found:
            return rows[:0], np.empty(0, dtype=ENTRY)
        all_rows, entries = np.concatenate(found_rows), np.concatenate(found)
        is_recent = entries["time"] >= not_before_us
        order = np.argsort(all_rows[is_recent])
        return all_rows[is_recent][order], entries[is_recent][order]

    @property
    def names(self) -> Names:
        return self._names

    def _give_up(self, not_before_us: int) -> None:
        """Keeps the newest entries, and the names that they need."""
        run = _merged(self._runs)
        times = run.entries["time"]
        keep = times >= not_before_us
        if int(keep.sum()) > self._limit:
            keep &= times >= np.partition(times, -self._limit)[-self._limit]
        self._runs = [_Run(run.keys[keep], run.entries[keep])]
        wanted = names_wanted(self._runs[0].entries, self._predicts_text)
        self._names = {word: self._names[word] for word in wanted}


def _merged(runs: list[_Run]) -> _Run:
    """One run of several, oldest first; each key once."""
    keys = np.concatenate([run.keys for run in runs])
    entries = np.concatenate([run.entries for run in runs])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    is_first = np.append(True, keys[1:] != keys[:-1])
    return _Run(keys[is_first], entries[order[is_first]])
