"""The samples of a monitor that change only with its file: metadata, thresholds, the reference."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import numpy as np

from exporter import catalog
from exporter.catalog import PREDICTION_FEATURE, Metric
from exporter.expose.families import Samples
from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import thresholds
from exporter.reference.document import FeatureReference, NumberReference, Reference, smoothed_ratios
from exporter.window.layout import LabelPairs
from exporter.window.shared import SharedMonitor

_Points = list[tuple[LabelPairs, float]]


def static_samples(shared: SharedMonitor, sha256: str) -> list[Samples]:
    """sha256: of the monitor's file."""
    monitor = shared.monitor
    own: LabelPairs = (("monitor", monitor.name),)
    samples = [
        _samples(catalog.MONITOR_INFO, monitor, [((*own, *_info(monitor), ("sha256", sha256)), 1)]),
        _samples(catalog.FEATURE_INFO, monitor, [((*own, *labels), 1) for labels in _features(monitor)]),
        _samples(
            catalog.MONITOR_THRESHOLD,
            monitor,
            [((*own, ("check", check)), value) for check, value in thresholds(monitor).items()],
        ),
        _samples(catalog.MODEL_TRAINED_TIMESTAMP, monitor, list(_trained(monitor, own))),
    ]
    if shared.reference is not None:
        samples += _reference_samples(monitor, shared.reference, own)
    return samples


def _samples(metric: Metric, monitor: Monitor, points: _Points) -> Samples:
    tails = tuple(labels for labels, _ in points)
    values = np.array([value for _, value in points], dtype=np.float64)
    return Samples(metric, monitor.name, ((),), tails, values, version=0)


def _info(monitor: Monitor) -> LabelPairs:
    labels = monitor.metadata.labels
    model = monitor.spec.model
    return (
        ("model", model.name),
        ("task", model.task),
        ("team", labels.get("team", "")),
        ("tier", labels.get("tier", "")),
    )


def _features(monitor: Monitor) -> Iterable[LabelPairs]:
    for name, feature in monitor.spec.features.items():
        yield (("feature", name), ("kind", feature.type), ("derived", "true" if feature.sql else "false"))


def _trained(monitor: Monitor, own: LabelPairs) -> Iterable[tuple[LabelPairs, float]]:
    model = monitor.spec.model
    for version in model.versions if model.trained else ():
        yield (*own, ("model_version", version)), datetime.fromisoformat(model.trained or "").timestamp()


def _reference_samples(monitor: Monitor, reference: Reference, own: LabelPairs) -> list[Samples]:
    labelled: LabelPairs = (*own, ("reference", reference.label))
    features: dict[str, FeatureReference] = {**reference.features, PREDICTION_FEATURE: reference.prediction}
    ratios: _Points = []
    bounds: _Points = []
    spacings: _Points = []
    for name, feature in features.items():
        its: LabelPairs = (*labelled, ("feature", name))
        names = feature.bin_names()
        ratios += _by_bin(its, names, smoothed_ratios(feature.bin_counts()))
        if isinstance(feature, NumberReference):
            bounds += _by_bin(its, names, [*feature.edges, np.inf])
            spacings += _by_bin(its, names, feature.spacing())
    each = [(*labelled, ("feature", name)) for name in features]
    samples = [
        _samples(catalog.REFERENCE_INFO, monitor, [((*labelled, ("sha256", reference.sha256)), 1)]),
        _samples(catalog.REFERENCE_BIN_RATIO, monitor, ratios),
        _samples(catalog.REFERENCE_BIN_UPPER_BOUND, monitor, bounds),
        _samples(catalog.REFERENCE_BIN_SPACING, monitor, spacings),
        _samples(catalog.REFERENCE_OBSERVATIONS, monitor, [(its, reference.rows) for its in each]),
    ]
    if reference.last_timestamp is not None:
        created = reference.last_timestamp
        samples.append(_samples(catalog.REFERENCE_CREATED_TIMESTAMP, monitor, [(its, created) for its in each]))
    return samples


def _by_bin(labels: LabelPairs, names: Iterable[str], values: Iterable[float]) -> _Points:
    """As many bins as there are values: those that have no bound or spacing stand last."""
    return [((*labels, ("bin", name)), float(value)) for name, value in zip(names, values, strict=False)]
