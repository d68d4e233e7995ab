"""The thresholds of a monitor as numbers: what the exporter exposes and the alerts compare with."""

from __future__ import annotations

from statistics import NormalDist

from exporter.monitor.duration import parse_duration_s
from exporter.monitor.spec import Drift, Monitor

_MONTH_S = parse_duration_s("30d")

LOOKS_A_WINDOW = 3
"""A window that slides has more chances than one that jumps: with a `hold` of a tenth of it, 1.4 to 2.9 times as many
false alarms were measured (docs/drift.md)."""


def thresholds(monitor: Monitor) -> dict[str, float]:
    """Values of `infranaut_monitor_threshold_ratio` by its label `check`, in a fixed order.

    `drift_<measure>`: effect; `drift_zscore`: significance, in standard deviations; `drift_rows`: rows that a verdict
    needs; `invalid_ratio`: share of invalid predictions; `performance_rows`: labels that a verdict needs;
    `performance_<metric>_minimum` or `_maximum`: the objectives.
    """
    spec = monitor.spec
    objectives = {}
    for objective in spec.performance.objectives:
        if objective.minimum is not None:
            objectives[f"performance_{objective.metric}_minimum"] = objective.minimum
        if objective.maximum is not None:
            objectives[f"performance_{objective.metric}_maximum"] = objective.maximum
    return {
        f"drift_{spec.drift.measure}": spec.drift.threshold,
        "drift_zscore": drift_zscore(spec.drift, features=len(spec.features)),
        "drift_rows": float(spec.drift.minimum_rows),
        "invalid_ratio": spec.quality.maximum_invalid_ratio,
        "performance_rows": float(spec.performance.minimum_labels),
        **objectives,
    }


def drift_zscore(drift: Drift, features: int) -> float:
    """The z-score that chance alone exceeds `false_alarms_per_month` times a month, over everything that is watched.

    z = Φ⁻¹(1 - p), p = false alarms / (signals · looks a month); signals are the features and the prediction, looks a
    month the sum over the drift windows of 30 days / window, times LOOKS_A_WINDOW. Never below 0.
    """
    verdicts = (features + 1) * LOOKS_A_WINDOW * sum(_MONTH_S / window.seconds for window in drift.window)
    p = min(drift.false_alarms_per_month / verdicts, 0.5)
    return abs(NormalDist().inv_cdf(p))
