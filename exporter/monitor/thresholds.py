"""The thresholds of a monitor as numbers: what the exporter exposes and the alerts compare with."""

from __future__ import annotations

from statistics import NormalDist

from exporter.monitor.duration import parse_duration_s
from exporter.monitor.spec import Monitor

_MONTH_S = parse_duration_s("30d")

LOOKS_A_WINDOW = 3
"""A window that slides has more chances than one that jumps: with a `hold` of a tenth of it, 1.4 to 2.9 times as many
false alarms were measured (docs/drift.md)."""


def thresholds(monitor: Monitor) -> dict[str, float]:
    """Values of `infranaut_monitor_threshold_ratio` by its label `check`, in a fixed order.

    `drift_<measure>`: effect; `drift_zscore`: significance, in standard deviations; `drift_rows`: rows that a verdict
    needs; `drift_model_share` and `_excess`: of all features together; `period_drift_psi`, `version_drift_psi`: effect
    of comparisons; `invalid_ratio`: share of invalid predictions; `missing_increase`: share of missing values beyond
    the reference's; `rejected_ratio`: share of rejected records; `quality_rows`: rows that a verdict on the two needs;
    `traffic_zscore`, `traffic_change`, `traffic_rows`: of an unusual volume; `memory_bytes`, `cpu`, `open_files`: of
    the model's process; `reference_age_seconds`; `label_coverage`: share of predictions that get a label;
    `performance_rows`: labels that a verdict needs;
    `performance_zscore`: what confidence intervals are made with; `performance_<metric>_minimum` or `_maximum`: the
    objectives, of one class with `:` and its name behind.
    """
    spec = monitor.spec
    return {
        f"drift_{spec.drift.measure}": spec.drift.threshold,
        "drift_zscore": drift_zscore(monitor),
        "drift_rows": float(spec.drift.minimum_rows),
        **_of_comparisons(monitor),
        "invalid_ratio": spec.quality.maximum_invalid_ratio,
        "missing_increase": spec.quality.maximum_missing_increase,
        "rejected_ratio": spec.quality.maximum_rejected_ratio,
        "quality_rows": float(spec.quality.minimum_rows),
        **_of_traffic(monitor),
        **_of_resources(monitor),
        **_of_reference(monitor),
        **_of_labels(monitor),
        "performance_rows": float(spec.performance.minimum_labels),
        "performance_zscore": two_sided_zscore(spec.performance.confidence),
        **{objective.check: objective.limit for objective in spec.performance.objectives},
    }


def two_sided_zscore(confidence: float) -> float:
    """z of the interval -z to z, which holds the share `confidence` of a normal distribution."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def judges_model_drift(monitor: Monitor) -> bool:
    """Whether all features are judged together: there is a reference, and more than one feature."""
    return monitor.spec.reference is not None and len(monitor.spec.features) > 1


def drift_zscore(monitor: Monitor) -> float:
    """The z-score that chance alone exceeds `false_alarms_per_month` times a month, over everything that is watched.

    z = Φ⁻¹(1 - p), p = false alarms / (signals · looks a month). Signals are the features and the prediction, once for
    each comparison (with the reference, with each previous period, of each other known version with the stable one),
    and all features together; looks a month are the sum over the drift windows of 30 days / window, times
    LOOKS_A_WINDOW. Never below 0.
    """
    drift = monitor.spec.drift
    signals = (len(monitor.spec.features) + 1) * _comparisons(monitor) + judges_model_drift(monitor)
    verdicts = signals * LOOKS_A_WINDOW * sum(_MONTH_S / window.seconds for window in drift.window)
    p = min(drift.false_alarms_per_month / verdicts, 0.5)
    return abs(NormalDist().inv_cdf(p))


def _comparisons(monitor: Monitor) -> int:
    """What each feature is compared with over one window; at least one."""
    spec = monitor.spec
    versions = 0
    if spec.drift.versions is not None:
        versions = max(1, len({*spec.model.versions} - {spec.drift.versions.stable}))
    return max(1, (spec.reference is not None) + len(spec.drift.previous) + versions)


def _of_reference(monitor: Monitor) -> dict[str, float]:
    reference = monitor.spec.reference
    if reference is None or reference.maximum_age is None:
        return {}
    return {"reference_age_seconds": reference.maximum_age.seconds}


def _of_resources(monitor: Monitor) -> dict[str, float]:
    resources = monitor.spec.resources
    if resources is None:
        return {}
    memory, cpu = resources.maximum_memory, resources.maximum_cpu
    return {
        **({} if memory is None else {"memory_bytes": float(memory.bytes)}),
        **({} if cpu is None else {"cpu": cpu}),
        "open_files": resources.maximum_open_files,
    }


def _of_traffic(monitor: Monitor) -> dict[str, float]:
    anomaly = monitor.spec.traffic.anomaly
    if anomaly is None:
        return {}
    return {
        "traffic_zscore": anomaly.zscore,
        "traffic_change": anomaly.change,
        "traffic_rows": anomaly.minimum_per_hour,
    }


def _of_labels(monitor: Monitor) -> dict[str, float]:
    labels = monitor.spec.labels
    return {} if labels is None or labels.minimum_coverage is None else {"label_coverage": labels.minimum_coverage}


def _of_comparisons(monitor: Monitor) -> dict[str, float]:
    drift = monitor.spec.drift
    together = {"drift_model_share": drift.model.share, "drift_model_excess": drift.model.excess}
    return {
        **(together if judges_model_drift(monitor) else {}),
        **({"period_drift_psi": drift.comparison_threshold} if drift.previous else {}),
        **({"version_drift_psi": drift.comparison_threshold} if drift.versions else {}),
    }
