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
`slo`            monitor, slo
===============  ==========================================================

Replicas (`instance`, `pod`) are always pooled. Segments are pooled too, except in performance: a reference describes
all segments together, so that each of them would "drift" from it for ever. A performance series without the label
`segment` is that of all segments.
"""

from __future__ import annotations

import hashlib
from typing import Literal

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
WEEK = "week"
DIRECTION = "direction"
RESOURCE = "resource"
SLO = "slo"
PREVIOUS = "previous"
STABLE = "stable"

EXPORTER_DOWN = "InfranautExporterDown"
WATCHDOG = "InfranautWatchdog"
"""Fires always, so that its silence tells that alerts no longer flow."""
SERIES_ABSENT = "InfranautSeriesAbsent"
BIN_MISMATCH = "InfranautBinMismatch"
SERIES_DROPPED = "InfranautSeriesDropped"
DEAD_LETTERS_GROWING = "InfranautDeadLettersGrowing"
RELOAD_FAILED = "InfranautReloadFailed"
COLLECTOR_FAILING = "InfranautCollectorFailing"
INGEST_LAGGING = "InfranautIngestLagging"
ARCHIVE_BEHIND = "InfranautArchiveBehind"
EXPORTER_RESOURCES_HIGH = "InfranautExporterResourcesHigh"
SELF_ALERTS = (
    EXPORTER_DOWN,
    WATCHDOG,
    SERIES_ABSENT,
    BIN_MISMATCH,
    SERIES_DROPPED,
    DEAD_LETTERS_GROWING,
    RELOAD_FAILED,
    COLLECTOR_FAILING,
    INGEST_LAGGING,
    ARCHIVE_BEHIND,
    EXPORTER_RESOURCES_HIGH,
)
"""About the exporter itself; those of a monitor are `exporter.monitor.alerting.AlertName`."""
ALERTS = (*KINDS, *SELF_ALERTS)

FEATURE_DRIFT: AlertName = "InfranautFeatureDrift"
MODEL_DRIFT: AlertName = "InfranautModelDrift"
PERIOD_DRIFT: AlertName = "InfranautPeriodDrift"
VERSION_DRIFT: AlertName = "InfranautVersionDrift"
PERFORMANCE_LOW: AlertName = "InfranautPerformanceLow"
LABEL_COVERAGE_LOW: AlertName = "InfranautLabelCoverageLow"
DATA_INVALID: AlertName = "InfranautDataInvalid"
MISSING_VALUES: AlertName = "InfranautMissingValues"
RECORDS_REJECTED: AlertName = "InfranautRecordsRejected"
NO_PREDICTIONS: AlertName = "InfranautNoPredictions"
TRAFFIC_ANOMALY: AlertName = "InfranautTrafficAnomaly"
REFERENCE_OLD: AlertName = "InfranautReferenceOld"
RESOURCES_HIGH: AlertName = "InfranautResourcesHigh"
SLO_BURN: AlertName = "InfranautSloBurn"
SLO_BUDGET_SPENT: AlertName = "InfranautSloBudgetSpent"
SLO_BUDGET_ENDING: AlertName = "InfranautSloBudgetEnding"

OVERVIEW_DASHBOARD = "infranaut-overview"
"""uid of the dashboard that the alerts about the exporter link to."""
LABELS_DASHBOARD = "infranaut-labels"
SLO_DASHBOARD = "infranaut-slo"
EXPORTER_DASHBOARD = "infranaut-exporter"
_DASHBOARD_UID_LENGTH = 40
"""The most that Grafana takes."""

Comparison = Literal["period", "version"]
"""Two samples of the stream that are compared without a reference."""

LONG_WINDOW_STEP = "5m"
"""What the long windows of drift are counted in."""
SLO_STEP = "5m"
"""What errors and events of objectives are counted in; every window of theirs is a multiple of it."""
SLO_TREND_WINDOW = "1d"
"""History that tells when an error budget will be spent."""
TRAFFIC_WINDOW = "1h"
"""Window of the volume that is compared with that of other weeks."""
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
Side = Literal["lower", "upper"]
"""Of a confidence interval."""
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


def rule_template_file(monitor: str) -> str:
    """Rules with a place for a scope; without a monitor, those that belong to none."""
    return f"{monitor or 'infranaut.exporter'}.rules.template"


def object_file(name: str) -> str:
    """An object of Kubernetes."""
    return f"{name}.yaml"


def tests_file(monitor: str, interval: str) -> str:
    """Tests of a monitor's alerts that are evaluated every `interval`."""
    return f"{monitor}.{interval}.tests.yaml"


def service_part(service: str) -> str:
    """What `rule_file` takes for the OpenSLO objectives of a service."""
    return f"{service}.openslo"


GENERAL_RULE_FILE = "infranaut.exporter.rules.yaml"
"""Rules that belong to no monitor; no monitor's file has this name, because no monitor's name has a dot."""


def group(monitor: str, subject: str, window: str = "") -> str:
    """`infranaut-<monitor>-<subject>[-<window>]`; groups are unique over all files."""
    return "-".join(part for part in ("infranaut", monitor, subject, window) if part)


# Dashboards


def model_dashboard(monitor: str) -> str:
    """uid of the dashboard that the alerts of a monitor link to; a long name ends in a hash of itself."""
    return _dashboard_uid("infranaut-model-", monitor)


def feature_dashboard(monitor: str) -> str:
    """uid of the dashboard of a monitor's single features."""
    return _dashboard_uid("infranaut-feature-", monitor)


def custom_dashboard(monitor: str, name: str) -> str:
    """uid of a dashboard that a monitor asks for; neither name has an underscore."""
    return _dashboard_uid("infranaut-own-", f"{monitor}_{name}")


def _dashboard_uid(prefix: str, name: str) -> str:
    uid = prefix + name
    if len(uid) <= _DASHBOARD_UID_LENGTH:
        return uid
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
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


def bin_step_increase() -> str:
    """Values in each bin in the last step: what long windows are summed from."""
    return f"feature_bin:infranaut_feature_bin:step_increase{LONG_WINDOW_STEP}"


def compared_rows(comparison: Comparison, window: str) -> str:
    """M: rows of the previous period or of the stable version; absent where it was counted in other bins."""
    return f"feature:infranaut_{comparison}_rows:increase{window}"


def compared_bin_pooled_ratio(comparison: Comparison, window: str) -> str:
    """m: share of each bin in both samples together; only bins that hold anything."""
    return f"feature_bin:infranaut_{comparison}_bin:pooled_ratio{window}"


def compared_bin_ratio(comparison: Comparison, window: str) -> str:
    """p: smoothed share of each bin."""
    return f"feature_bin:infranaut_{comparison}_bin:ratio{window}"


def compared_bin_baseline_ratio(comparison: Comparison, window: str) -> str:
    """a: smoothed share of each bin in the previous period or the stable version."""
    return f"feature_bin:infranaut_{comparison}_bin:baseline_ratio{window}"


def compared_degrees_of_freedom(comparison: Comparison, window: str) -> str:
    """k: bins that hold anything less one."""
    return f"feature:infranaut_{comparison}_bin:df{window}"


def compared_expected_psi(comparison: Comparison, window: str) -> str:
    """E: what PSI between the two samples would be on average if they came from one distribution."""
    return f"feature:infranaut_{comparison}_drift_psi:expected{window}"


def compared_psi(comparison: Comparison, window: str) -> str:
    """PSI between a window and the previous period (label `previous`), or a version and the stable one (`stable`)."""
    return f"feature:infranaut_{comparison}_drift_psi:sum{window}"


def compared_zscore(comparison: Comparison, window: str) -> str:
    """z: significance of that PSI, in standard deviations."""
    return f"feature:infranaut_{comparison}_drift_psi:zscore{window}"


def stouffer(window: str) -> str:
    """Z: significance of the drift of all features together, in standard deviations."""
    return f"model:infranaut_drift:stouffer{window}"


def features_drifted_ratio(window: str) -> str:
    """Share of the features that drifted: by effect, significance and rows."""
    return f"model:infranaut_drift:features_drifted_ratio{window}"


def excess_psi(window: str) -> str:
    """Mean PSI of the features above what chance gives."""
    return f"model:infranaut_drift_psi:excess{window}"


# Quality


def missing_ratio(window: str) -> str:
    """Share of a feature's values that are missing."""
    return f"feature:infranaut_feature_bin:missing_ratio{window}"


def missing_increase(window: str) -> str:
    """Values of a feature that are missing."""
    return f"feature:infranaut_feature_bin:missing_increase{window}"


def feature_rows(window: str) -> str:
    """Predictions, for each feature."""
    return f"feature:infranaut_predictions:increase{window}"


def missing_lower(window: str) -> str:
    """The least share of missing values that chance leaves."""
    return f"feature:infranaut_feature_bin:missing_ratio_lower{window}"


def missing_excess(window: str) -> str:
    """How much of that is beyond the share in the reference."""
    return f"feature:infranaut_feature_bin:missing_excess{window}"


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


def records_unusable_increase(window: str) -> str:
    """Records rejected for another reason than being sent twice."""
    return f"monitor:infranaut_ingest_records_failed:unusable_increase{window}"


def records_received_increase(window: str) -> str:
    """Records accepted or rejected."""
    return f"monitor:infranaut_ingest_records:received_increase{window}"


def records_unusable_lower(window: str) -> str:
    """The least share of such records that chance leaves."""
    return f"monitor:infranaut_ingest_records_failed:unusable_ratio_lower{window}"


# Traffic, latency, availability, freshness


def predictions_increase(window: str) -> str:
    """Predictions in the window."""
    return f"model:infranaut_predictions:increase{window}"


def predictions_rate() -> str:
    """Predictions a second."""
    return f"model:infranaut_predictions:rate{RATE_WINDOW}"


def volume() -> str:
    """Predictions of a monitor in the last hour, all versions and segments together."""
    return f"monitor:infranaut_predictions:increase{TRAFFIC_WINDOW}"


def weekly_volume() -> str:
    """The same, as many weeks ago as the label `week` says."""
    return f"monitor_week:infranaut_predictions:increase{TRAFFIC_WINDOW}"


def usual_volume() -> str:
    """The median of those weeks."""
    return f"monitor:infranaut_predictions:usual{TRAFFIC_WINDOW}"


def volume_zscore() -> str:
    """How far the volume is from the usual, in standard deviations."""
    return f"monitor:infranaut_predictions:zscore{TRAFFIC_WINDOW}"


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


# Processes


def process_cpu() -> str:
    """Processors that a process takes; without `monitor` an exporter's own."""
    return f"instance:process_cpu_seconds:rate{RATE_WINDOW}"


def process_memory() -> str:
    """Bytes that it has in memory."""
    return "instance:process_resident_memory_bytes:last"


def process_open_files() -> str:
    """Share of its file descriptors that are open."""
    return "instance:process_open_fds:ratio"


# Performance


def performance(metric: PerformanceMetric, window: str) -> str:
    """The value of a metric of performance; precision, recall and F1 of a multiclass model are macro averages."""
    return f"model:{_PERFORMANCE_OPERATIONS[metric]}{window}"


def performance_bound(metric: PerformanceMetric, side: Side, window: str) -> str:
    """Where the confidence interval of a metric of performance begins (`lower`) or ends (`upper`)."""
    return f"model:{_PERFORMANCE_OPERATIONS[metric]}_{side}{window}"


def class_performance(metric: PerformanceMetric, window: str) -> str:
    """Precision, recall or F1 of each class of a multiclass model (label `class`)."""
    return f"class:{_PERFORMANCE_OPERATIONS[metric]}{window}"


def class_performance_bound(metric: PerformanceMetric, side: Side, window: str) -> str:
    """Where the confidence interval of a class begins or ends."""
    return f"class:{_PERFORMANCE_OPERATIONS[metric]}_{side}{window}"


def performance_zscore(window: str) -> str:
    """z: the normal quantile that the confidence intervals are made with."""
    return f"model:infranaut_labels:zscore{window}"


def labels_increase(window: str) -> str:
    """Labelled predictions, what every metric rests on."""
    return f"model:infranaut_labels:increase{window}"


def labels_expired_increase(window: str) -> str:
    """Predictions whose label never came."""
    return f"model:infranaut_labels_expired:increase{window}"


def label_coverage(window: str) -> str:
    """Share of the predictions settled in the window that got a label, rather than none within the maximum delay."""
    return f"model:infranaut_labels:coverage{window}"


def label_coverage_bound(side: Side, window: str) -> str:
    """Where the confidence interval of the coverage begins or ends."""
    return f"model:infranaut_labels:coverage_{side}{window}"


def labels_settled(window: str) -> str:
    """Predictions that got a label, or were given up without one."""
    return f"model:infranaut_labels:settled{window}"


def label_delay_bucket_increase(window: str) -> str:
    """Labels in each bucket of delay (label `le`)."""
    return f"model_le:infranaut_label_delay_seconds_bucket:increase{window}"


def label_delay_quantile(window: str) -> str:
    """Delay of labels in seconds, for each of `LATENCY_QUANTILES` (label `quantile`)."""
    return f"model:infranaut_label_delay_seconds:quantile{window}"


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


def score_bin_rows(what: str, window: str) -> str:
    """Labelled predictions with a score: `positives`, `negatives`, and `auc_rows`, what the AUC is worth as a share."""
    return f"model:infranaut_score_bin:{what}{window}"


def calibration_variance(window: str) -> str:
    """Variance of the positives in each score bin that chance makes."""
    return f"score_bin:infranaut_score_bin:variance{window}"


def signed_error_increase(window: str) -> str:
    """Sum of errors, those too high and too low apart (label `sign`)."""
    return f"model_sign:infranaut_error_signed:increase{window}"


def model_increase(series: str, window: str) -> str:
    """A sum over labelled predictions, such as `infranaut_log_loss`."""
    return f"model:{series}:increase{window}"


# Service level objectives


def slo_events(window: str) -> str:
    """Events of an objective in the window, good and bad."""
    return f"slo:infranaut_slo_events:increase{window}"


def slo_errors(window: str) -> str:
    """Bad events of an objective in the window."""
    return f"slo:infranaut_slo_errors:increase{window}"


def slo_burn_rate(window: str) -> str:
    """How many times faster than owed errors came: 1 spends the error budget in exactly the period."""
    return f"slo:infranaut_slo:burn_rate{window}"


def slo_zscore(window: str) -> str:
    """Significance of the errors above those owed, in standard deviations."""
    return f"slo:infranaut_slo:zscore{window}"


def slo_objective() -> str:
    """Share of good events that is owed; there while there are events in the period."""
    return "slo:infranaut_slo:objective_ratio"


def slo_period() -> str:
    """Seconds of the period that the error budget belongs to."""
    return "slo:infranaut_slo:period_seconds"


def slo_budget_remaining() -> str:
    """Share of the error budget of the period that is left; below 0 when overspent."""
    return "slo:infranaut_slo:budget_remaining_ratio"


def slo_exhaustion() -> str:
    """Seconds until the error budget is spent, as the last day went; absent while it does not shrink."""
    return "slo:infranaut_slo:exhaustion_seconds"
