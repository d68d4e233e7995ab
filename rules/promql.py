"""Builds PromQL; whatever a person wrote enters a query through `literal` only."""

from __future__ import annotations

from exporter import catalog
from exporter.catalog import Metric
from exporter.monitor.promql_literal import literal
from exporter.monitor.spec import Monitor
from rules import names


def equals(label: str, value: str) -> str:
    return f"{label}={literal(value)}"


def differs(label: str, value: str) -> str:
    return f"{label}!={literal(value)}"


def matches(label: str, pattern: str) -> str:
    return f"{label}=~{literal(pattern)}"


def select(series: str, monitor: Monitor, *matchers: str) -> str:
    """The series of one monitor; `matchers` as `equals` and its like make them."""
    return f"{series}{{{','.join((equals(names.MONITOR, monitor.name), *matchers))}}}"


def without(*labels: str) -> str:
    return f"without ({', '.join(labels)})"


def pooled_labels(monitor: Monitor) -> tuple[str, ...]:
    """The labels of replicas and segments, which all rules but those of performance pool."""
    return (*names.REPLICA_LABELS, names.SEGMENT) if monitor.spec.segments else names.REPLICA_LABELS


def total_increase(
    series: str, monitor: Monitor, window: str, *matchers: str, pool: tuple[str, ...] = names.REPLICA_LABELS
) -> str:
    """How much a counter grew in the window, summed over the labels `pool`."""
    return f"sum {without(*pool)} (increase({select(series, monitor, *matchers)}[{window}]))"


def total_rate(
    series: str, monitor: Monitor, window: str, *matchers: str, pool: tuple[str, ...] = names.REPLICA_LABELS
) -> str:
    """How much a counter grows a second, summed over the labels `pool`."""
    return f"sum {without(*pool)} (rate({select(series, monitor, *matchers)}[{window}]))"


def threshold(monitor: Monitor, check: str) -> str:
    """The threshold that the exporter exposes for a check: one series for each job and monitor."""
    series = select(catalog.MONITOR_THRESHOLD.name, monitor, equals(names.CHECK, check))
    return f"max {without(*names.REPLICA_LABELS)} ({series})"


def against_threshold(value: str, comparison: str, monitor: Monitor, check: str) -> str:
    """Keeps the values that compare so with the monitor's threshold."""
    on_monitor = f"on ({', '.join(names.MONITOR_LABELS)}) group_left ()"
    return f"{value} {comparison} {on_monitor} {threshold(monitor, check)}"


def family(metric: Metric) -> str:
    """The name of a counter without `_total`, as it stands in recorded names."""
    return metric.name.removesuffix("_total")


def number(value: float) -> str:
    """A number as short as it can be written."""
    return f"{value:.17g}" if value != float(f"{value:g}") else f"{value:g}"
