"""Performance of a binary model: from the confusion matrix, the score bins and the sums of losses."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor, PerformanceMetric
from rules import names
from rules.confidence import Bound, both, f1_of, wilson, zscore
from rules.group import RecordingRule
from rules.labelled import labelled_increase, mean_bounds, mean_over_labels
from rules.promql import equals, select, without
from rules.score_bins import score_bin_rules

POSITIVE = "1"
NEGATIVE = "0"
_OUTCOME = without(names.ACTUAL, names.PREDICTED)


def rules(monitor: Monitor) -> list[RecordingRule]:
    """Accuracy, precision, recall, F1, AUC, ECE, log loss and Brier score, each with its confidence interval."""
    window = monitor.spec.performance.window
    return [
        *_confusion_matrix(monitor),
        *_ratios(monitor),
        *score_bin_rules(monitor),
        *mean_over_labels(names.performance("log_loss", window), catalog.LOG_LOSS, monitor),
        *mean_over_labels(names.performance("brier", window), catalog.BRIER_SCORE, monitor),
        *mean_bounds("log_loss", catalog.LOG_LOSS_SQUARES, monitor),
        *mean_bounds("brier", catalog.BRIER_SCORE_SQUARES, monitor),
    ]


def _confusion_matrix(monitor: Monitor) -> list[RecordingRule]:
    window = monitor.spec.performance.window
    matrix = names.outcomes_increase(window)
    actual, predicted = equals(names.ACTUAL, POSITIVE), equals(names.PREDICTED, POSITIVE)
    right = [
        select(matrix, monitor, equals(names.ACTUAL, outcome), equals(names.PREDICTED, outcome))
        for outcome in (POSITIVE, NEGATIVE)
    ]
    sums = {
        names.outcomes_total(window): select(matrix, monitor),
        names.outcomes_correct(window): " or ".join(right),
        names.outcomes_count("true_positive", window): right[0],
        names.outcomes_count("actual_positive", window): select(matrix, monitor, actual),
        names.outcomes_count("predicted_positive", window): select(matrix, monitor, predicted),
    }
    return [
        labelled_increase(matrix, catalog.OUTCOMES, monitor),
        *(RecordingRule(record, f"sum {_OUTCOME} ({cells})") for record, cells in sums.items()),
    ]


def _ratios(monitor: Monitor) -> list[RecordingRule]:
    """Numerators and denominators stand recorded; a ratio over nothing has no series."""
    window = monitor.spec.performance.window
    total = select(names.outcomes_total(window), monitor)
    correct = select(names.outcomes_correct(window), monitor)
    hits, actual, predicted = (
        select(names.outcomes_count(what, window), monitor)
        for what in ("true_positive", "actual_positive", "predicted_positive")
    )
    return [
        RecordingRule(names.performance("accuracy", window), f"{correct} / ({total} > 0)"),
        RecordingRule(names.performance("precision", window), f"{hits} / ({predicted} > 0)"),
        RecordingRule(names.performance("recall", window), f"{hits} / ({actual} > 0)"),
        RecordingRule(names.performance("f1", window), f"2 * {hits} / ({actual} + {predicted} > 0)"),
        *_bounds("accuracy", wilson(correct, total, zscore(monitor)), window),
        *_bounds("precision", wilson(hits, predicted, zscore(monitor)), window),
        *_bounds("recall", wilson(hits, actual, zscore(monitor)), window),
        *_bounds("f1", f1_of(wilson(hits, f"({actual} + {predicted} - {hits})", zscore(monitor))), window),
    ]


def _bounds(metric: PerformanceMetric, interval: Bound, window: str) -> list[RecordingRule]:
    return both(lambda side: names.performance_bound(metric, side, window), interval)
