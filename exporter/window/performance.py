"""How good the predictions of a profile were, from its outcomes, as the recording rules tell it of a window.

A metric that would rest on nothing (no labels, a class that never came) is left out, never a false 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from exporter import catalog
from exporter.batch import Floats
from exporter.monitor.spec import PerformanceMetric, Task
from exporter.window.profile import Profile

Metrics = Mapping[PerformanceMetric, float]


def performance_of(profile: Profile, task: Task) -> Metrics:
    """The metrics of the task (`METRICS_BY_TASK`) as far as the labelled predictions tell them."""
    if task == "regression":
        return _regression(profile)
    outcomes = _values(profile, catalog.OUTCOMES)
    if outcomes is None:
        return {}
    classes = math.isqrt(len(outcomes))
    matrix = outcomes.reshape(classes, classes)
    return _multiclass(matrix) if task == "multiclass" else _binary(profile, matrix)


def labels_of(profile: Profile) -> int:
    """Labelled predictions that the metrics rest on."""
    labels = _values(profile, catalog.LABELS)
    return 0 if labels is None else int(labels[0])


def _binary(profile: Profile, matrix: Floats) -> Metrics:
    """matrix: float64[2, 2], [actual, predicted]."""
    hits, actual, predicted = matrix[1, 1], matrix[1].sum(), matrix[:, 1].sum()
    means: dict[PerformanceMetric, float] = {
        "log_loss": _mean(profile, catalog.LOG_LOSS),
        "brier": _mean(profile, catalog.BRIER_SCORE),
    }
    ratios: dict[PerformanceMetric, float] = {
        "accuracy": _ratio(float(np.trace(matrix)), matrix.sum()),
        "precision": _ratio(hits, predicted),
        "recall": _ratio(hits, actual),
        "f1": _ratio(2 * hits, actual + predicted),
    }
    return _defined({**ratios, **_of_scores(profile), **means})


def _of_scores(profile: Profile) -> dict[PerformanceMetric, float]:
    """AUC = P(score of a positive > score of a negative), ties within a bin counting half (Hanley and McNeil, 1982);
    ECE = Σ_b |positives_b - Σ scores_b| / n (Naeini, Cooper and Hauskrecht, 2015)."""
    counts, sums = _values(profile, catalog.SCORE_BIN), _values(profile, catalog.SCORE_BIN_SCORE_SUM)
    if counts is None or sums is None:
        return {}
    negatives, positives = counts.reshape(2, -1)
    pairs = float(positives @ (np.cumsum(negatives) - negatives / 2))
    gaps = np.abs(positives - sums.reshape(2, -1).sum(axis=0)).sum()
    return {"auc": _ratio(pairs, positives.sum() * negatives.sum()), "ece": _ratio(gaps, counts.sum())}


def _multiclass(matrix: Floats) -> Metrics:
    """matrix: float64[C + 1, C + 1], the last class standing for those that are not known. Averages are macro."""
    hits, actual, predicted = np.diag(matrix)[:-1], matrix[:-1].sum(axis=1), matrix[:, :-1].sum(axis=0)
    return _defined(
        {
            "accuracy": _ratio(hits.sum(), matrix.sum() - matrix[-1, -1]),
            "precision": _mean_ratio(hits, predicted),
            "recall": _mean_ratio(hits, actual),
            "f1": _mean_ratio(2 * hits, actual + predicted),
        }
    )


def _regression(profile: Profile) -> Metrics:
    signed = _values(profile, catalog.ERROR_SIGNED)
    bias = math.nan if signed is None else _ratio(signed[0] - signed[1], labels_of(profile))
    return _defined(
        {
            "mae": _mean(profile, catalog.ERROR_ABSOLUTE),
            "rmse": math.sqrt(_mean(profile, catalog.ERROR_SQUARED)),
            "bias": bias,
        }
    )


def _values(profile: Profile, metric: catalog.Metric) -> Floats | None:
    family = profile.family(metric)
    return None if family is None else family.values.astype(np.float64)


def _mean(profile: Profile, metric: catalog.Metric) -> float:
    """The mean over labels of a sum; NaN where there is none."""
    total = _values(profile, metric)
    return math.nan if total is None else _ratio(float(total[0]), labels_of(profile))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else math.nan


def _mean_ratio(parts: Floats, wholes: Floats) -> float:
    """The mean over the classes that have a whole."""
    is_there = wholes > 0
    return float((parts[is_there] / wholes[is_there]).mean()) if is_there.any() else math.nan


def _defined(metrics: Mapping[PerformanceMetric, float]) -> Metrics:
    return {metric: value for metric, value in metrics.items() if not math.isnan(value)}
