"""Counts in a process's own memory, for rows that are counted again: the same counters, nobody to share them with."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from exporter.catalog import OTHER
from exporter.window.children import Allocation, Child, rest_of
from exporter.window.counts import CountsWriter, Row
from exporter.window.layout import Layout
from exporter.window.sections import Store, Table
from exporter.window.shared import expected_children


class LocalChildren:
    """Gives rows to model versions and segments as they come, within the limits that the exporter keeps.

    known : those that had a row before, so that the limits send the same ones to `__other__`.
    """

    def __init__(self, layout: Layout, known: Iterable[Child] = ()) -> None:
        segments = layout.monitor.spec.segments
        self._segment_limit = segments.limit if segments else 0
        self._capacity = layout.model_capacity
        self._rows: dict[Child, int] = {}
        for child in (*expected_children(layout.monitor), *known):
            self.row_of(child)

    def __len__(self) -> int:
        return len(self._rows)

    def all(self) -> tuple[Child, ...]:
        """Every child so far, by row."""
        return tuple(self._rows)

    def row_of(self, child: Child) -> Allocation:
        """The child's row, or that of the rest when a limit is reached."""
        if child in self._rows:
            return Allocation(self._rows[child])
        if self._is_full() and (rest := self._rows.get(rest_of(child))) is not None:
            return Allocation(rest, "series_limit")
        if child.segment is not None and self._segments_are_spent(child):
            return Allocation(self._row(Child(child.model_version, OTHER)), "segment_limit")
        row = self._row(child)
        return Allocation(row, "" if self._rows.get(child) == row else "series_limit")

    def _is_full(self) -> bool:
        return len(self._rows) >= self._capacity

    def _segments_are_spent(self, child: Child) -> bool:
        segments = {known.segment for known in self._rows} - {OTHER}
        return child.segment not in segments and len(segments) >= self._segment_limit

    def _row(self, child: Child) -> int:
        if child not in self._rows and self._is_full():
            child = rest_of(child)
        return self._rows.setdefault(child, len(self._rows))


class LocalCounts:
    """Arrays of counts that grow with the rows that are asked for."""

    def __init__(self, layout: Layout, rows: int) -> None:
        self._layout = layout
        self.writer = self._writer(_zeros(layout.model, max(rows, 1)))

    def fit(self, rows: int) -> None:
        """Makes room for so many rows; what was counted stays."""
        model = self.writer.model
        if rows > len(model.integers):
            larger = _zeros(self._layout.model, max(rows, 2 * len(model.integers)))
            for store in Store:
                larger.of(store)[: len(model.integers)] = model.of(store)
            self.writer = self._writer(larger)

    def row(self, index: int) -> Row:
        model = self.writer.model
        return Row(model.integers[index], model.floats[index], model.maxima[index])

    def _writer(self, model: Row) -> CountsWriter:
        overall = _zeros(self._layout.overall, 1)
        sequence: npt.NDArray[np.uint64] = np.zeros(1, dtype=np.uint64)
        return CountsWriter(Row(overall.integers[0], overall.floats[0], overall.maxima[0]), model, sequence)


def _zeros(table: Table, rows: int) -> Row:
    sizes = table.sizes
    return Row(
        np.zeros((rows, sizes[Store.INTEGERS]), dtype=np.int64),
        np.zeros((rows, sizes[Store.FLOATS])),
        np.zeros((rows, sizes[Store.MAXIMA])),
    )
