"""InfranautPerformanceLow: a metric whose whole confidence interval lies beyond its objective, on enough labels."""

from __future__ import annotations

from exporter.monitor.spec import Monitor, Objective
from rules import names
from rules.alert_text import METRICS, SEGMENT, VERSION, looked_up, looked_up_count, looked_up_threshold, plain
from rules.group import AlertingRule
from rules.hold import hold
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.names import Side
from rules.performance_causes import performance_causes
from rules.promql import against_threshold, equals, select

_OF_MODEL = (names.JOB, names.MONITOR, names.MODEL_VERSION)
_DIGITS = 'printf "%.4g"'


def performance_low(monitor: Monitor, objective: Objective, links: Links) -> list[AlertingRule]:
    """The end of the interval that is nearer to the objective lies beyond it too."""
    window = monitor.spec.performance.window
    labels = names.labels_increase(window)
    of_segment = (*_OF_MODEL, names.SEGMENT) if monitor.spec.segments else _OF_MODEL
    metric = objective.metric
    of_class = f" of class {{{{ $labels.{names.CLASS} }}}}" if objective.class_ else ""
    draft = AlertDraft(
        alert=names.PERFORMANCE_LOW,
        expr=_expression(monitor, objective),
        hold=hold(monitor.spec.performance.hold, window),
        labels={
            names.METRIC: metric,
            names.BOUND: objective.bound,
            names.WINDOW: window,
            **({names.CLASS: objective.class_} if objective.class_ else {}),
        },
        summary=f"{monitor.name}: {METRICS[metric]}{of_class} of version {VERSION}{SEGMENT} misses its objective",
        description=(
            f"Over {window}, {METRICS[metric]}{of_class} of model {plain(monitor.spec.model.name)} "
            f"(version {VERSION}{SEGMENT}) is {{{{ $value | {_DIGITS} }}}} (confidence interval "
            f"{_bound('lower', objective, window, of_segment)} to {_bound('upper', objective, window, of_segment)}); "
            f"its {objective.bound} is "
            f"{looked_up_threshold(monitor, objective.check, _DIGITS)}. "
            f"It rests on {looked_up_count(labels, of_segment)} labels."
            f"{''.join(f' {cause}' for cause in performance_causes(monitor, objective))}"
        ),
    )
    return monitor_alerts(monitor, draft, links)


def _expression(monitor: Monitor, objective: Objective) -> str:
    window = monitor.spec.performance.window
    side: Side
    side, comparison = ("upper", "<") if objective.bound == "minimum" else ("lower", ">")
    value, bound = names.performance, names.performance_bound
    matchers: tuple[str, ...] = ()
    join = "and"
    if objective.class_ is not None:
        value, bound = names.class_performance, names.class_performance_bound
        matchers, join = (equals(names.CLASS, objective.class_),), f"and ignoring ({names.CLASS})"
    beyond = select(bound(objective.metric, side, window), monitor, *matchers)
    enough = against_threshold(select(names.labels_increase(window), monitor), ">=", monitor, "performance_rows")
    return "\n".join(
        (
            select(value(objective.metric, window), monitor, *matchers),
            f"and {against_threshold(beyond, comparison, monitor, objective.check)}",
            f"{join} {enough}",
        )
    )


def _bound(side: Side, objective: Objective, window: str, of_segment: tuple[str, ...]) -> str:
    if objective.class_ is None:
        return looked_up(names.performance_bound(objective.metric, side, window), of_segment, _DIGITS)
    series = names.class_performance_bound(objective.metric, side, window)
    return looked_up(series, (*of_segment, names.CLASS), _DIGITS)
