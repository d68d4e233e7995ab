"""Exact counts that carry what they mean, so that they add up wherever, and whenever, they were counted.

A profile outlives the monitor's file that it was made by. Each run of counts therefore keeps its labels and bounds, and
only runs of one form are added; where forms differ (another reference: other bins) the sum is *absent*, which is not 0:
whoever needs it counts the raw rows again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from exporter import catalog
from exporter.batch import Floats, Integers
from exporter.window.counts import Row
from exporter.window.label_columns import LabelPairs
from exporter.window.layout import Layout
from exporter.window.sections import HistogramSection, Section, Store

_OF_THE_PROCESS = frozenset(
    metric.name
    for metric in (
        catalog.LAST_PREDICTION_TIMESTAMP,
        catalog.DUPLICATE_RECORDS,
        catalog.LABELS_PENDING,
        catalog.LABELS_EXPIRED,
    )
)
"""Families that tell what a running exporter did, and nothing of a window."""

FamilyKey = tuple[str, str]
"""The family's name, and the feature, empty where the family is not of features; a histogram's sum is `<name>_sum`."""


@dataclass(frozen=True, slots=True)
class FamilyForm:
    """What the numbers of a family mean.

    labels : of each number, those of the model version and segment left out.
    bounds : what decides where a value counts and is not told by the labels: bucket bounds, edges of scores, threshold.
    """

    metric: str
    feature: str
    labels: tuple[LabelPairs, ...]
    bounds: tuple[float, ...] = ()

    @property
    def key(self) -> FamilyKey:
        return self.metric, self.feature


@dataclass(frozen=True, slots=True, eq=False)
class FamilyCounts:
    """Numbers of one form: int64[n] counts, exact, or float64[n] sums, exact up to rounding."""

    form: FamilyForm
    values: Integers | Floats

    def merge(self, other: FamilyCounts) -> FamilyCounts | None:
        """The sum of both; None where they do not mean the same."""
        return FamilyCounts(self.form, self.values + other.values) if self.form == other.form else None


Families = Mapping[FamilyKey, FamilyCounts | None]
"""None: absent."""


def merge_families(left: Families, right: Families) -> Families:
    """Both added up; what is absent on one side stays absent, what one side does not know is the other's."""
    merged = dict(left)
    for key, family in right.items():
        if key in left:
            known = left[key]
            merged[key] = None if known is None or family is None else known.merge(family)
        else:
            merged[key] = family
    return merged


class FamilyTable:
    """The forms of a layout, and where their numbers stand in a row of counts."""

    def __init__(self, layout: Layout) -> None:
        self._runs = tuple(_runs_of(layout))

    def families(self, row: Row) -> dict[FamilyKey, FamilyCounts | None]:
        """The numbers of one model version (and segment), copied."""
        return {form.key: FamilyCounts(form, row.of(store)[slots].copy()) for form, store, slots in self._runs}


_Run = tuple[FamilyForm, Store, slice]


def _runs_of(layout: Layout) -> Iterator[_Run]:
    bounds: dict[str, tuple[float, ...]] = {}
    if layout.outcomes is not None and layout.outcomes.scores is not None:
        bounds[catalog.OUTCOMES.name] = (layout.monitor.spec.model.threshold,)
        bounds[catalog.SCORE_BIN.name] = bounds[catalog.SCORE_BIN_SCORE_SUM.name] = layout.outcomes.scores.edges
    for section in layout.model.sections:
        if section.metric.name not in _OF_THE_PROCESS and section.labels:
            yield _run(section, bounds.get(section.metric.name, ()))
    for histogram in layout.model.histograms:
        yield from _histogram_runs(histogram)


def _run(section: Section, bounds: tuple[float, ...]) -> _Run:
    labels = tuple(section.labels)
    form = FamilyForm(section.metric.name, dict(labels[0]).get("feature", ""), labels, bounds)
    return form, section.store, section.slots


def _histogram_runs(histogram: HistogramSection) -> Iterator[_Run]:
    """Buckets that do not accumulate, the last above all bounds; and the sum."""
    name, bounds = histogram.metric.name, (*histogram.edges, np.inf)
    buckets: tuple[LabelPairs, ...] = tuple((("le", repr(float(bound))),) for bound in bounds)
    yield FamilyForm(name, "", buckets, histogram.edges), Store.INTEGERS, histogram.slots
    yield FamilyForm(f"{name}_sum", "", ((),)), Store.FLOATS, slice(histogram.sum_at, histogram.sum_at + 1)
