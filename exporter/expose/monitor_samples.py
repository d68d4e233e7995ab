"""The samples of one monitor, from its counts in shared memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from exporter import catalog
from exporter.batch import Booleans
from exporter.expose.audience import Arrival, Audience
from exporter.expose.families import FamilySamples, HistogramSamples, Samples
from exporter.expose.family_slots import FamilySlots, child_labels, family_slots
from exporter.expose.static_samples import static_samples
from exporter.window.counts import Row
from exporter.window.label_columns import LabelPairs
from exporter.window.sections import Table
from exporter.window.shared import SharedMonitor

Heads = tuple[LabelPairs, ...]


class MonitorSamples:
    """Labels are put together once for each set of children; a scrape only copies numbers.

    A child's series are at 0 until every Prometheus has scraped them so once, or the increase of its first counts
    would be lost: Prometheus cannot see what happened before a series began.
    """

    def __init__(self, shared: SharedMonitor, sha256: str, audience: Audience) -> None:
        self._shared = shared
        self._audience = audience
        self._arrivals: dict[int, Arrival] = {}
        self._name = shared.monitor.name
        self._static = static_samples(shared, sha256)
        self._overall = family_slots(shared.layout.overall.sections)
        self._model = family_slots(shared.layout.model.sections)
        self._own: LabelPairs = (("monitor", self._name),)
        self._heads: Heads = ()

    def collect(self) -> list[FamilySamples]:
        """Every sample of the monitor, as the reader who last entered the audience sees it."""
        shared = self._shared
        children = shared.children.all()
        snapshot = shared.counts.snapshot(len(children))
        shown = shared.children.shown[: len(children)]
        if not shown.all():
            self._release(shown)
            _hide(snapshot.model, shown == 0)
        if len(children) != len(self._heads):
            self._heads = tuple((*self._own, *child_labels(child)) for child in children)
        overall = Row(snapshot.overall.integers[None], snapshot.overall.floats[None], snapshot.overall.maxima[None])
        samples = [
            *self._static,
            *self._counted(shared.layout.overall, self._overall, (self._own,), overall),
            *self._counted(shared.layout.model, self._model, self._heads, snapshot.model),
        ]
        return [*samples, *self._budget()]

    def series(self) -> int:
        """Series that the next scrape exposes."""
        layout = self._shared.layout
        static = sum(samples.values.size for samples in self._static)
        return static + layout.overall.series + len(self._shared.children) * layout.model.series + 2

    def _release(self, shown: npt.NDArray[np.uint8]) -> None:
        """Marks the children that everybody has seen at 0."""
        for row in np.flatnonzero(shown == 0).tolist():
            arrival = self._arrivals.setdefault(row, self._audience.arrival())
            if self._audience.has_seen(arrival):
                shown[row] = 1
                del self._arrivals[row]

    def _counted(self, table: Table, families: Sequence[FamilySlots], heads: Heads, rows: Row) -> list[FamilySamples]:
        found: list[FamilySamples] = [
            Samples(family.metric, self._name, heads, family.tails, rows.of(family.store)[:, family.slots])
            for family in families
        ]
        for histogram in table.histograms:
            counts, sums = rows.integers[:, histogram.slots], rows.floats[:, histogram.sum_at]
            found.append(HistogramSamples(histogram.metric, self._name, heads, histogram.edges, counts, sums))
        return found

    def _budget(self) -> list[Samples]:
        values = ((catalog.SERIES, self.series()), (catalog.SERIES_LIMIT, self._shared.monitor.spec.limits.series))
        return [
            Samples(metric, self._name, (self._own,), ((),), np.array([value], dtype=np.int64))
            for metric, value in values
        ]


def _hide(rows: Row, is_new: Booleans) -> None:
    parts: tuple[npt.NDArray[Any], ...] = (rows.integers, rows.floats)
    for part in parts:
        part[is_new] = 0
