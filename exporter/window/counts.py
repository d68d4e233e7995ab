"""The counts of one monitor in shared memory: each writing process has a slot of its own, a reader adds them up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exporter.batch import Floats, Integers
from exporter.window.layout import Layout
from exporter.window.memory import Shape, SharedMemory, published
from exporter.window.sections import Store

_READ_ATTEMPTS = 250
_READ_PAUSE_S = 0.001
"""A writer that the system has put aside in mid-write comes back well within all of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """The three arrays of a row, or of all rows with a leading axis."""

    integers: Integers
    floats: Floats
    maxima: Floats

    def of(self, store: Store) -> Integers | Floats:
        if store is Store.INTEGERS:
            return self.integers
        return self.floats if store is Store.FLOATS else self.maxima


@dataclass(frozen=True, slots=True)
class CountsSnapshot:
    """All slots added up: `overall`, and `model` with shape [children, slots]; `version` grows with every write."""

    overall: Row
    model: Row
    version: int


class Counts:
    """Typed views over the shared arrays."""

    def __init__(self, memory: SharedMemory) -> None:
        self._sequence: npt.NDArray[np.uint64] = memory["sequence"]
        self._overall = _views(memory, "overall")
        self._model = _views(memory, "model")

    @staticmethod
    def arrays(layout: Layout, slots: int) -> dict[str, tuple[npt.DTypeLike, Shape]]:
        """What `SharedMemory` must hold for `slots` writers."""
        arrays: dict[str, tuple[npt.DTypeLike, Shape]] = {"sequence": (np.uint64, (slots, 8))}
        for name, table, rows in (
            ("overall", layout.overall, 1),
            ("model", layout.model, layout.model_capacity + 1),
        ):
            for store in Store:
                dtype = np.int64 if store is Store.INTEGERS else np.float64
                arrays[f"{name}_{store}"] = (dtype, (slots, rows, table.sizes[store]))
        return arrays

    def writer(self, slot: int) -> CountsWriter:
        """The arrays of one slot, for the one process that writes there."""
        model = Row(self._model.integers[slot], self._model.floats[slot], self._model.maxima[slot])
        whole = self._overall
        overall = Row(whole.integers[slot, 0], whole.floats[slot, 0], whole.maxima[slot, 0])
        return CountsWriter(overall, model, self._sequence[slot])

    def version(self) -> int:
        """Grows with every write."""
        return int(self._sequence[:, 0].sum())

    def settle(self, slot: int) -> None:
        """Ends the write that a process left open when it died; what it had added stays."""
        if int(self._sequence[slot, 0]) % 2:
            self._sequence[slot, 0] += np.uint64(1)

    def snapshot(self, children: int) -> CountsSnapshot:
        """The sums over all slots of the first `children` rows; each slot as it was between two writes."""
        overall, model = _zeros(self._overall, 1), _zeros(self._model, children)
        version = 0
        for slot in np.flatnonzero(self._sequence[:, 0]):
            slot_overall, slot_model, sequence = self._read(int(slot), children)
            _merge(overall, slot_overall)
            _merge(model, slot_model)
            version += sequence
        return CountsSnapshot(Row(overall.integers[0], overall.floats[0], overall.maxima[0]), model, version)

    def _read(self, slot: int, children: int) -> tuple[Row, Row, int]:
        """A copy made while no write was under way; after many tries, as it is."""
        for _ in range(_READ_ATTEMPTS):
            before = int(self._sequence[slot, 0])
            overall, model = _copy(self._overall, slot, 1), _copy(self._model, slot, children)
            if before % 2 == 0 and before == int(self._sequence[slot, 0]):
                break
            time.sleep(_READ_PAUSE_S)
        return overall, model, before


@dataclass(frozen=True, slots=True)
class CountsWriter:
    """One process's slot. Writes go inside `batch()`, so that a reader sees all of a batch or nothing of it."""

    overall: Row
    model: Row
    _sequence: npt.NDArray[np.uint64]

    @contextmanager
    def batch(self) -> Iterator[None]:
        with published(self._sequence):
            yield


def add_by_child(column: Integers, children: Integers | npt.NDArray[np.int32], amount: int = 1) -> None:
    """Adds `amount` to a column of counts for each of these children, which may come any number of times."""
    counts = np.bincount(children)
    column[: len(counts)] += amount * counts


def _views(memory: SharedMemory, name: str) -> Row:
    return Row(*(memory[f"{name}_{store}"] for store in Store))


def _zeros(like: Row, rows: int) -> Row:
    return Row(
        np.zeros((rows, like.integers.shape[-1]), dtype=np.int64),
        np.zeros((rows, like.floats.shape[-1])),
        np.zeros((rows, like.maxima.shape[-1])),
    )


def _copy(views: Row, slot: int, rows: int) -> Row:
    return Row(views.integers[slot, :rows].copy(), views.floats[slot, :rows].copy(), views.maxima[slot, :rows].copy())


def _merge(into: Row, other: Row) -> None:
    into.integers.__iadd__(other.integers)
    into.floats.__iadd__(other.floats)
    np.maximum(into.maxima, other.maxima, out=into.maxima)
