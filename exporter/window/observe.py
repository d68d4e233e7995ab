"""Adds a validated batch of predictions to the counts of a monitor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from exporter.batch import ERROR, LATENCY, PREDICTION, TIMESTAMP, Batch, Booleans, Floats, Integers
from exporter.catalog import ANY_RULE, CATEGORY_PREFIX, OTHER_BIN
from exporter.validate import Validated
from exporter.window.binning import Groups, category_codes, count_codes, count_in_bins, group_by_child
from exporter.window.counts import CountsWriter, add_by_child
from exporter.window.layout import FeatureSlots, Layout
from exporter.window.number_counts import NumberCounter
from exporter.window.sections import HistogramSection, Section


class PredictionCounter:
    """Compiled for a layout; `count` adds a batch to one writer's arrays."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        slots_of = {slots.name: slots for slots in layout.features} | {PREDICTION: layout.prediction}
        numbers = {column: slots for column, slots in slots_of.items() if slots.values is not None}
        self._number_columns = list(numbers)
        self._numbers = NumberCounter(list(numbers.values()))
        self._categories = {
            column: _CategoryCounter(slots) for column, slots in slots_of.items() if column not in numbers
        }
        self._last_bin = {column: slots.bins.stop - 1 for column, slots in slots_of.items()}
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
        invalid = validated.invalid
        if order is not None:
            batch = _reordered(batch, order)
            invalid = {column: mask[order] for column, mask in invalid.items()}
        self._count_values(batch, invalid, groups, writer)
        self._count_rows(batch, groups, now, writer)

    def _count_values(
        self, batch: Batch, invalid: Mapping[str, Booleans], groups: Groups, writer: CountsWriter
    ) -> None:
        """Bins end with missing and invalid; an invalid value counts there and nowhere else."""
        integers = writer.model.integers
        numbers = [_without(batch.number(column), invalid.get(column)) for column in self._number_columns]
        self._numbers.count(numbers, groups, writer)
        for column, category in self._categories.items():
            category.count(batch.column(column), invalid.get(column), groups, integers)
        for column, mask in invalid.items():
            last = self._last_bin[column]
            for child, rows in groups:
                count = np.count_nonzero(mask[rows])
                integers[child, last - 1] -= count
                integers[child, last] += count

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


class _CategoryCounter:
    """Bins of one category."""

    def __init__(self, slots: FeatureSlots) -> None:
        names = [dict(labels)["bin"] for labels in slots.bins.labels]
        values = names[: names.index(OTHER_BIN)]
        self._values = pa.array([name.removeprefix(CATEGORY_PREFIX) for name in values], type=pa.string())
        self._bins = slice(slots.bins.start, slots.bins.stop - 1)

    def count(self, column: Any, invalid: Booleans | None, groups: Groups, integers: Integers) -> None:
        """Adds n values in the order of the groups; an invalid one counts as missing."""
        codes = category_codes(column, self._values)
        if invalid is not None:
            codes = np.where(invalid, len(self._values) + 1, codes)
        for (child, _), row in zip(groups, count_codes(codes, len(self._values) + 2, groups), strict=True):
            integers[child, self._bins] += row


def add_to_histogram(
    section: HistogramSection, values: Floats, groups: Groups, integers: Integers, floats: Floats
) -> None:
    """Adds values to a histogram; NaN and infinities are not observed."""
    is_finite = np.isfinite(values)
    total_of: Callable[[Floats], np.float64] = np.sum
    if not is_finite.all():
        values, total_of = np.where(is_finite, values, np.nan), np.nansum
    counts = count_in_bins(values, np.array(section.edges), groups)
    for (child, rows), row in zip(groups, counts, strict=True):
        integers[child, section.slots] += row[:-1]
        floats[child, section.sum_at] += total_of(values[rows])


def _without(values: Floats, rows: Booleans | None) -> Floats:
    """The values, those of these rows missing."""
    return values if rows is None else np.where(rows, np.nan, values)


def _add(integers: Integers, groups: Groups, section: Section, counts: Integers) -> None:
    for (child, _), row in zip(groups, counts, strict=True):
        integers[child, section.slots] += row


def _add_rows(integers: Integers, children: Integers, slot: int) -> None:
    add_by_child(integers[:, slot], children)


def _reordered(batch: Batch, order: Integers) -> Batch:
    mistyped: Mapping[str, Booleans] = {name: mask[order] for name, mask in batch.mistyped.items()}
    return Batch(batch.columns.take(pa.array(order)), batch.positions[order], mistyped)
