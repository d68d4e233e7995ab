"""Performance from raw labelled rows by scikit-learn, each row with a weight; what is not defined is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    log_loss,
    mean_absolute_error,
    precision_recall_fscore_support,
    roc_auc_score,
    root_mean_squared_error,
)

from exporter.batch import Floats, Integers

UNKNOWN = "__other__"

Measured = Mapping[str, float]


def binary_performance(actual: Integers, scores: Floats, weights: Floats, score_edges: Floats) -> Measured:
    """`auc` and `ece` as the score bins give them; `auc_of_scores` as the scores themselves do."""
    predicted = (scores >= 0.5).astype(np.int64)
    bins = np.searchsorted(score_edges, scores, side="left")
    differences = np.bincount(bins, weights * (actual - scores))
    measured = {
        "accuracy": accuracy_score(actual, predicted, sample_weight=weights),
        "log_loss": log_loss(actual, scores, sample_weight=weights, labels=[0, 1]),
        "brier": brier_score_loss(actual, scores, sample_weight=weights, pos_label=1),
        "ece": np.abs(differences).sum() / weights.sum(),
    }
    if len(set(actual.tolist())) == 2:
        measured["auc"] = roc_auc_score(actual, bins, sample_weight=weights)
        measured["auc_of_scores"] = roc_auc_score(actual, scores, sample_weight=weights)
    precision, recall, f1, _ = precision_recall_fscore_support(
        actual, predicted, labels=[1], sample_weight=weights, zero_division=np.nan
    )
    measured |= {"precision": precision[0], "recall": recall[0], "f1": f1[0]}
    return _defined(measured)


def ties_of_bins(actual: Integers, scores: Floats, weights: Floats, score_edges: Floats) -> float:
    """Half the share of the (positive, negative) pairs that fall into one score bin: how far the AUC can be off.

    Within a bin every pair counts half; in truth it counts between 0 and 1.
    """
    bins = np.searchsorted(score_edges, scores, side="left")
    size = len(score_edges) + 1
    positive = np.bincount(bins, weights * (actual == 1), minlength=size)
    negative = np.bincount(bins, weights * (actual == 0), minlength=size)
    return float(0.5 * positive @ negative / (positive.sum() * negative.sum()))


def multiclass_performance(
    actual: Sequence[str], predicted: Sequence[str], weights: Floats, classes: Sequence[str]
) -> tuple[Measured, Mapping[tuple[str, str], float]]:
    """The averages over the classes; and (metric, class) → value."""
    known = [name if name in classes else UNKNOWN for name in actual]
    precision, recall, f1, _ = precision_recall_fscore_support(
        known, predicted, labels=list(classes), sample_weight=weights, zero_division=np.nan
    )
    by_metric = {"precision": precision, "recall": recall, "f1": f1}
    means = {metric: float(np.nanmean(values)) for metric, values in by_metric.items()}
    of_classes = {
        (metric, name): float(value)
        for metric, values in by_metric.items()
        for name, value in zip(classes, values, strict=True)
        if not np.isnan(value)
    }
    return {"accuracy": float(accuracy_score(known, predicted, sample_weight=weights)), **means}, of_classes


def regression_performance(actual: Floats, predicted: Floats, weights: Floats) -> Measured:
    return {
        "mae": float(mean_absolute_error(actual, predicted, sample_weight=weights)),
        "rmse": float(root_mean_squared_error(actual, predicted, sample_weight=weights)),
        "bias": float(np.average(predicted - actual, weights=weights)),
    }


def _defined(measured: Measured) -> Measured:
    return {metric: float(value) for metric, value in measured.items() if not np.isnan(value)}
