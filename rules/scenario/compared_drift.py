"""InfranautPeriodDrift and InfranautVersionDrift: a feature drifts from what it was, or in one version only."""

from __future__ import annotations

import math

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
_SCRAPES_A_WINDOW = 4
_LONG_WINDOW_SCRAPES = 3
"""In each step that a long window is counted in."""


def period_signals(monitor: Monitor) -> list[Signal]:
    """One for each window and each previous period."""
    drift = monitor.spec.drift
    return [_period_signal(monitor, window, previous) for window in drift.window for previous in drift.previous]


def version_signals(monitor: Monitor) -> list[Signal]:
    """One for each window, where a stable version is named."""
    versions = monitor.spec.drift.versions
    if versions is None:
        return []
    return [_version_signal(monitor, window, versions.stable) for window in monitor.spec.drift.window]


def _period_signal(monitor: Monitor, window: Duration, previous: Duration) -> Signal:
    """A period that is sound and one that is not; evaluated as seldom as both samples of the last verdicts allow."""
    features = (drifting_feature(monitor),)
    evaluations = 2 if 2 * window.seconds <= previous.seconds else 4
    counted = Duration(names.LONG_WINDOW_STEP) if is_long(window) else window
    scrapes = _LONG_WINDOW_SCRAPES if is_long(window) else _SCRAPES_A_WINDOW
    evaluated = duration_text(previous.seconds / evaluations)
    seen = _evaluations_a_window(window, evaluated) if is_long(window) else 1
    low = fewest_rows(monitor)
    return Signal(
        alert=names.PERIOD_DRIFT,
        window=counted,
        sound=lambda rows: sound_bins(monitor, features, rows),
        unsound=lambda rows: drifted_bins(monitor, features, rows),
        gauges=threshold_gauges(monitor, "drift_", "period_drift_"),
        low_rows=low,
        high_rows=1000 * low,
        few_rows=monitor.spec.drift.minimum_rows / 2 / seen,
        step=_part(evaluated, counted.seconds / scrapes),
        evaluated=evaluated,
        lead=previous,
        lasting=previous,
        own={names.WINDOW: window, names.PREVIOUS: previous},
        found={names.FEATURE: features[0]},
    )


def _evaluations_a_window(window: Duration, evaluated: Duration) -> int:
    """Each counts a step of a long window."""
    return math.ceil(window.seconds / evaluated.seconds)


def _part(whole: Duration, longest_s: float) -> Duration:
    """The longest part in whole seconds, and so short, that the whole is a multiple of."""
    longest = max(1, int(longest_s))
    return duration_text(next(part for part in range(longest, 0, -1) if whole.seconds % part == 0))


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
