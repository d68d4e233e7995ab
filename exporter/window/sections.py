"""Runs of slots in the arrays of counts, each the series of one family, laid one after the other.

A row of counts is three arrays: integers and floats, which add up over processes, and maxima, of which the largest
counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from exporter.catalog import Metric
from exporter.window.label_columns import LabelPairs

SIGNS = ("positive", "negative")
"""Sums above and below zero stand apart, so that neither ever falls."""


class Store(StrEnum):
    """The array that a section stands in."""

    INTEGERS = "integers"
    FLOATS = "floats"
    MAXIMA = "maxima"


@dataclass(frozen=True, slots=True)
class Section:
    """Slots `start` to `stop` of one family; `labels` holds, for each slot, the labels after the model's own."""

    metric: Metric
    labels: Sequence[LabelPairs]
    store: Store
    start: int

    @property
    def stop(self) -> int:
        return self.start + len(self.labels)

    @property
    def slots(self) -> slice:
        return slice(self.start, self.stop)


@dataclass(frozen=True, slots=True)
class HistogramSection:
    """A histogram: len(edges) + 1 integers that do not accumulate, and one float for the sum."""

    metric: Metric
    edges: tuple[float, ...]
    start: int
    sum_at: int

    @property
    def slots(self) -> slice:
        return slice(self.start, self.start + len(self.edges) + 1)


class Table:
    """The sections of one row, and the sizes of its arrays."""

    def __init__(self) -> None:
        self.sections: list[Section] = []
        self.histograms: list[HistogramSection] = []
        self.sizes: dict[Store, int] = dict.fromkeys(Store, 0)

    def add(self, metric: Metric, labels: Sequence[LabelPairs] = ((),), store: Store = Store.INTEGERS) -> Section:
        section = Section(metric, labels, store, self.sizes[store])
        self.sizes[store] = section.stop
        self.sections.append(section)
        return section

    def add_histogram(self, metric: Metric, edges: Sequence[float]) -> HistogramSection:
        section = HistogramSection(metric, tuple(edges), self.sizes[Store.INTEGERS], self.sizes[Store.FLOATS])
        self.sizes[Store.INTEGERS] += len(edges) + 1
        self.sizes[Store.FLOATS] += 1
        self.histograms.append(section)
        return section

    @property
    def series(self) -> int:
        """Series that one row exposes."""
        return sum(len(section.labels) for section in self.sections) + sum(
            len(histogram.edges) + 3 for histogram in self.histograms
        )
