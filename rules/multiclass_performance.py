"""Performance of a multiclass model: of each class, and averaged over the classes (macro)."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.spec import Monitor, PerformanceMetric
from rules import names
from rules.confidence import Bound, average_interval, both, f1_of, wilson, zscore
from rules.group import RecordingRule
from rules.labelled import labelled_increase
from rules.names import Side
from rules.promql import differs, equals, select, without

_OUTCOME = without(names.ACTUAL, names.PREDICTED)


def rules(monitor: Monitor) -> list[RecordingRule]:
    """Accuracy; precision, recall and F1 of each class and their plain averages.

    A class that was never predicted has no precision, one that never occurred no recall; an average leaves such out.
    Predictions of an unknown class for an unknown class are neither right nor wrong and count nowhere.
    """
    window = monitor.spec.performance.window
    total, correct = names.outcomes_total(window), names.outcomes_correct(window)
    return [
        labelled_increase(names.outcomes_increase(window), catalog.OUTCOMES, monitor),
        RecordingRule(total, f"sum {_OUTCOME} ({_known_cells(monitor)})"),
        RecordingRule(correct, f"sum {_OUTCOME} ({_diagonal(monitor)})"),
        RecordingRule(
            names.performance("accuracy", window), f"{select(correct, monitor)} / ({select(total, monitor)} > 0)"
        ),
        *both(
            lambda side: names.performance_bound("accuracy", side, window),
            wilson(select(correct, monitor), select(total, monitor), zscore(monitor)),
        ),
        *_class_counts(monitor),
        *_class_metrics(monitor),
    ]


def _known_cells(monitor: Monitor) -> str:
    matrix = names.outcomes_increase(monitor.spec.performance.window)
    unknown = equals(names.ACTUAL, catalog.OTHER), equals(names.PREDICTED, catalog.OTHER)
    return f"{select(matrix, monitor)} unless {select(matrix, monitor, *unknown)}"


def _diagonal(monitor: Monitor) -> str:
    """The cells whose two labels are equal: those of a copy in which `predicted` was overwritten by `actual`."""
    cells = select(
        names.outcomes_increase(monitor.spec.performance.window), monitor, differs(names.ACTUAL, catalog.OTHER)
    )
    return f"{cells} and {_relabelled(f'sum {without(names.PREDICTED)} ({cells})', names.PREDICTED, names.ACTUAL)}"


def _relabelled(vector: str, to: str, source: str) -> str:
    return f'label_replace({vector}, "{to}", "$1", "{source}", "(.*)")'


def _class_counts(monitor: Monitor) -> list[RecordingRule]:
    """Of each known class: how often it was right, occurred and was predicted."""
    window = monitor.spec.performance.window
    matrix = names.outcomes_increase(window)
    occurred = f"sum {without(names.PREDICTED)} ({select(matrix, monitor, differs(names.ACTUAL, catalog.OTHER))})"
    predicted = f"sum {without(names.ACTUAL)} ({select(matrix, monitor, differs(names.PREDICTED, catalog.OTHER))})"
    counts = {
        "true_positive": (f"sum {without(names.PREDICTED)} ({_diagonal(monitor)})", names.ACTUAL),
        "actual": (occurred, names.ACTUAL),
        "predicted": (predicted, names.PREDICTED),
    }
    return [
        RecordingRule(
            names.class_count(what, window),
            f"sum {without(label)} ({_relabelled(vector, names.CLASS, label)})",
        )
        for what, (vector, label) in counts.items()
    ]


def _class_metrics(monitor: Monitor) -> list[RecordingRule]:
    window = monitor.spec.performance.window
    hits, occurred, predicted = (
        select(names.class_count(what, window), monitor) for what in ("true_positive", "actual", "predicted")
    )
    expressions: dict[PerformanceMetric, str] = {
        "precision": f"{hits} / ({predicted} > 0)",
        "recall": f"{hits} / ({occurred} > 0)",
        "f1": f"2 * {hits} / ({occurred} + {predicted} > 0)",
    }
    rules = []
    for metric, expression in expressions.items():
        of_class = names.class_performance(metric, window)
        average = f"avg {without(names.CLASS)} ({select(of_class, monitor)})"
        rules.append(RecordingRule(of_class, expression))
        rules.append(RecordingRule(names.performance(metric, window), average))
    return rules + _bounds(monitor)


def _bounds(monitor: Monitor) -> list[RecordingRule]:
    """Of each class a share; of their averages what independent classes give.

    The mistakes of one class are those of another, which both F1 feel, so that nothing may cancel: the bounds of the
    average F1 are the averages of the bounds.
    """
    window, of_each_class = monitor.spec.performance.window, f"ignoring ({names.CLASS}) group_left ()"
    hits, occurred, predicted = (
        select(names.class_count(what, window), monitor) for what in ("true_positive", "actual", "predicted")
    )
    called = f"({occurred} + {predicted} - {hits})"
    z = zscore(monitor)
    intervals: dict[PerformanceMetric, Bound] = {
        "precision": wilson(hits, predicted, z, of_each_class),
        "recall": wilson(hits, occurred, z, of_each_class),
        "f1": f1_of(wilson(hits, called, z, of_each_class)),
    }
    return [rule for metric, interval in intervals.items() for rule in _interval_rules(metric, interval, monitor)]


def _interval_rules(metric: PerformanceMetric, interval: Bound, monitor: Monitor) -> list[RecordingRule]:
    window, without_class = monitor.spec.performance.window, without(names.CLASS)

    def bound(side: Side) -> str:
        return select(names.class_performance_bound(metric, side, window), monitor)

    average = average_interval(select(names.class_performance(metric, window), monitor), bound, without_class)
    if metric == "f1":
        average = lambda side: f"avg {without_class} ({bound(side)})"  # noqa: E731 - one of two, both short
    return [
        *both(lambda side: names.class_performance_bound(metric, side, window), interval),
        *both(lambda side: names.performance_bound(metric, side, window), average),
    ]
