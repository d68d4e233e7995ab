"""Sums over labelled predictions, for each segment and for all segments together."""

from __future__ import annotations

from exporter import catalog
from exporter.catalog import Metric
from exporter.monitor.spec import Monitor, PerformanceMetric
from rules import names
from rules.confidence import both, mean_interval, zscore
from rules.group import RecordingRule
from rules.promql import family, select, without


def labelled_increase(record: str, metric: Metric, monitor: Monitor) -> RecordingRule:
    """How much a counter grew in the window of performance, under `record`."""
    grown = f"increase({select(metric.name, monitor)}[{monitor.spec.performance.window}])"
    return RecordingRule(record, labelled_sum(grown, monitor))


def labelled_sum(counts: str, monitor: Monitor) -> str:
    """Pooled over replicas, and in a monitor with segments over those as well: that sum carries no label `segment`.

    What is recorded from both keeps them apart, so every metric comes for each segment and for the whole.
    """
    each = f"sum {without(*names.REPLICA_LABELS)} ({counts})"
    total = f"sum {without(*names.REPLICA_LABELS, names.SEGMENT)} ({counts})"
    return f"{each} or {total}" if monitor.spec.segments else each


def mean_over_labels(record: str, metric: Metric, monitor: Monitor) -> list[RecordingRule]:
    """The counter's growth for each labelled prediction; without labels there is no series."""
    window = monitor.spec.performance.window
    grown = names.model_increase(family(metric), window)
    return [
        labelled_increase(grown, metric, monitor),
        RecordingRule(record, f"{select(grown, monitor)} / {some_labels(monitor)}"),
    ]


def mean_bounds(metric: PerformanceMetric, squares: Metric, monitor: Monitor) -> list[RecordingRule]:
    """The confidence interval of a mean over labels, with the sum of the squares of what it is the mean of."""
    window, deff = monitor.spec.performance.window, monitor.spec.performance.design_effect
    record = names.model_increase(family(squares), window)
    mean = select(names.performance(metric, window), monitor)
    interval = mean_interval(mean, select(record, monitor), some_labels(monitor), zscore(monitor), deff)
    return [
        labelled_increase(record, squares, monitor),
        *both(lambda side: names.performance_bound(metric, side, window), interval),
    ]


def some_labels(monitor: Monitor) -> str:
    """Labelled predictions in the window, where there are any."""
    return f"({select(names.labels_increase(monitor.spec.performance.window), monitor)} > 0)"


def label_rules(monitor: Monitor) -> list[RecordingRule]:
    """Labels joined, expired, pending, and the share of predictions that get one."""
    window = monitor.spec.performance.window
    joined = select(names.labels_increase(window), monitor)
    expired = select(names.labels_expired_increase(window), monitor)
    pending = select(catalog.LABELS_PENDING.name, monitor)
    return [
        labelled_increase(names.labels_increase(window), catalog.LABELS, monitor),
        labelled_increase(names.labels_expired_increase(window), catalog.LABELS_EXPIRED, monitor),
        RecordingRule(names.label_coverage(window), f"{joined} / ({joined} + {expired} > 0)"),
        RecordingRule(names.labels_pending(), labelled_sum(pending, monitor)),
    ]
