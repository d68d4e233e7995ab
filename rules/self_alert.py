"""Alerts about the exporter itself: what all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rules import names
from rules.group import AlertingRule
from rules.links import Links


@dataclass(frozen=True, slots=True)
class SelfAlertDraft:
    """What fires, for how long it must, how loud it is, and what it says; `none` wakes nobody."""

    alert: str
    expr: str
    hold: str
    summary: str
    description: str
    severity: Literal["none", "info", "warning", "critical"] = "warning"
    labels: Mapping[str, str] = field(default_factory=dict)


def self_alert(draft: SelfAlertDraft, links: Links) -> AlertingRule:
    return AlertingRule(
        alert=draft.alert,
        expr=draft.expr,
        hold=draft.hold,
        labels={names.SEVERITY: draft.severity, names.KIND: "self", **draft.labels},
        annotations={"summary": draft.summary, "description": draft.description, **links.annotations(draft.alert)},
    )
