"""Counts of a stretch of time, step by step, from rows in any order."""

from __future__ import annotations

from typing import Any

import numpy as np

from exporter.archive.warm.tier import Span
from exporter.batch import TIMESTAMP, Floats, Integers
from exporter.window.assign import ChildAssigner
from exporter.window.children import Child
from exporter.window.counts import Row
from exporter.window.layout import Layout
from exporter.window.local_counts import LocalChildren, LocalCounts
from exporter.window.recounted import Recounted, RowCounter
from exporter.window.sections import Store


class StepCounts:
    """Cumulative counts over the steps of one stretch after the other; each child and step has a row of counts."""

    def __init__(self, layout: Layout, step_s: int) -> None:
        self._layout = layout
        self._step_s = step_s
        self._children = LocalChildren(layout)
        self._assigner = ChildAssigner(layout.monitor, self._children)
        self._counter = RowCounter(layout)
        self._span = Span(0, 0)
        self._steps = 0
        self._counts = LocalCounts(layout, 0)
        self._before = LocalCounts(layout, len(self._children))

    @property
    def children(self) -> tuple[Child, ...]:
        """Every model version (and segment) so far."""
        return self._children.all()

    def begin(self, span: Span) -> None:
        """Goes on to a stretch, which begins where the last one ended."""
        self._span = span
        self._steps = round((span.end - span.start) / self._step_s)
        self._counts = LocalCounts(self._layout, len(self._children) * self._steps)

    def add_predictions(self, recounted: Recounted) -> None:
        """Counts predictions in the step in which they were made."""
        if len(recounted.batch):
            rows = self._rows(recounted, recounted.batch.number(TIMESTAMP))
            self._counter.count_predictions(recounted, rows, self._counts.writer)

    def add_outcomes(self, recounted: Recounted, known_at: Floats) -> None:
        """Counts labelled predictions in the step in which prediction and label were both known, float64[n]."""
        if len(recounted.batch):
            rows = self._rows(recounted, known_at)[recounted.labels.rows]
            self._counter.count_outcomes(recounted.batch, recounted.labels, rows, self._counts.writer)

    def end(self) -> Row:
        """Counts at the start of the stretch and after each step: [children, steps + 1, slots].

        The last of them is where the next stretch begins.
        """
        children = len(self._children)
        self._counts.fit(children * self._steps)
        self._before.fit(children)
        totals = Row(*(self._cumulative(store, children) for store in Store))
        for store in Store:
            self._before.writer.model.of(store)[:children] = totals.of(store)[:, -1]
        return totals

    def _rows(self, recounted: Recounted, times: Floats) -> Integers:
        children = self._assigner.assign(recounted.batch).children
        self._counts.fit(len(self._children) * self._steps)
        steps = ((times - self._span.start) / self._step_s).astype(np.int64)
        return children * self._steps + np.clip(steps, 0, self._steps - 1)

    def _cumulative(self, store: Store, children: int) -> Any:
        before = self._before.writer.model.of(store)[:children, None]
        counted = self._counts.writer.model.of(store)[: children * self._steps]
        by_step = np.concatenate([before, counted.reshape(children, self._steps, counted.shape[-1])], axis=1)
        add = np.maximum if store is Store.MAXIMA else np.add
        return add.accumulate(by_step, axis=1)
