"""InfranautPerformanceLow: a metric beyond its objective, on enough labels."""

from __future__ import annotations

from exporter.monitor.spec import Monitor, Objective
from rules import names
from rules.alert_text import SEGMENT, VERSION, looked_up, plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import against_threshold, number, select

_OF_MODEL = (names.JOB, names.MONITOR, names.MODEL_VERSION)


def performance_low(monitor: Monitor, objective: Objective, links: Links) -> list[AlertingRule]:
    """A metric beyond its objective, on enough labels."""
    window = monitor.spec.performance.window
    bound, comparison, limit = ("minimum", "<", objective.minimum)
    if objective.maximum is not None:
        bound, comparison, limit = ("maximum", ">", objective.maximum)
    value = select(names.performance(objective.metric, window), monitor)
    labels = names.labels_increase(window)
    of_segment = (*_OF_MODEL, names.SEGMENT) if monitor.spec.segments else _OF_MODEL
    draft = AlertDraft(
        alert=names.PERFORMANCE_LOW,
        expr="\nand ".join(
            (
                against_threshold(value, comparison, monitor, f"performance_{objective.metric}_{bound}"),
                against_threshold(select(labels, monitor), ">=", monitor, "performance_rows"),
            )
        ),
        hold=hold(monitor.spec.performance.hold, window),
        labels={names.METRIC: objective.metric, names.BOUND: bound, names.WINDOW: window},
        summary=f"{monitor.name}: {objective.metric} of version {VERSION}{SEGMENT} misses its objective",
        description=(
            f"Over {window}, {objective.metric} of model {plain(monitor.spec.model.name)} "
            f"(version {VERSION}{SEGMENT})"
            f' is {{{{ $value | printf "%.4g" }}}}; its {bound} is {number(limit or 0)}. '
            f"It rests on {looked_up(labels, of_segment, 'humanize')} labels."
        ),
    )
    return monitor_alerts(monitor, draft, links)
