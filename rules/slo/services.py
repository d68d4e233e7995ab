"""The rules of OpenSLO objectives: one file for each service, with the same series and alerts as those of a monitor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from exporter.monitor.alerting import KINDS
from exporter.monitor.counter_query import increase_of
from exporter.monitor.service_objectives import ServiceSlo
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_text import plain
from rules.group import AlertingRule, RuleGroup
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.promql import number
from rules.slo.indicator import Indicator, recorded
from rules.slo.objectives import INTERVAL, objective_rules
from rules.slo.owner import SloOwner
from rules.slo.series import of_slo

_LABELS = (names.MONITOR, names.SLO)
_DEFAULT_SEVERITY = "warning"


def service_groups(
    objectives: Sequence[ServiceSlo], monitors: Sequence[Monitor], links: Links
) -> Mapping[str, list[RuleGroup]]:
    """The groups of each part of the rule files; a service that is named like a monitor alerts as that monitor does."""
    by_name = {monitor.name: monitor for monitor in monitors}
    ordered = sorted(objectives, key=lambda slo: (slo.service, slo.name))
    return {
        names.service_part(service): [_group(service, list(slos), by_name.get(service), links)]
        for service, slos in groupby(ordered, key=lambda slo: slo.service)
    }


def _group(service: str, slos: Sequence[ServiceSlo], monitor: Monitor | None, links: Links) -> RuleGroup:
    objectives = [(_owner(slo, monitor, links), slo.slo.terms) for slo in slos]
    indicators = [
        rule for slo in slos for rule in recorded(_indicator(slo), {names.MONITOR: service, names.SLO: slo.name})
    ]
    return RuleGroup(names.group(service, "openslo"), tuple(objective_rules(objectives, indicators)), INTERVAL)


def _owner(slo: ServiceSlo, monitor: Monitor | None, links: Links) -> SloOwner:
    return SloOwner(
        name=slo.service,
        title=plain(slo.service),
        labels=_LABELS,
        tell=lambda draft: _alerts(draft, slo, monitor, links),
    )


def _alerts(draft: AlertDraft, slo: ServiceSlo, monitor: Monitor | None, links: Links) -> list[AlertingRule]:
    if monitor is not None:
        return monitor_alerts(monitor, draft, links)
    labels = {
        **{label: plain(text) for label, text in slo.slo.labels.items()},
        names.SEVERITY: draft.severity or _DEFAULT_SEVERITY,
        names.KIND: KINDS[draft.alert],
        names.MONITOR: slo.service,
        **draft.labels,
    }
    texts = {"summary": draft.summary, "description": draft.description, **links.annotations(draft.alert)}
    return [AlertingRule(draft.alert, draft.expr, draft.hold, labels, texts)]


def _indicator(slo: ServiceSlo) -> Indicator:
    target = slo.slo.spec.objectives[0]
    if target.timeSliceWindow is None or target.timeSliceTarget is None:
        events = increase_of(slo.ratio.total.query, names.SLO_STEP)
        counted = f"sum({of_slo(names.slo_events(names.SLO_STEP), slo.service, slo.name)})"
        return Indicator(events, _bad_events(slo, counted, names.SLO_STEP))
    return _slices(slo, target.timeSliceWindow, target.timeSliceTarget)


def _slices(slo: ServiceSlo, window: str, target: float) -> Indicator:
    """Slices with events, and those of them in which the share of good events is below its own target."""
    total = f"({increase_of(slo.ratio.total.query, window)} > 0)"
    judged = f"{total} ^ 0"
    bad = f"{_bad_events(slo, total, window)} / {total} > bool (1 - {number(target)})"
    if window == names.SLO_STEP:
        return Indicator(judged, bad)
    return Indicator(*(f"sum_over_time(({each})[{names.SLO_STEP}:{window}])" for each in (judged, bad)))


def _bad_events(slo: ServiceSlo, total: str, window: str) -> str:
    """Without a series of its own side, nothing was bad, or nothing good."""
    ratio = slo.ratio
    if ratio.bad is not None:
        return f"({increase_of(ratio.bad.query, window)} or 0 * {total})"
    good = increase_of(ratio.good.query, window) if ratio.good is not None else total
    return f"clamp_min({total} - ({good} or 0 * {total}), 0)"
