"""The samples of one monitor, from its counts in shared memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exporter import catalog
from exporter.batch import Booleans, Floats, Integers
from exporter.catalog import Metric
from exporter.expose.exposition import Samples
from exporter.expose.static_samples import static_samples
from exporter.expose.text import sample_prefix
from exporter.window.children import Child
from exporter.window.counts import Row
from exporter.window.layout import HistogramSection, LabelPairs, Section, Store, Table
from exporter.window.shared import SharedMonitor


@dataclass(frozen=True, slots=True)
class _Family:
    """The slots of one family in a row of counts, and the labels of each."""

    metric: Metric
    store: Store
    slots: Integers
    labels: tuple[LabelPairs, ...]


class MonitorSamples:
    """Label prefixes are made once for each set of children; a scrape only copies numbers.

    A child's series are exposed at 0 once before their counts show, or the increase of its first counts would be lost:
    Prometheus cannot see what happened before a series began.
    """

    def __init__(self, shared: SharedMonitor, sha256: str) -> None:
        self._shared = shared
        self._name = shared.monitor.name
        self._static = static_samples(shared, sha256)
        self._overall = _families(shared.layout.overall)
        self._model = _families(shared.layout.model)
        self._own: LabelPairs = (("monitor", self._name),)
        self._overall_prefixes = _Prefixes(shared.layout.overall, self._overall, [self._own])
        self._model_prefixes = _Prefixes(shared.layout.model, self._model, [])
        self._children = 0

    def collect(self) -> list[Samples]:
        """Every sample of the monitor now; children that were never shown are shown at 0 this time."""
        shared = self._shared
        children = shared.children.all()
        snapshot = shared.counts.snapshot(len(children))
        model = snapshot.model
        is_new = shared.children.shown[: len(children)] == 0
        if is_new.any():
            _hide(model, is_new)
            shared.children.shown[: len(children)] = 1
        if len(children) != self._children:
            self._children = len(children)
            labels = [(*self._own, *_child_labels(child)) for child in children]
            self._model_prefixes = _Prefixes(shared.layout.model, self._model, labels)
        overall = Row(snapshot.overall.integers[None], snapshot.overall.floats[None], snapshot.overall.maxima[None])
        samples = [
            *self._static,
            *self._samples(shared.layout.overall, self._overall, self._overall_prefixes, overall),
            *self._samples(shared.layout.model, self._model, self._model_prefixes, model),
        ]
        return [*samples, *self._budget(samples)]

    def series(self) -> int:
        """Series exposed at the last count of children."""
        return (
            sum(len(item.values) for item in self._static) + self._overall_prefixes.count + self._model_prefixes.count
        )

    def _samples(self, table: Table, families: Sequence[_Family], prefixes: _Prefixes, rows: Row) -> list[Samples]:
        found = [
            Samples(family.metric, self._name, prefixes.families[index], rows.of(family.store)[:, family.slots].ravel())
            for index, family in enumerate(families)
        ]
        found += [
            Samples(histogram.metric, self._name, prefixes.histograms[index], _histogram_values(histogram, rows))
            for index, histogram in enumerate(table.histograms)
        ]
        return found

    def _budget(self, samples: Sequence[Samples]) -> list[Samples]:
        """How many series there are, these two included."""
        count = sum(len(item.values) for item in samples) + 2
        limit = self._shared.monitor.spec.limits.series
        return [
            Samples(metric, self._name, (sample_prefix(metric.name, self._own),), np.array([value]))
            for metric, value in ((catalog.SERIES, count), (catalog.SERIES_LIMIT, limit))
        ]


class _Prefixes:
    """The prefixes of every family and histogram of a table, for rows with the given labels."""

    def __init__(self, table: Table, families: Sequence[_Family], rows: Sequence[LabelPairs]) -> None:
        self.families = [
            tuple(sample_prefix(family.metric.name, (*row, *labels)) for row in rows for labels in family.labels)
            for family in families
        ]
        self.histograms = [
            tuple(prefix for row in rows for prefix in _histogram_prefixes(histogram, row))
            for histogram in table.histograms
        ]
        self.count = sum(map(len, self.families)) + sum(map(len, self.histograms))


def _families(table: Table) -> list[_Family]:
    """The sections of a table, those of one family put together."""
    sections: dict[str, list[Section]] = {}
    for section in table.sections:
        sections.setdefault(section.metric.name, []).append(section)
    return [
        _Family(
            same[0].metric,
            same[0].store,
            np.concatenate([np.arange(section.start, section.stop) for section in same]),
            tuple(labels for section in same for labels in section.labels),
        )
        for same in sections.values()
    ]


def _histogram_prefixes(histogram: HistogramSection, row: LabelPairs) -> list[bytes]:
    name = histogram.metric.name
    edges = [*(repr(float(edge)) for edge in histogram.edges), "+Inf"]
    buckets = [sample_prefix(f"{name}_bucket", (*row, ("le", edge))) for edge in edges]
    return [*buckets, sample_prefix(f"{name}_sum", row), sample_prefix(f"{name}_count", row)]


def _histogram_values(histogram: HistogramSection, rows: Row) -> Floats:
    """float64[rows · (buckets + 2)]: cumulative buckets, sum, count."""
    cumulative = rows.integers[:, histogram.slots].cumsum(axis=1).astype(np.float64)
    values: Floats = np.column_stack([cumulative, rows.floats[:, histogram.sum_at], cumulative[:, -1]]).ravel()
    return values


def _child_labels(child: Child) -> LabelPairs:
    version = ("model_version", child.model_version)
    return (version,) if child.segment is None else (version, (catalog.SEGMENT, child.segment))


def _hide(rows: Row, is_new: Booleans) -> None:
    for part in (rows.integers, rows.floats):
        _zero(part, is_new)


def _zero(part: npt.NDArray[np.generic], rows: Booleans) -> None:
    part[rows] = 0
