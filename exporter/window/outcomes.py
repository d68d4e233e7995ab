"""Adds labelled predictions to the counts: outcomes, score bins, errors and losses, by the task of the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from exporter.batch import Floats, Integers
from exporter.window.binning import category_codes, group_by_child
from exporter.window.counts import CountsWriter, add_by_child
from exporter.window.layout import Layout
from exporter.window.observe import add_to_histogram
from exporter.window.outcome_slots import ErrorSlots, OutcomeSlots, ScoreSlots
from exporter.window.sections import Section

_SMALLEST_PROBABILITY = float(np.finfo(np.float64).eps)


class OutcomeCounter:
    """Compiled for a layout of a monitor with labels.

    A prediction or a label is carried as one float: a score or number as it is, a class as its index in `classes`.
    """

    def __init__(self, layout: Layout, slots: OutcomeSlots) -> None:
        self._slots = slots
        self._task = layout.monitor.spec.model.task
        self._threshold = layout.monitor.spec.model.threshold
        self._score_edges = np.array(slots.scores.edges if slots.scores else (), dtype=np.float64)
        self._classes = pa.array(slots.classes[:-1], type=pa.string())

    def as_numbers(self, column: Any) -> Floats:
        """float64[n] of a column of predictions or labels; a class that is not known counts as the last one."""
        if self._task != "multiclass":
            numbers: Floats = column.to_numpy(zero_copy_only=True)
            return numbers
        return np.minimum(category_codes(column, self._classes), len(self._classes)).astype(np.float64)

    def count(
        self, predictions: Floats, labels: Floats, delays_s: Floats, children: Integers, writer: CountsWriter
    ) -> None:
        """Adds n labelled predictions. The caller holds `writer.batch()`."""
        if len(predictions) == 0:
            return
        slots, model = self._slots, writer.model
        add_by_child(model.integers[:, slots.labels], children)
        add_by_child(model.integers[:, slots.pending], children, -1)
        order, groups = group_by_child(children)
        delays_s = np.maximum(delays_s if order is None else delays_s[order], 0.0)
        add_to_histogram(slots.delay, delays_s, groups, model.integers, model.floats)
        if slots.errors is not None:
            _count_errors(slots.errors, predictions - labels, children, model.floats)
        if slots.outcomes is not None:
            self._count_outcomes(slots.outcomes, predictions, labels.astype(np.int64), children, writer)

    def _count_outcomes(
        self, outcomes: Section, predictions: Floats, actual: Integers, children: Integers, writer: CountsWriter
    ) -> None:
        scores = self._slots.scores
        if scores is not None:
            self._count_scores(scores, predictions, actual, children, writer)
        predicted = predictions if scores is None else predictions >= self._threshold
        slot = outcomes.start + actual * len(self._slots.classes) + predicted.astype(np.int64)
        np.add.at(writer.model.integers, (children, slot), 1)

    def _count_scores(
        self, slots: ScoreSlots, scores: Floats, actual: Integers, children: Integers, writer: CountsWriter
    ) -> None:
        model = writer.model
        bins = actual * (len(self._score_edges) + 1) + np.searchsorted(self._score_edges, scores, side="left")
        np.add.at(model.integers, (children, slots.bins.start + bins), 1)
        np.add.at(model.floats, (children, slots.sums.start + bins), scores)
        likely = np.clip(np.where(actual == 1, scores, 1.0 - scores), _SMALLEST_PROBABILITY, 1.0)
        losses = -np.log(likely), (scores - actual) ** 2
        for offset, values in enumerate((*losses, *(loss**2 for loss in losses))):
            np.add.at(model.floats[:, slots.losses + offset], children, values)


def _count_errors(slots: ErrorSlots, errors: Floats, children: Integers, floats: Floats) -> None:
    for offset, values in enumerate((np.abs(errors), errors**2, errors**4)):
        np.add.at(floats[:, slots.powers + offset], children, values)
    np.add.at(floats[:, slots.signed], children, np.maximum(errors, 0.0))
    np.add.at(floats[:, slots.signed + 1], children, np.maximum(-errors, 0.0))
