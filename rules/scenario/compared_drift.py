"""InfranautPeriodDrift and InfranautVersionDrift: a feature drifts from what it was, or in one version only."""

from __future__ import annotations

from exporter.monitor.duration import Duration, duration_text
from exporter.monitor.spec import Monitor
from rules import names
from rules.long_windows import is_long
from rules.scenario.feature_drift import (
    LONG_SPAN,
    LONG_STEP,
    drifted_bins,
    drifting_feature,
    fewest_rows,
    sound_bins,
)
from rules.scenario.series import VERSION
from rules.scenario.signal import Signal, threshold_gauges

_CANARY = "canary"
_STEPS_A_WINDOW = 4
_MOST_STEPS = 200
"""That promtool plays of the past: a week takes it longer than anybody waits, and differs from a day by its offset."""


def period_signals(monitor: Monitor) -> list[Signal]:
    """One for each window and each previous period that is not too many steps ago."""
    drift = monitor.spec.drift
    return [
        _period_signal(monitor, window, previous)
        for window in drift.window
        for previous in drift.previous
        if previous.seconds <= _MOST_STEPS * _step(window).seconds
    ]


def version_signals(monitor: Monitor) -> list[Signal]:
    """One for each window, where a stable version is named."""
    versions = monitor.spec.drift.versions
    if versions is None:
        return []
    return [_version_signal(monitor, window, versions.stable) for window in monitor.spec.drift.window]


def _period_signal(monitor: Monitor, window: Duration, previous: Duration) -> Signal:
    features = (drifting_feature(monitor),)
    low = fewest_rows(monitor)
    return Signal(
        alert=names.PERIOD_DRIFT,
        window=window,
        sound=lambda rows: sound_bins(monitor, features, rows),
        unsound=lambda rows: drifted_bins(monitor, features, rows),
        gauges=threshold_gauges(monitor, "drift_", "period_drift_"),
        low_rows=low,
        high_rows=1000 * low,
        few_rows=monitor.spec.drift.minimum_rows / 2,
        step=_step(window),
        lead=previous,
        own={names.WINDOW: window, names.PREVIOUS: previous},
        found={names.FEATURE: features[0]},
    )


def _step(window: Duration) -> Duration:
    return LONG_STEP if is_long(window) else duration_text(max(1, int(window.seconds / _STEPS_A_WINDOW)))


def _version_signal(monitor: Monitor, window: Duration, stable: str) -> Signal:
    features = (drifting_feature(monitor),)
    canary = _CANARY if stable != _CANARY else VERSION
    of_stable, of_canary = {names.MODEL_VERSION: stable}, {names.MODEL_VERSION: canary}
    low = fewest_rows(monitor)
    return Signal(
        alert=names.VERSION_DRIFT,
        window=window,
        sound=lambda rows: {
            **sound_bins(monitor, features, rows, **of_stable),
            **sound_bins(monitor, features, rows, **of_canary),
        },
        unsound=lambda rows: {
            **sound_bins(monitor, features, rows, **of_stable),
            **drifted_bins(monitor, features, rows, **of_canary),
        },
        gauges=threshold_gauges(monitor, "drift_", "version_drift_"),
        low_rows=low,
        high_rows=1000 * low,
        few_rows=monitor.spec.drift.minimum_rows / 2,
        span=LONG_SPAN if is_long(window) else None,
        step=LONG_STEP if is_long(window) else None,
        own={names.WINDOW: window},
        found={names.FEATURE: features[0], **of_canary},
    )
