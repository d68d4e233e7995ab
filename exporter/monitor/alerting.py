"""Which alerts there are, how loud they are, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from exporter.monitor.duration import DurationField
from exporter.monitor.strict import LabelValue, StrictModel

Severity = Literal["info", "warning", "critical"]
AlertKind = Literal["drift", "performance", "labels", "quality", "traffic", "resources", "slo", "self"]
AlertName = Literal[
    "InfranautFeatureDrift",
    "InfranautPerformanceLow",
    "InfranautDataInvalid",
    "InfranautNoPredictions",
]
"""The alerts of a monitor."""

KINDS: Mapping[AlertName, AlertKind] = {
    "InfranautFeatureDrift": "drift",
    "InfranautPerformanceLow": "performance",
    "InfranautDataInvalid": "quality",
    "InfranautNoPredictions": "traffic",
}


class Route(StrictModel):
    """Who is told; each value names a receiver (secrets come from files, never from a monitor)."""

    pagerduty: LabelValue | None = None
    """A PagerDuty service."""
    slack: LabelValue | None = None
    """A Slack channel."""
    webhook: str | None = None
    """An address that takes Alertmanager's webhook."""


class Escalation(StrictModel):
    """A second, louder alert when the first has lasted."""

    after: DurationField
    """How much longer than the first alert it must have lasted."""
    severity: Severity = "critical"
    """Of the second alert."""


class AlertTuning(StrictModel):
    """What one alert does differently."""

    severity: Severity | None = None
    """In place of that of all alerts."""
    hold: DurationField | None = None
    """How long it must last before it alerts (`for`)."""
    keep_firing_for: DurationField | None = None
    """How long it goes on firing after its reason is gone."""
    labels: dict[LabelValue, LabelValue] = {}
    """Labels beside those of all alerts."""
    escalate: Escalation | None = None
    """In place of that of all alerts."""


class Alerts(StrictModel):
    """How loud, and to whom."""

    severity: Severity = "warning"
    """In the label `severity` of this monitor's alerts."""
    route: Route = Route()
    """Who is told."""
    labels: dict[LabelValue, LabelValue] = {}
    """Labels of every alert of this monitor."""
    keep_firing_for: DurationField | None = None
    """How long an alert goes on firing after its reason is gone, so that it does not flap."""
    escalate: Escalation | None = None
    """A second alert, when the first has lasted."""
    tuning: dict[AlertName, AlertTuning] = {}
    """What single alerts do differently, by the alert's name."""
