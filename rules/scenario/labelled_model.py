"""A labelled model whose metric has a given value, of whatever metric."""

from __future__ import annotations

from collections.abc import Callable

from exporter import catalog
from exporter.catalog import Metric
from exporter.monitor.spec import Monitor, Objective, PerformanceMetric
from rules import names
from rules.scenario.series import a_series
from rules.scenario.signal import Growth

_OF_CONFUSION: tuple[PerformanceMetric, ...] = ("accuracy", "precision", "recall", "f1")
_HIGH_BIN, _LOW_BIN = "s01", "s00"


def labelled_counts(monitor: Monitor, objective: Objective, value: float, rows: float) -> Growth:
    """So many labelled predictions in a window, over which the metric of the objective is `value`."""
    counts = {a_series(catalog.LABELS, monitor): rows, a_series(catalog.PREDICTIONS, monitor): rows}
    if objective.metric in _OF_CONFUSION:
        return {**counts, **_confusion(monitor, objective.class_, value, rows)}
    return {**counts, **_COUNTS[objective.metric](monitor, value, rows)}


def _confusion(monitor: Monitor, of_class: str | None, value: float, rows: float) -> Growth:
    """Two classes equally often, and the share `value` of each right: all ratios of the matrix are that value."""
    binary = monitor.spec.model.task == "binary"
    classes = ("1", "0") if binary else (of_class or "a", *monitor.spec.model.classes, "b")
    yes, no = tuple(dict.fromkeys(classes))[:2]
    right, wrong = rows * value / 2, rows * (1 - value) / 2
    cells = {(yes, yes): right, (yes, no): wrong, (no, yes): wrong, (no, no): right}
    return {
        a_series(catalog.OUTCOMES, monitor, actual=actual, predicted=predicted): count
        for (actual, predicted), count in cells.items()
    }


def _ranked(monitor: Monitor, value: float, rows: float) -> Growth:
    """Positives score high with the share v, negatives with 1 - v: AUC is v² + v (1 - v) = v, ties counting half."""
    right, wrong = rows * value / 2, rows * (1 - value) / 2
    cells = {("1", _HIGH_BIN): right, ("1", _LOW_BIN): wrong, ("0", _HIGH_BIN): wrong, ("0", _LOW_BIN): right}
    return {
        a_series(catalog.SCORE_BIN, monitor, actual=actual, bin=name): count for (actual, name), count in cells.items()
    }


def _calibrated(monitor: Monitor, value: float, rows: float) -> Growth:
    """A model that is always right and whose scores are `value` away from 1 and 0."""
    sums = {("1", _HIGH_BIN): rows * (1 - value) / 2, ("0", _LOW_BIN): rows * value / 2}
    return {
        **_ranked(monitor, 1.0, rows),
        **{
            a_series(catalog.SCORE_BIN_SCORE_SUM, monitor, actual=actual, bin=name): total
            for (actual, name), total in sums.items()
        },
    }


def _mean_of(metric: Metric, squares: Metric) -> Callable[[Monitor, float, float], Growth]:
    """Every row the mean itself, so that there is no doubt about it."""
    return lambda monitor, value, rows: {
        a_series(metric, monitor): rows * value,
        a_series(squares, monitor): rows * value**2,
    }


def _squared(monitor: Monitor, value: float, rows: float) -> Growth:
    return {
        a_series(catalog.ERROR_SQUARED, monitor): rows * value**2,
        a_series(catalog.ERROR_SQUARED_SQUARES, monitor): rows * value**4,
    }


def _signed(monitor: Monitor, value: float, rows: float) -> Growth:
    sums = {"positive": max(value, 0.0), "negative": max(-value, 0.0)}
    return {
        a_series(catalog.ERROR_SQUARED, monitor): rows * value**2,
        **{a_series(catalog.ERROR_SIGNED, monitor, **{names.SIGN: sign}): rows * size for sign, size in sums.items()},
    }


_COUNTS: dict[PerformanceMetric, Callable[[Monitor, float, float], Growth]] = {
    "auc": _ranked,
    "ece": _calibrated,
    "log_loss": _mean_of(catalog.LOG_LOSS, catalog.LOG_LOSS_SQUARES),
    "brier": _mean_of(catalog.BRIER_SCORE, catalog.BRIER_SCORE_SQUARES),
    "mae": _mean_of(catalog.ERROR_ABSOLUTE, catalog.ERROR_SQUARED),
    "rmse": _squared,
    "bias": _signed,
}
