"""The series of a monitor as OpenMetrics text, sampled at the steps of a stretch of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from exporter import catalog
from exporter.catalog import Metric
from exporter.expose.block import make_template
from exporter.expose.families import FamilySamples, HistogramSamples, LabelPairs, Samples
from exporter.expose.family_slots import child_labels, family_slots
from exporter.expose.formats import ExpositionFormat, header
from exporter.expose.labels import LabelWriter
from exporter.expose.registry import END_OF_OPENMETRICS
from exporter.window.children import Child
from exporter.window.counts import Row
from exporter.window.family_counts import FamilyKey
from exporter.window.layout import Layout
from exporter.window.sections import HistogramSection, Section

STATIC_EVERY_S = 240
"""A series that does not change is still seen five minutes after a sample."""

_NOT_REBUILT = frozenset(
    metric.name for metric in (catalog.DUPLICATE_RECORDS, catalog.LABELS_PENDING, catalog.LABELS_EXPIRED)
)
"""They tell what a running exporter did with what came to it."""


class SeriesWriter:
    """Compiled for a layout.

    static : samples that do not change, such as those of the reference.
    target : the labels that a scrape would add, `job` and `instance`.
    absent : families that cannot be counted from the archive.
    every_s: from one sample to the next of what does not change.
    only   : the families that are wanted; all of them where it is None.
    """

    def __init__(
        self,
        layout: Layout,
        static: Sequence[Samples],
        target: LabelPairs,
        absent: Iterable[FamilyKey] = (),
        every_s: int = STATIC_EVERY_S,
        only: frozenset[str] | None = None,
    ) -> None:
        self._monitor = layout.monitor.name
        self._target = target
        self._every_s = every_s

        def is_wanted(metric: Metric) -> bool:
            return only is None or metric.name in only

        known = [samples for samples in static if samples.values.size and is_wanted(samples.metric)]
        self._static = [replace(samples, heads=(target,)) for samples in known]
        counted = _counted_sections(layout, frozenset(absent))
        self._families = family_slots(section for section in counted if is_wanted(section.metric))
        self._histograms = [each for each in layout.model.histograms if is_wanted(each.metric)]
        self._labels = LabelWriter()
        self.samples = 0
        """Written so far."""

    def write(
        self, children: Sequence[Child], totals: Row, times: Sequence[int], write: Callable[[bytes], object]
    ) -> None:
        """Writes a sample of each series at each time; totals: [children, times, slots]."""
        heads = tuple((*self._target, ("monitor", self._monitor), *child_labels(child)) for child in children)
        steps = range(len(times))
        for samples in self._static:
            every = max(1, self._every_s // (times[1] - times[0])) if len(times) > 1 else 1
            at = [step for step in steps if step % every == 0 or step == len(times) - 1]
            self._write_family([(times[step], samples) for step in at], write)
        for family in self._families:
            values = totals.of(family.store)[:, :, family.slots]
            of_step = [Samples(family.metric, self._monitor, heads, family.tails, values[:, step]) for step in steps]
            self._write_family(zip(times, of_step, strict=True), write)
        for histogram in self._histograms:
            parts = [self._histogram(histogram, heads, totals, step) for step in steps]
            self._write_family(zip(times, parts, strict=True), write)
        write(END_OF_OPENMETRICS)

    def _write_family(self, sampled: Iterable[tuple[int, FamilySamples]], write: Callable[[bytes], object]) -> None:
        template = b""
        for time, samples in sampled:
            if not template:
                template = make_template(samples, self._labels)
                write(header(samples.metric, ExpositionFormat.OPENMETRICS))
            texts = samples.value_texts()
            self.samples += len(texts)
            write(template.replace(b" %b\n", b" %%b %d\n" % time) % tuple(texts))

    def _histogram(
        self, histogram: HistogramSection, heads: tuple[LabelPairs, ...], totals: Row, step: int
    ) -> HistogramSamples:
        counts, sums = totals.integers[:, step, histogram.slots], totals.floats[:, step, histogram.sum_at]
        return HistogramSamples(histogram.metric, self._monitor, heads, histogram.edges, counts, sums)


def _counted_sections(layout: Layout, absent: frozenset[FamilyKey]) -> Iterator[Section]:
    for section in layout.model.sections:
        feature = dict(section.labels[0]).get("feature", "") if section.labels else ""
        if section.metric.name not in _NOT_REBUILT and (section.metric.name, feature) not in absent:
            yield section
