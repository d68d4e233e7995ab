"""Series of performance and of labels."""

from __future__ import annotations

from typing import Literal

from exporter.monitor.spec import PerformanceMetric

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
