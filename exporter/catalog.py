"""Every series that the exporter exposes, declared once.

The renderer, the rules, the dashboards and the metrics reference in `docs/` read this table; a name that is not here
does not exist. Names, types and labels are a contract with users: changing one is a breaking change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MetricType = Literal["counter", "gauge", "histogram"]

SEGMENT = "segment"
"""Joins the labels of every family that carries `model_version`, for a monitor that asks for segments."""

MODEL = ("monitor", "model_version")
REFERENCE = ("monitor", "reference", "feature")
FEATURE = (*MODEL, "reference", "feature")

PREDICTION_FEATURE = "__prediction__"
OTHER = "__other__"
ANY_RULE = "__any__"
UNVERSIONED = "unversioned"
NO_REFERENCE = "none"
MISSING_BIN = "missing"
INVALID_BIN = "invalid"
CATEGORY_PREFIX = "c:"
DUPLICATE = "duplicate"
"""The reason of a record that is sound but was sent before."""
OTHER_BIN = CATEGORY_PREFIX + OTHER


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family: its full name (counters end in `_total`), type, labels without `segment`, and help text."""

    name: str
    type: MetricType
    labels: tuple[str, ...]
    help: str

    @property
    def is_segmented(self) -> bool:
        """Whether `segment` joins the labels where a monitor asks for segments."""
        return "model_version" in self.labels


BUILD_INFO = Metric("infranaut_build_info", "gauge", ("version", "python_version"), "The running version; always 1.")
MONITOR_INFO = Metric(
    "infranaut_monitor_info",
    "gauge",
    ("monitor", "model", "task", "team", "tier", "sha256"),
    "A loaded monitor; always 1.",
)
FEATURE_INFO = Metric(
    "infranaut_feature_info", "gauge", ("monitor", "feature", "kind", "derived"), "A declared feature; always 1."
)
REFERENCE_INFO = Metric(
    "infranaut_reference_info", "gauge", ("monitor", "reference", "sha256"), "The reference in use; always 1."
)
CONFIG_HASH = Metric("infranaut_config_hash", "gauge", (), "A number that changes with the loaded monitors (48 bits).")
CONFIG_LAST_RELOAD_SUCCESSFUL = Metric(
    "infranaut_config_last_reload_successful",
    "gauge",
    (),
    "Whether the last load of the monitors succeeded (1) or not (0).",
)
CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP = Metric(
    "infranaut_config_last_reload_success_timestamp_seconds", "gauge", (), "When the monitors were last loaded."
)
COLLECTOR_SUCCESS = Metric(
    "infranaut_collector_success",
    "gauge",
    ("collector",),
    "Whether the collector's last poll succeeded (1) or not (0).",
)
COLLECTOR_DURATION = Metric(
    "infranaut_collector_duration_seconds", "gauge", ("collector",), "How long the collector's last poll took."
)
SPOOL_SIZE = Metric("infranaut_spool_size_bytes", "gauge", (), "Size of the spools' files on this machine's disk.")
SPOOL_LIMIT = Metric(
    "infranaut_spool_limit_bytes", "gauge", (), "What the spools may take; beyond it senders are told to wait (503)."
)
SPOOL_LAG = Metric(
    "infranaut_spool_lag_seconds", "gauge", (), "How long the oldest entry that is not in the warm tier has waited."
)
ARCHIVE_ROWS = Metric(
    "infranaut_archive_rows_total", "counter", ("kind",), "Rows that were new to the warm tier when they landed."
)
ARCHIVE_QUARANTINED = Metric(
    "infranaut_archive_quarantined_total",
    "counter",
    (),
    "Entries that could not be landed and were set aside in the state folder.",
)
ARCHIVE_LAST_LANDING_TIMESTAMP = Metric(
    "infranaut_archive_last_landing_timestamp_seconds", "gauge", (), "When entries last landed in the warm tier."
)
TIER_UP = Metric("infranaut_tier_up", "gauge", ("tier",), "Whether a tier of the archive answered last (1) or not (0).")
SERIES = Metric("infranaut_series", "gauge", ("monitor",), "Series that the monitor exposes now.")
SERIES_LIMIT = Metric("infranaut_series_limit", "gauge", ("monitor",), "Series that the monitor may expose.")
SERIES_DROPPED = Metric(
    "infranaut_series_dropped_total",
    "counter",
    ("monitor", "reason"),
    "Records counted under __other__ because the monitor's budget of series was spent.",
)
INGEST_RECORDS = Metric(
    "infranaut_ingest_records_total", "counter", ("monitor", "source"), "Records accepted, predictions and labels."
)
INGEST_RECORDS_FAILED = Metric(
    "infranaut_ingest_records_failed_total",
    "counter",
    ("monitor", "source", "reason"),
    "Records rejected and kept in the dead-letter store.",
)
INGEST_LAG = Metric(
    "infranaut_ingest_lag_seconds", "histogram", ("monitor",), "From a prediction's timestamp to its arrival here."
)
INGEST_QUEUE = Metric("infranaut_ingest_queue_records", "gauge", ("monitor",), "Records accepted and not yet counted.")
PREDICTIONS = Metric("infranaut_predictions_total", "counter", MODEL, "Predictions counted, failed ones included.")
PREDICTION_ERRORS = Metric(
    "infranaut_prediction_errors_total", "counter", (*MODEL, "reason"), "Predictions that the model failed to make."
)
PREDICTION_LATENCY = Metric(
    "infranaut_prediction_latency_seconds", "histogram", MODEL, "How long the model took to predict."
)
LAST_PREDICTION_TIMESTAMP = Metric(
    "infranaut_last_prediction_timestamp_seconds", "gauge", MODEL, "Timestamp of the newest prediction."
)
MODEL_TRAINED_TIMESTAMP = Metric(
    "infranaut_model_trained_timestamp_seconds", "gauge", MODEL, "When the model was trained, as its monitor says."
)
FEATURE_BIN = Metric(
    "infranaut_feature_bin_total",
    "counter",
    (*FEATURE, "bin"),
    "Values of a feature (or of __prediction__) in each bin of its reference.",
)
FEATURE_VALUES = Metric("infranaut_feature_values_total", "counter", FEATURE, "Valid numeric values of a feature.")
FEATURE_VALUE_SUM = Metric(
    "infranaut_feature_value_sum_total",
    "counter",
    (*FEATURE, "sign"),
    "Sum of the distances from the reference's mean, those above (positive) and below it (negative) apart.",
)
FEATURE_VALUE_SQUARES = Metric(
    "infranaut_feature_value_squares_total",
    "counter",
    FEATURE,
    "Sum of the squared distances from the reference's mean.",
)
FEATURE_VIOLATIONS = Metric(
    "infranaut_feature_violations_total",
    "counter",
    (*MODEL, "feature", "rule"),
    "Values that broke a rule of their feature: type, finite, required, range, category or derive.",
)
RECORDS_INVALID = Metric(
    "infranaut_records_invalid_total",
    "counter",
    (*MODEL, "rule"),
    "Predictions that broke a rule of the monitor; under the rule __any__, those that broke at least one of any kind.",
)
DUPLICATE_RECORDS = Metric(
    "infranaut_duplicate_records_total", "counter", MODEL, "Predictions whose id had been seen, not counted again."
)
REFERENCE_BIN_RATIO = Metric(
    "infranaut_reference_bin_ratio",
    "gauge",
    (*REFERENCE, "bin"),
    "Share of the reference's values in a bin, smoothed: (count + 0.5) / (observations + 0.5 * bins).",
)
REFERENCE_BIN_UPPER_BOUND = Metric(
    "infranaut_reference_bin_upper_bound", "gauge", (*REFERENCE, "bin"), "Upper bound of a quantile bin, inclusive."
)
REFERENCE_BIN_SPACING = Metric(
    "infranaut_reference_bin_spacing",
    "gauge",
    (*REFERENCE, "bin"),
    "From the mean of a quantile bin to that of the next, in standard deviations of the reference; 0 for the last.",
)
REFERENCE_OBSERVATIONS = Metric(
    "infranaut_reference_observations", "gauge", REFERENCE, "Rows that the reference was built from."
)
REFERENCE_CREATED_TIMESTAMP = Metric(
    "infranaut_reference_created_timestamp_seconds", "gauge", REFERENCE, "Timestamp of the reference's newest row."
)
MONITOR_THRESHOLD = Metric(
    "infranaut_monitor_threshold_ratio",
    "gauge",
    ("monitor", "check"),
    "A threshold of the monitor, as the alerts read it.",
)
LABELS = Metric("infranaut_labels_total", "counter", MODEL, "Labels joined to their prediction.")
LABELS_UNMATCHED = Metric(
    "infranaut_labels_unmatched_total", "counter", MODEL, "Labels given up: no prediction of their id came in time."
)
LABELS_EXPIRED = Metric(
    "infranaut_labels_expired_total", "counter", MODEL, "Predictions given up: no label came within the maximum delay."
)
LABELS_PENDING = Metric("infranaut_labels_pending", "gauge", MODEL, "Predictions that still wait for their label.")
LABEL_DELAY = Metric(
    "infranaut_label_delay_seconds", "histogram", MODEL, "From a prediction's timestamp to the arrival of its label."
)
OUTCOMES = Metric(
    "infranaut_outcomes_total",
    "counter",
    (*MODEL, "actual", "predicted"),
    "Labelled predictions by actual and predicted class (binary: 1 is the positive class, 0 the other).",
)
SCORE_BIN = Metric(
    "infranaut_score_bin_total",
    "counter",
    (*MODEL, "actual", "bin"),
    "Labelled predictions by actual class and score bin.",
)
SCORE_BIN_SCORE_SUM = Metric(
    "infranaut_score_bin_score_sum_total",
    "counter",
    (*MODEL, "actual", "bin"),
    "Sum of the scores of the labelled predictions in a score bin.",
)
ERROR_ABSOLUTE = Metric(
    "infranaut_error_absolute_total", "counter", MODEL, "Sum of |prediction - actual| over labelled predictions."
)
ERROR_SQUARED = Metric(
    "infranaut_error_squared_total", "counter", MODEL, "Sum of (prediction - actual)^2 over labelled predictions."
)
ERROR_SQUARED_SQUARES = Metric(
    "infranaut_error_squared_squares_total",
    "counter",
    MODEL,
    "Sum of (prediction - actual)^4 over labelled predictions: how sure the mean squared error is.",
)
ERROR_SIGNED = Metric(
    "infranaut_error_signed_total",
    "counter",
    (*MODEL, "sign"),
    "Sum of |prediction - actual| where the prediction was too high (positive) or too low (negative).",
)
LOG_LOSS = Metric("infranaut_log_loss_total", "counter", MODEL, "Sum of the log loss (nats) over labelled predictions.")
BRIER_SCORE = Metric(
    "infranaut_brier_score_total", "counter", MODEL, "Sum of (score - actual)^2 over labelled predictions."
)
LOG_LOSS_SQUARES = Metric(
    "infranaut_log_loss_squares_total",
    "counter",
    MODEL,
    "Sum of the squared log loss over labelled predictions: how sure its mean is.",
)
BRIER_SCORE_SQUARES = Metric(
    "infranaut_brier_score_squares_total",
    "counter",
    MODEL,
    "Sum of (score - actual)^4 over labelled predictions: how sure the Brier score is.",
)
CHECK_VALUE = Metric(
    "infranaut_check_value", "gauge", (*MODEL, "check", "feature"), "Value of a check at its last run."
)
CHECK_THRESHOLD = Metric("infranaut_check_threshold", "gauge", (*MODEL, "check", "feature"), "Threshold of a check.")
CHECK_OBSERVATIONS = Metric(
    "infranaut_check_observations", "gauge", (*MODEL, "check", "feature"), "Rows that a check's last value rests on."
)
CHECK_LAST_RUN_TIMESTAMP = Metric(
    "infranaut_check_last_run_timestamp_seconds", "gauge", (*MODEL, "check", "feature"), "When a check last ran."
)

CATALOG: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""Every family, in the order of exposition."""
