"""Everything about one loaded monitor that its processes share."""

from __future__ import annotations

import hashlib
import secrets

import msgspec

from exporter.catalog import MISSING_BIN, UNVERSIONED
from exporter.monitor.spec import CategoryFeature, Monitor
from exporter.reference.document import Reference
from exporter.window.assign import segment_label
from exporter.window.bucket_edges import label_delay_edges, lag_edges, latency_edges
from exporter.window.children import Child, Children
from exporter.window.counts import Counts
from exporter.window.fixed_bins import fixed_bins
from exporter.window.layout import Layout
from exporter.window.memory import SharedLock, SharedMemory
from exporter.window.prediction_log import SharedPredictionStore
from exporter.window.rate_limit import RateLimit

_WITHOUT_EFFECT: dict[str, bool | dict[str, bool]] = {
    **dict.fromkeys(("drift", "performance", "quality", "slos", "alerts", "privacy", "retention", "sources"), True),
    "limits": {"records_per_second": True},
}
"""Parts of a spec that change nothing of what is counted where, but for the bucket bounds that the SLOs ask for and
the bins that comparisons without a reference ask for."""


class SharedMonitor:
    """A monitor with its layout and its memory; built before the processes fork.

    slots : how many processes may write to it at once, those of a generation that is going and one that is coming.
    """

    def __init__(
        self, monitor: Monitor, reference: Reference | None, slots: int, predecessor: SharedMonitor | None = None
    ) -> None:
        """With a `predecessor` of the same counting digest, its memory goes on being used."""
        self.monitor = monitor
        self.reference = reference
        self.slots = slots
        self.layout = Layout(monitor, reference)
        spec = monitor.spec
        if predecessor is None:
            self._memory = SharedMemory(
                {
                    **Counts.arrays(self.layout, slots),
                    **Children.arrays(self.layout.model_capacity),
                    **SharedPredictionStore.arrays(spec.limits.remembered_predictions),
                }
            )
            self._lock = SharedLock()
            self.hash_seed = secrets.randbits(63)
        else:
            self._memory, self._lock, self.hash_seed = predecessor._memory, predecessor._lock, predecessor.hash_seed
        self.counts = Counts(self._memory)
        self.children = Children(self._memory, self._lock, spec.segments.limit if spec.segments else None)
        delay_s = spec.labels.maximum_delay.seconds if spec.labels else None
        self.store = SharedPredictionStore(self._memory, self._lock, delay_s, spec.events.horizon.seconds)
        rate = spec.limits.records_per_second
        self.rate_limit = RateLimit(monitor.name, rate) if rate is not None else None
        if predecessor is None:
            for child in expected_children(monitor):
                self.children.shown[self.children.row_of(child).row] = 1

    @property
    def counting_digest(self) -> str:
        """Changes with whatever decides what is counted where: monitors of one digest can share their memory."""
        return counting_digest(self.monitor, self.reference, self.slots)


def counting_digest(monitor: Monitor, reference: Reference | None, slots: int) -> str:
    """SHA-256 of what decides the layout and the meaning of the counts; thresholds and routes are not part of it."""
    spec = monitor.spec.model_dump(mode="json", exclude=_WITHOUT_EFFECT)
    fixed = fixed_bins(monitor) if reference is None else None
    bins = reference.sha256 if reference else fixed and fixed.label
    edges = (latency_edges(monitor), lag_edges(monitor), label_delay_edges(monitor))
    content = (monitor.name, spec, *edges, bins, slots)
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def expected_children(monitor: Monitor) -> list[Child]:
    """The model versions and segments that the monitor names, whose series start at 0 with the exporter."""
    spec = monitor.spec
    versions = [*spec.model.versions] if spec.events.model_version else [UNVERSIONED]
    if spec.segments is None:
        return [Child(version) for version in versions]
    combinations: list[dict[str, str]] = [{}]
    for name in spec.segments.by:
        feature = spec.features[name]
        values = feature.values if isinstance(feature, CategoryFeature) else []
        combinations = [{**known, name: value} for known in combinations for value in (*values, MISSING_BIN)]
    if len(combinations) > spec.segments.limit:
        return []
    return [Child(version, segment_label(values)) for version in versions for values in combinations]
