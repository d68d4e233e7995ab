"""The reference that a plan reckons with: the built one, or bins as many as the monitor's file allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.monitor.load import LoadedMonitor
from exporter.monitor.spec import CategoryFeature, Feature, Monitor
from exporter.reference.document import CategoryReference, FeatureReference, NumberReference, Reference, seal
from exporter.reference.quantile_bins import SCORE_BINS
from exporter.reference.use import load_reference_of


@dataclass(frozen=True, slots=True)
class PlannedMonitor:
    """A monitor with the reference that is reckoned with; `is_assumed` where that is not a built one."""

    loaded: LoadedMonitor
    reference: Reference | None
    is_assumed: bool = False

    @property
    def monitor(self) -> Monitor:
        return self.loaded.monitor


def with_reference(loaded: LoadedMonitor, elsewhere: Path | None = None) -> PlannedMonitor:
    """With the built reference beside the monitor's file, or beside that file `elsewhere`, or with an assumed one.

    InvalidReference when a reference is there and does not fit.
    """
    if loaded.monitor.spec.reference is None:
        return PlannedMonitor(loaded, None)
    for path in (loaded.path, elsewhere):
        if path is not None and path.parent.is_dir():
            found = load_reference_of(replace(loaded, path=path)).reference
            if found is not None:
                return PlannedMonitor(loaded, found)
    return PlannedMonitor(loaded, assumed_reference(loaded.monitor), is_assumed=True)


def assumed_reference(monitor: Monitor) -> Reference:
    """As many bins as a reference of this monitor can have; what is in them is of no account."""
    model = monitor.spec.model
    is_number = model.task != "multiclass"
    return seal(
        monitor=monitor.name,
        rows=1,
        first_timestamp=None,
        last_timestamp=1.0,
        prediction=_number(monitor) if is_number else _category(monitor, model.classes),
        score_edges=tuple(index / SCORE_BINS for index in range(1, SCORE_BINS)) if model.task == "binary" else (),
        features=_features(monitor),
    )


def _features(monitor: Monitor) -> Mapping[str, FeatureReference]:
    return {name: _feature(monitor, feature) for name, feature in monitor.spec.features.items()}


def _feature(monitor: Monitor, feature: Feature) -> FeatureReference:
    return _category(monitor, feature.values) if isinstance(feature, CategoryFeature) else _number(monitor)


def _number(monitor: Monitor) -> NumberReference:
    source = monitor.spec.reference
    bins = (source.bins if source else 0) + 2
    zeros = [0.0] * bins
    edges = [float(index) for index in range(bins - 1)]
    return NumberReference(edges, [1] * bins, zeros, 0, 0, 0.0, 1.0, 0.0, 0.0)


def _category(monitor: Monitor, declared: Sequence[str]) -> CategoryReference:
    source = monitor.spec.reference
    count = source.categories if source else 0
    values = list(declared[:count]) or [f"value-{index}" for index in range(1, count + 1)]
    return CategoryReference(values, [1] * len(values), 0, 0, 0)
