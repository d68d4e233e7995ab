"""Adds a validated batch of predictions to the counts of a monitor."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from exporter.batch import ERROR, LATENCY, PREDICTION, TIMESTAMP, Batch, Booleans, Floats, Integers
from exporter.catalog import ANY_RULE, CATEGORY_PREFIX, OTHER_BIN
from exporter.reference.document import NumberReference
from exporter.validate import Validated
from exporter.window.binning import Groups, category_codes, count_codes, count_in_bins, group_by_child, moments
from exporter.window.counts import CountsWriter
from exporter.window.layout import FeatureSlots, HistogramSection, Layout, Section


class PredictionCounter:
    """Compiled for a layout; `count` adds a batch to one writer's arrays."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._features = [_FeatureCounter(slots, slots.name) for slots in layout.features]
        self._prediction = _FeatureCounter(layout.prediction, PREDICTION)
        self._error_reasons = pa.array(layout.error_reasons[:-1], type=pa.string())
        self._violation_slots = {
            (slots.name, rule): slot for slots in layout.features for rule, slot in slots.violations.items()
        }
        self._rule_slots = {rule: layout.invalid.start + index for index, rule in enumerate(layout.broken_rules)}

    def count(self, batch: Batch, validated: Validated, children: Integers, now: float, writer: CountsWriter) -> None:
        """Adds n rows, `children` (int64[n]) naming each one's row of the counts. The caller holds `writer.batch()`."""
        if len(batch) == 0:
            return
        self._count_violations(validated, children, writer.model.integers)
        order, groups = group_by_child(children)
        if order is not None:
            batch = _reordered(batch, order)
        for feature in (*self._features, self._prediction):
            invalid = validated.invalid.get(feature.column)
            feature.count(batch, invalid if invalid is None or order is None else invalid[order], groups, writer)
        self._count_rows(batch, groups, now, writer)

    def _count_rows(self, batch: Batch, groups: Groups, now: float, writer: CountsWriter) -> None:
        layout, timestamps = self._layout, batch.number(TIMESTAMP)
        lag = np.maximum(now - timestamps, 0.0)
        add_to_histogram(
            layout.lag, lag, [(0, slice(None))], writer.overall.integers[None], writer.overall.floats[None]
        )
        for child, rows in groups:
            writer.model.integers[child, layout.predictions.start] += rows.stop - rows.start
            newest = writer.model.maxima[child, layout.last_prediction.start :]
            newest[0] = max(newest[0], timestamps[rows].max())
        if layout.latency is not None:
            latency = batch.number(LATENCY)
            add_to_histogram(layout.latency, latency, groups, writer.model.integers, writer.model.floats)
        if batch.has(ERROR) and batch.column(ERROR).null_count < len(batch):
            codes = category_codes(batch.column(ERROR), self._error_reasons)
            counts = count_codes(codes, len(layout.error_reasons) + 1, groups)[:, :-1]
            _add(writer.model.integers, groups, layout.errors, counts)

    def _count_violations(self, validated: Validated, children: Integers, integers: Integers) -> None:
        for feature, rule, mask in validated.violations:
            _add_rows(integers, children[mask], self._violation_slots[feature, rule])
        for name, mask in validated.broken_rules.items():
            _add_rows(integers, children[mask], self._rule_slots[name])
        if validated.any_broken is not None:
            _add_rows(integers, children[validated.any_broken], self._rule_slots[ANY_RULE])


class _FeatureCounter:
    """Bins and moments of one feature."""

    def __init__(self, slots: FeatureSlots, column: str) -> None:
        self.slots = slots
        self.column = column
        reference = slots.reference
        self._is_number = slots.values is not None
        self._edges = np.array(reference.edges if isinstance(reference, NumberReference) else [], dtype=np.float64)
        self._center = reference.mean if isinstance(reference, NumberReference) else 0.0
        names = [dict(labels)["bin"] for labels in slots.bins.labels]
        categories = [] if self._is_number else names[: names.index(OTHER_BIN)]
        self._categories = pa.array([name.removeprefix(CATEGORY_PREFIX) for name in categories], type=pa.string())

    def count(self, batch: Batch, invalid: Booleans | None, groups: Groups, writer: CountsWriter) -> None:
        """Bins end with missing and invalid; an invalid value counts there and nowhere else."""
        if self._is_number:
            values = batch.number(self.column)
            if invalid is not None:
                values = np.where(invalid, np.nan, values)
            counts = count_in_bins(values, self._edges, groups)
            self._add_moments(values, groups, writer)
        else:
            codes = category_codes(batch.column(self.column), self._categories)
            if invalid is not None:
                codes = np.where(invalid, len(self._categories) + 1, codes)
            counts = count_codes(codes, len(self._categories) + 2, groups)
        bins = np.zeros((len(groups), counts.shape[1] + 1), dtype=np.int64)
        bins[:, :-1] = counts
        if invalid is not None:
            in_invalid = [int(np.count_nonzero(invalid[rows])) for _, rows in groups]
            bins[:, -1] = in_invalid
            bins[:, -2] -= in_invalid
        _add(writer.model.integers, groups, self.slots.bins, bins)

    def _add_moments(self, values: Floats, groups: Groups, writer: CountsWriter) -> None:
        slots = self.slots
        if slots.values is None or slots.sums is None or slots.squares is None:
            return
        for child, rows in groups:
            number, above, below, squares = moments(values[rows], self._center)
            writer.model.integers[child, slots.values] += number
            writer.model.floats[child, slots.sums] += above
            writer.model.floats[child, slots.sums + 1] += below
            writer.model.floats[child, slots.squares] += squares


def add_to_histogram(
    section: HistogramSection, values: Floats, groups: Groups, integers: Integers, floats: Floats
) -> None:
    """Adds values to a histogram; NaN and infinities are not observed."""
    counts = count_in_bins(np.where(np.isfinite(values), values, np.nan), np.array(section.edges), groups)
    for (child, rows), row in zip(groups, counts, strict=True):
        integers[child, section.slots] += row[:-1]
        floats[child, section.sum_at] += float(values[rows][np.isfinite(values[rows])].sum())


def _add(integers: Integers, groups: Groups, section: Section, counts: Integers) -> None:
    for (child, _), row in zip(groups, counts, strict=True):
        integers[child, section.slots] += row


def _add_rows(integers: Integers, children: Integers, slot: int) -> None:
    np.add.at(integers[:, slot], children, 1)


def _reordered(batch: Batch, order: Integers) -> Batch:
    mistyped: Mapping[str, Booleans] = {name: mask[order] for name, mask in batch.mistyped.items()}
    return Batch(batch.columns.take(pa.array(order)), batch.positions[order], mistyped)
