"""Which alerts there are, how loud they are, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import field_validator, model_validator

from exporter.monitor.duration import DurationField
from exporter.monitor.muting import Mute
from exporter.monitor.routing import Route
from exporter.monitor.severity import Severity
from exporter.monitor.strict import LabelName, LabelValue, StrictModel, as_list

AlertKind = Literal["drift", "performance", "labels", "quality", "traffic", "resources", "slo", "self"]
AlertName = Literal[
    "InfranautFeatureDrift",
    "InfranautModelDrift",
    "InfranautPeriodDrift",
    "InfranautVersionDrift",
    "InfranautPerformanceLow",
    "InfranautLabelCoverageLow",
    "InfranautDataInvalid",
    "InfranautMissingValues",
    "InfranautRecordsRejected",
    "InfranautNoPredictions",
    "InfranautTrafficAnomaly",
    "InfranautReferenceOld",
    "InfranautResourcesHigh",
    "InfranautSloBurn",
    "InfranautSloBudgetSpent",
    "InfranautSloBudgetEnding",
]
"""The alerts of a monitor."""

KINDS: Mapping[AlertName, AlertKind] = {
    "InfranautFeatureDrift": "drift",
    "InfranautModelDrift": "drift",
    "InfranautPeriodDrift": "drift",
    "InfranautVersionDrift": "drift",
    "InfranautPerformanceLow": "performance",
    "InfranautLabelCoverageLow": "labels",
    "InfranautDataInvalid": "quality",
    "InfranautMissingValues": "quality",
    "InfranautRecordsRejected": "quality",
    "InfranautNoPredictions": "traffic",
    "InfranautTrafficAnomaly": "traffic",
    "InfranautReferenceOld": "drift",
    "InfranautResourcesHigh": "resources",
    "InfranautSloBurn": "slo",
    "InfranautSloBudgetSpent": "slo",
    "InfranautSloBudgetEnding": "slo",
}


class RoutedAlerts(StrictModel):
    """Some of the alerts, and who is told of them. All of its keys must fit."""

    to: Route
    """Who is told, in place of everybody else; nobody where it is empty."""
    severity: list[Severity] = []
    """One or several; any where absent."""
    kind: list[AlertKind] = []
    """One or several; any where absent."""
    alert: list[AlertName] = []
    """Names of alerts, one or several; any where absent."""
    goes_on: bool = False
    """Whether those who come after this are told as well."""

    _severity = field_validator("severity", mode="before", json_schema_input_type=Severity | list[Severity])(as_list)
    _kind = field_validator("kind", mode="before", json_schema_input_type=AlertKind | list[AlertKind])(as_list)
    _alert = field_validator("alert", mode="before", json_schema_input_type=AlertName | list[AlertName])(as_list)

    @model_validator(mode="after")
    def _is_some_of_them(self) -> Self:
        if not (self.severity or self.kind or self.alert):
            raise ValueError("fits every alert, expected severity, kind or alert; who is told of all stands in route")
        return self


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
    labels: dict[LabelName, LabelValue] = {}
    """Labels beside those of all alerts."""
    escalate: Escalation | None = None
    """In place of that of all alerts."""


class Alerts(StrictModel):
    """How loud, and to whom."""

    severity: Severity = "warning"
    """In the label `severity` of this monitor's alerts."""
    route: Route = Route()
    """Who is told of what `routes` does not take; those of the team where absent."""
    routes: list[RoutedAlerts] = []
    """Who is told instead, the first that fits; those of the team where absent."""
    mute: list[Mute] = []
    """When nobody is told; that of the team where absent."""
    labels: dict[LabelName, LabelValue] = {}
    """Labels of every alert of this monitor."""
    keep_firing_for: DurationField | None = None
    """How long an alert goes on firing after its reason is gone, so that it does not flap."""
    escalate: Escalation | None = None
    """A second alert, when the first has lasted."""
    tuning: dict[AlertName, AlertTuning] = {}
    """What single alerts do differently, by the alert's name."""
