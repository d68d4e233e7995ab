"""The samples of a monitor that change only with its file: metadata, thresholds, the reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np

from exporter import catalog
from exporter.batch import Floats
from exporter.catalog import PREDICTION_FEATURE, Metric
from exporter.expose.families import Samples
from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import thresholds
from exporter.reference.document import FeatureReference, NumberReference, Reference, smoothed_ratios
from exporter.window.label_columns import ChainedLabels, LabelColumn, LabelPairs
from exporter.window.shared import SharedMonitor

_Points = list[tuple[LabelPairs, float]]
_BinValues = tuple[LabelColumn, Floats]


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
    ratios, bounds, spacings = list[_BinValues](), list[_BinValues](), list[_BinValues]()
    for name, feature in features.items():
        its: LabelPairs = (*labelled, ("feature", name))
        names = feature.bin_names()
        ratios.append(_by_bin(its, names, smoothed_ratios(feature.bin_counts())))
        if isinstance(feature, NumberReference):
            bounds.append(_by_bin(its, names, np.append(feature.edges, np.inf)))
            spacings.append(_by_bin(its, names, feature.spacing()))
    each = LabelColumn(labelled, "feature", tuple(features))
    samples = [
        _samples(catalog.REFERENCE_INFO, monitor, [((*labelled, ("sha256", reference.sha256)), 1)]),
        _bin_samples(catalog.REFERENCE_BIN_RATIO, monitor, ratios),
        _bin_samples(catalog.REFERENCE_BIN_UPPER_BOUND, monitor, bounds),
        _bin_samples(catalog.REFERENCE_BIN_SPACING, monitor, spacings),
        _bin_samples(catalog.REFERENCE_OBSERVATIONS, monitor, [(each, np.full(len(each), float(reference.rows)))]),
    ]
    if reference.last_timestamp is not None:
        created = np.full(len(each), reference.last_timestamp)
        samples.append(_bin_samples(catalog.REFERENCE_CREATED_TIMESTAMP, monitor, [(each, created)]))
    return samples


def _bin_samples(metric: Metric, monitor: Monitor, runs: Sequence[_BinValues]) -> Samples:
    """Thousands of labels, which are put together for one rendering only."""
    tails = ChainedLabels(tuple(labels for labels, _ in runs))
    values = np.concatenate([values for _, values in runs]) if runs else np.empty(0)
    return Samples(metric, monitor.name, ((),), tails, values, version=0)


def _by_bin(labels: LabelPairs, names: tuple[str, ...], values: Floats) -> _BinValues:
    """As many bins as there are values: those that have no bound or spacing stand last."""
    return LabelColumn(labels, "bin", names[: len(values)]), values
