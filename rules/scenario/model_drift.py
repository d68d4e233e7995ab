"""InfranautModelDrift: two features drift together; the share of a model's features does not depend on their number."""

from __future__ import annotations

from itertools import islice

from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import judges_model_drift
from rules import names
from rules.scenario.feature_drift import reference_signal
from rules.scenario.signal import Signal


def signals(monitor: Monitor) -> list[Signal]:
    """One for each window, where all features are judged together."""
    if not judges_model_drift(monitor):
        return []
    features = tuple(islice(monitor.spec.features, 2))
    return [
        reference_signal(monitor, window, names.MODEL_DRIFT, features, features, {})
        for window in monitor.spec.drift.window
    ]
