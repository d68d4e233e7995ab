"""Every recorded series, group, alert and label name of the generated rules, in one place.

Recorded names read `level:metric:operations` and end in their window (`feature:infranaut_drift_psi:sum1h`). The level
says what a series stands for and so which labels it carries, besides `job` and those of the scrape:

===============  ==========================================================
level            labels
===============  ==========================================================
`feature_bin`    monitor, model_version, reference, feature, bin
`feature`        monitor, model_version, reference, feature
`feature_rule`   monitor, model_version, feature, rule
`outcome`        monitor, model_version, actual, predicted (+ segment)
`score_bin`      monitor, model_version, actual, bin (+ segment)
`class`          monitor, model_version, class (+ segment)
`model`          monitor, model_version (+ segment for performance)
`model_rule`     monitor, model_version, rule
`monitor`        monitor
===============  ==========================================================

Replicas (`instance`, `pod`) are always pooled. Segments are pooled too, except in performance: a reference describes
all segments together, so that each of them would "drift" from it for ever. A performance series without the label
`segment` is that of all segments.
"""

from __future__ import annotations

import hashlib

from exporter.monitor.alerting import KINDS, AlertName
from exporter.monitor.spec import DriftMeasure, PerformanceMetric

REPLICA_LABELS = ("instance", "pod")
"""Pooled by every rule."""
REFERENCE_LABELS = ("job", "monitor", "reference", "feature")
"""What a feature and its reference have in common."""
MONITOR_LABELS = ("job", "monitor")
"""What a series and the thresholds of its monitor have in common."""

JOB = "job"
MONITOR = "monitor"
MODEL_VERSION = "model_version"
REFERENCE = "reference"
SEGMENT = "segment"
BIN = "bin"
ACTUAL = "actual"
PREDICTED = "predicted"
CLASS = "class"
FEATURE = "feature"
REASON = "reason"
RULE = "rule"
SIGN = "sign"
SOURCE = "source"
CHECK = "check"
LE = "le"
QUANTILE = "quantile"
SEVERITY = "severity"
TEAM = "team"
TIER = "tier"
WINDOW = "window"
METRIC = "metric"
KIND = "kind"
BOUND = "bound"

EXPORTER_DOWN = "InfranautExporterDown"
SELF_ALERTS = (EXPORTER_DOWN,)
"""About the exporter itself; those of a monitor are `exporter.monitor.alerting.AlertName`."""
ALERTS = (*KINDS, *SELF_ALERTS)

FEATURE_DRIFT: AlertName = "InfranautFeatureDrift"
PERFORMANCE_LOW: AlertName = "InfranautPerformanceLow"
DATA_INVALID: AlertName = "InfranautDataInvalid"
NO_PREDICTIONS: AlertName = "InfranautNoPredictions"

OVERVIEW_DASHBOARD = "infranaut-overview"
"""uid of the dashboard that the alerts about the exporter link to."""
_DASHBOARD_UID_LENGTH = 40
"""The most that Grafana takes."""

RATE_WINDOW = "5m"
"""Window of traffic, latency, availability and lag."""
LATENCY_QUANTILES = ("0.5", "0.95", "0.99")
"""Values of the label `quantile`."""

_DRIFT_OPERATIONS: dict[DriftMeasure, str] = {
    "psi": "sum",
    "kl": "sum",
    "js": "sqrt",
    "hellinger": "sqrt",
    "tv": "sum",
    "chi2": "sum",
    "ks": "max",
    "wasserstein": "sum",
}
_PERFORMANCE_OPERATIONS: dict[PerformanceMetric, str] = {
    "accuracy": "infranaut_outcomes:accuracy",
    "precision": "infranaut_outcomes:precision",
    "recall": "infranaut_outcomes:recall",
    "f1": "infranaut_outcomes:f1_score",
    "auc": "infranaut_score_bin:auc",
    "ece": "infranaut_score_bin:ece",
    "log_loss": "infranaut_log_loss:mean",
    "brier": "infranaut_brier_score:mean",
    "mae": "infranaut_error_absolute:mean",
    "rmse": "infranaut_error_squared:rms",
    "bias": "infranaut_error_signed:mean",
}


# Groups


def rule_file(monitor: str) -> str:
    return f"{monitor}.rules.yaml"


GENERAL_RULE_FILE = "infranaut.exporter.rules.yaml"
"""Rules that belong to no monitor; no monitor's file has this name, because no monitor's name has a dot."""


def group(monitor: str, subject: str, window: str = "") -> str:
    """`infranaut-<monitor>-<subject>[-<window>]`; groups are unique over all files."""
    return "-".join(part for part in ("infranaut", monitor, subject, window) if part)


# Dashboards


def model_dashboard(monitor: str) -> str:
    """uid of the dashboard that the alerts of a monitor link to; a long name ends in a hash of itself."""
    uid = f"infranaut-model-{monitor}"
    if len(uid) <= _DASHBOARD_UID_LENGTH:
        return uid
    digest = hashlib.sha256(monitor.encode()).hexdigest()[:8]
    return f"{uid[: _DASHBOARD_UID_LENGTH - 9]}-{digest}"


# Drift


def bin_increase(window: str) -> str:
    """n: values in each bin."""
    return f"feature_bin:infranaut_feature_bin:increase{window}"


def feature_increase(window: str) -> str:
    """N: values in all bins."""
    return f"feature:infranaut_feature_bin:increase{window}"


def bin_ratio(window: str) -> str:
    """p: smoothed share of each bin."""
    return f"feature_bin:infranaut_feature_bin:ratio{window}"


def reference_bin_ratio(window: str) -> str:
    """a: smoothed share of each bin in the reference, for each model version."""
    return f"feature_bin:infranaut_reference_bin:ratio{window}"


def reference_observations(window: str) -> str:
    """M: rows of the reference, for each model version."""
    return f"feature:infranaut_reference_observations:max{window}"


def degrees_of_freedom(window: str) -> str:
    """k: bins less one."""
    return f"feature:infranaut_feature_bin:df{window}"


def expected_psi(window: str) -> str:
    """E: what PSI would be on average without drift."""
    return f"feature:infranaut_drift_psi:expected{window}"


def drift_zscore(window: str) -> str:
    """z: significance of PSI, in standard deviations."""
    return f"feature:infranaut_drift_psi:zscore{window}"


def drift_measure(measure: DriftMeasure, window: str) -> str:
    """The value of a measure of drift."""
    return f"feature:infranaut_drift_{measure}:{_DRIFT_OPERATIONS[measure]}{window}"


def quantile_bin_difference(window: str) -> str:
    """d: share of each quantile bin less that of the reference."""
    return f"feature_bin:infranaut_drift_difference:ratio{window}"


def quantile_bin_running_difference(window: str) -> str:
    """D: d, summed over the bins up to each."""
    return f"feature_bin:infranaut_drift_difference:running_sum{window}"


# Quality


def missing_ratio(window: str) -> str:
    """Share of a feature's values that are missing."""
    return f"feature:infranaut_feature_bin:missing_ratio{window}"


def invalid_ratio(window: str) -> str:
    """Share of a feature's values that are invalid."""
    return f"feature:infranaut_feature_bin:invalid_ratio{window}"


def violations_increase(window: str) -> str:
    return f"feature_rule:infranaut_feature_violations:increase{window}"


def violations_ratio(window: str) -> str:
    """Share of predictions that broke a rule of a feature."""
    return f"feature_rule:infranaut_feature_violations:ratio{window}"


def records_invalid_increase(window: str) -> str:
    return f"model_rule:infranaut_records_invalid:increase{window}"


def records_invalid_ratio(window: str) -> str:
    """Share of predictions that broke a rule of the monitor; under `rule="__any__"`, any rule of any kind."""
    return f"model_rule:infranaut_records_invalid:ratio{window}"


def records_invalid_zscore(window: str) -> str:
    """Significance of the share of invalid predictions above the allowed one, in standard deviations."""
    return f"model:infranaut_records_invalid:zscore{window}"


def records_failed_ratio(window: str) -> str:
    """Share of received records that were rejected (dead letters)."""
    return f"monitor:infranaut_ingest_records_failed:ratio{window}"


def records_increase(window: str) -> str:
    """Records accepted."""
    return f"monitor:infranaut_ingest_records:increase{window}"


def records_failed_increase(window: str) -> str:
    """Records rejected."""
    return f"monitor:infranaut_ingest_records_failed:increase{window}"


# Traffic, latency, availability, freshness


def predictions_increase(window: str) -> str:
    """Predictions in the window."""
    return f"model:infranaut_predictions:increase{window}"


def predictions_rate() -> str:
    """Predictions a second."""
    return f"model:infranaut_predictions:rate{RATE_WINDOW}"


def prediction_errors_rate() -> str:
    """Failed predictions a second."""
    return f"model:infranaut_prediction_errors:rate{RATE_WINDOW}"


def availability() -> str:
    """Share of predictions that the model made without failing."""
    return f"model:infranaut_predictions:availability{RATE_WINDOW}"


def latency_rate() -> str:
    """Predictions with a latency, a second."""
    return f"model:infranaut_prediction_latency_seconds:rate{RATE_WINDOW}"


def latency_bucket_rate() -> str:
    """Predictions in each bucket of latency (label `le`), a second."""
    return f"model_le:infranaut_prediction_latency_seconds_bucket:rate{RATE_WINDOW}"


def latency_quantile() -> str:
    """Latency in seconds, for each of `LATENCY_QUANTILES` (label `quantile`)."""
    return f"model:infranaut_prediction_latency_seconds:quantile{RATE_WINDOW}"


def latency_within_objective() -> str:
    """Share of predictions as fast as the latency objective asks; only for monitors that have one."""
    return f"model:infranaut_prediction_latency_seconds:within_objective_ratio{RATE_WINDOW}"


def last_prediction_age() -> str:
    """Seconds since the timestamp of the newest prediction."""
    return "model:infranaut_last_prediction_timestamp_seconds:age"


def lag_bucket_rate() -> str:
    """Events in each bucket of lag (label `le`), a second."""
    return f"monitor_le:infranaut_ingest_lag_seconds_bucket:rate{RATE_WINDOW}"


def lag_quantile() -> str:
    """Lag from a prediction's timestamp to its arrival in seconds, for each of `LATENCY_QUANTILES`."""
    return f"monitor:infranaut_ingest_lag_seconds:quantile{RATE_WINDOW}"


def lag_within_objective() -> str:
    """Share of events as young as the freshness objective asks; only for monitors that have one."""
    return f"monitor:infranaut_ingest_lag_seconds:within_objective_ratio{RATE_WINDOW}"


# Performance


def performance(metric: PerformanceMetric, window: str) -> str:
    """The value of a metric of performance; precision, recall and F1 of a multiclass model are macro averages."""
    return f"model:{_PERFORMANCE_OPERATIONS[metric]}{window}"


def class_performance(metric: PerformanceMetric, window: str) -> str:
    """Precision, recall or F1 of each class of a multiclass model (label `class`)."""
    return f"class:{_PERFORMANCE_OPERATIONS[metric]}{window}"


def labels_increase(window: str) -> str:
    """Labelled predictions, what every metric rests on."""
    return f"model:infranaut_labels:increase{window}"


def labels_expired_increase(window: str) -> str:
    """Predictions whose label never came."""
    return f"model:infranaut_labels_expired:increase{window}"


def label_coverage(window: str) -> str:
    """Share of the predictions settled in the window that got a label, rather than none within the maximum delay."""
    return f"model:infranaut_labels:coverage{window}"


def labels_pending() -> str:
    """Predictions that wait for their label."""
    return "model:infranaut_labels_pending:sum"


def outcomes_increase(window: str) -> str:
    """Labelled predictions by `actual` and `predicted`: the confusion matrix."""
    return f"outcome:infranaut_outcomes:increase{window}"


def outcomes_total(window: str) -> str:
    return f"model:infranaut_outcomes:increase{window}"


def outcomes_correct(window: str) -> str:
    return f"model:infranaut_outcomes:correct{window}"


def outcomes_count(what: str, window: str) -> str:
    """Of a binary model: predictions that are `true_positive`, `actual_positive` or `predicted_positive`."""
    return f"model:infranaut_outcomes:{what}{window}"


def class_count(what: str, window: str) -> str:
    """Of each class: predictions that are `true_positive`, `actual` or `predicted`."""
    return f"class:infranaut_outcomes:{what}{window}"


def score_bin_increase(window: str) -> str:
    """Labelled predictions by `actual` and score `bin`."""
    return f"score_bin:infranaut_score_bin:increase{window}"


def score_bin_running_sum(window: str) -> str:
    """The same, summed over the bins up to each (what a ROC curve is drawn from)."""
    return f"score_bin:infranaut_score_bin:running_sum{window}"


def score_bin_score_increase(window: str) -> str:
    """Sum of scores by `actual` and score `bin` (with the counts: what a reliability diagram is drawn from)."""
    return f"score_bin:infranaut_score_bin_score_sum:increase{window}"


def signed_error_increase(window: str) -> str:
    """Sum of errors, those too high and too low apart (label `sign`)."""
    return f"model_sign:infranaut_error_signed:increase{window}"


def model_increase(series: str, window: str) -> str:
    """A sum over labelled predictions, such as `infranaut_log_loss`."""
    return f"model:{series}:increase{window}"
