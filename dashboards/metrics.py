"""What a person calls each metric of performance, what it means, and which one stands for a model."""

from __future__ import annotations

from exporter.monitor.spec import Monitor, PerformanceMetric, Task

TITLES: dict[PerformanceMetric, str] = {
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "auc": "AUC",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "ece": "Calibration error",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
    "bias": "Bias",
}
"""What a person calls each metric."""

MEANINGS: dict[PerformanceMetric, str] = {
    "accuracy": "Share of the predictions that were right.",
    "precision": "Share of the predicted positives that were positive.",
    "recall": "Share of the positives that were predicted.",
    "f1": "Harmonic mean of precision and recall.",
    "auc": "Chance that a positive scores above a negative, from the score bins.",
    "log_loss": "Mean log loss in nats; lower is better.",
    "brier": "Mean squared distance of the score from the outcome; lower is better.",
    "ece": "Expected calibration error: mean distance of the score from the share of positives in its score bin.",
    "mae": "Mean distance of the prediction from the actual value.",
    "rmse": "Root of the mean squared distance of the prediction from the actual value.",
    "bias": "Mean of prediction less actual: above zero the model says too much.",
}

LOWER_IS_BETTER = frozenset[PerformanceMetric]({"log_loss", "brier", "ece", "mae", "rmse", "bias"})

RATIOS = frozenset[PerformanceMetric]({"accuracy", "precision", "recall", "f1", "auc", "ece"})
"""Metrics between 0 and 1."""

_USUAL: dict[Task, PerformanceMetric] = {"binary": "auc", "multiclass": "f1", "regression": "mae"}


def unit_of(metric: PerformanceMetric) -> str:
    return "percentunit" if metric in RATIOS else "short"


def main_metric(monitor: Monitor) -> PerformanceMetric:
    """That of the monitor's first objective, or the usual one of its task."""
    objectives = monitor.spec.performance.objectives
    return objectives[0].metric if objectives else _USUAL[monitor.spec.model.task]
