"""The series that a monitor will expose, put together by the exporter's own code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter import catalog
from exporter.expose.audience import Audience
from exporter.expose.monitor_samples import MonitorSamples
from exporter.monitor.load import LoadedMonitor
from exporter.monitor.spec import CategoryFeature, Monitor
from exporter.reference.document import Reference
from exporter.window.children import Child
from exporter.window.shared import SharedMonitor, expected_children
from rules.label_sets import indexed
from rules.label_vectors import LabelSet

JOB = "infranaut"

_SCRAPE_SERIES = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
"""What Prometheus itself writes for each target."""


@dataclass(frozen=True, slots=True)
class PlannedFleet:
    """How many exporters expose each series, of how many model versions they have seen rows, and how many series of
    others each selector of an OpenSLO query finds."""

    replicas: int = 1
    versions: int = 1
    queried_series: int = 1

    @property
    def targets(self) -> list[LabelSet]:
        return [
            frozenset({("job", JOB), ("instance", f"exporter-{number}:9750")}) for number in range(1, self.replicas + 1)
        ]


def exposed_series(
    loaded: LoadedMonitor, reference: Reference | None, fleet: PlannedFleet
) -> dict[str, list[LabelSet]]:
    """Every series of the monitor by name, as Prometheus will have them."""
    shared = SharedMonitor(loaded.monitor, reference, slots=1)
    for child in _children(loaded.monitor, fleet.versions):
        shared.children.row_of(child)
    collected = MonitorSamples(shared, loaded.sha256, Audience()).collect()
    targets = fleet.targets
    found: dict[str, dict[LabelSet, None]] = defaultdict(dict)
    for samples in collected:
        owners = [target | frozenset(head) for head in samples.heads for target in targets]
        tails: dict[str, list[LabelSet]] = defaultdict(list)
        for suffix, tail in samples.lines():
            tails[suffix].append(frozenset(tail))
        for suffix, sets in tails.items():
            found[f"{samples.metric.name}{suffix}"] |= dict.fromkeys(
                [owner | tail for owner in owners for tail in sets]
            )
    return {name: list(sets) for name, sets in found.items()}


def child_count(monitor: Monitor, versions: int) -> int:
    """Model versions times segments that are reckoned with."""
    return sum(1 for _ in _children(monitor, versions))


def exporter_series(fleet: PlannedFleet) -> dict[str, list[LabelSet]]:
    """What belongs to no monitor, as far as rules read it: Prometheus' own series of a scrape, and unlabelled ones."""
    own = [metric.name for metric in catalog.CATALOG if not metric.labels] + [catalog.BUILD_INFO.name]
    return indexed((name, target) for name in (*_SCRAPE_SERIES, *own) for target in fleet.targets)


def _children(monitor: Monitor, versions: int) -> Iterator[Child]:
    """The declared versions, and more up to the number asked for; of each the segments that there may be."""
    spec = monitor.spec
    named = list(spec.model.versions) if spec.events.model_version else [catalog.UNVERSIONED]
    if spec.events.model_version:
        named += [f"version-{number}" for number in range(len(named) + 1, versions + 1)]
    for version in named:
        if spec.segments is None:
            yield Child(version)
        else:
            for segment in _segments(monitor):
                yield Child(version, segment)


def _segments(monitor: Monitor) -> Sequence[str]:
    """Those that the file names; where a segment's values are open, or too many, as many as the limit allows."""
    segments = monitor.spec.segments
    if segments is None:
        return ()
    features = [monitor.spec.features[name] for name in segments.by]
    is_closed = all(isinstance(feature, CategoryFeature) and feature.values for feature in features)
    known = list(dict.fromkeys(child.segment for child in expected_children(monitor) if child.segment is not None))
    if is_closed and known:
        return known
    return [*(f"segment-{number}" for number in range(1, segments.limit + 1)), catalog.OTHER]
