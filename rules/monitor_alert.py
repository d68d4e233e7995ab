"""The alerts of a monitor: what all of them share, and what the monitor tunes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.monitor.alerting import KINDS, AlertName, AlertTuning
from exporter.monitor.duration import Duration, duration_text
from exporter.monitor.severity import is_louder
from exporter.monitor.spec import Escalation, Monitor, Severity
from rules import names
from rules.alert_text import plain
from rules.group import AlertingRule
from rules.links import Links


@dataclass(frozen=True, slots=True)
class AlertDraft:
    """An alert before the monitor's own wishes: its condition, its default `hold`, own labels, and what it says.

    expr fires for each series that it yields; `summary` and `description` are Go templates.
    """

    alert: AlertName
    expr: str
    hold: str
    summary: str
    description: str
    labels: Mapping[str, str] = field(default_factory=dict)
    severity: Severity | None = None


def monitor_alerts(monitor: Monitor, draft: AlertDraft, links: Links) -> list[AlertingRule]:
    """The alert, and a second, later and louder one where the monitor escalates it."""
    alerts = monitor.spec.alerts
    tuning = alerts.tuning.get(draft.alert, AlertTuning())
    hold = Duration(tuning.hold or draft.hold)
    severity = tuning.severity or draft.severity or alerts.severity
    first = _rule(monitor, draft, links, tuning, severity, hold)
    escalation = tuning.escalate or alerts.escalate
    if escalation is None or not is_louder(escalation.severity, severity):
        return [first]
    return [first, _rule(monitor, draft, links, tuning, escalation.severity, _escalated(hold, escalation))]


def _rule(
    monitor: Monitor, draft: AlertDraft, links: Links, tuning: AlertTuning, severity: Severity, hold: Duration
) -> AlertingRule:
    alerts = monitor.spec.alerts
    given = monitor.metadata.labels
    texts = {
        **{label: given[label] for label in (names.TEAM, names.TIER) if label in given},
        **alerts.labels,
        **tuning.labels,
        names.SEVERITY: severity,
        names.KIND: KINDS[draft.alert],
        names.MONITOR: monitor.name,
        **draft.labels,
    }
    return AlertingRule(
        alert=draft.alert,
        expr=draft.expr,
        hold=str(hold),
        labels={label: plain(text) for label, text in texts.items()},
        annotations={
            "summary": draft.summary,
            "description": draft.description,
            **links.annotations(draft.alert, monitor),
        },
        keep_firing_for=str(tuning.keep_firing_for or alerts.keep_firing_for or "") or None,
    )


def _escalated(hold: Duration, escalation: Escalation) -> Duration:
    return duration_text(hold.seconds + escalation.after.seconds)
