"""InfranautWatchdog: fires always; what waits for it elsewhere tells when alerts no longer flow."""

from __future__ import annotations

from rules import names
from rules.group import AlertingRule
from rules.links import Links
from rules.self_alert import SelfAlertDraft, self_alert


def watchdog(links: Links) -> AlertingRule:
    """For a dead man's switch: it proves that rules are evaluated and that Alertmanager delivers."""
    draft = SelfAlertDraft(
        alert=names.WATCHDOG,
        expr="vector(1)",
        hold="0s",
        severity="none",
        summary="Alerts of Infranaut flow",
        description="This alert always fires. When it stops, Prometheus no longer evaluates the rules of Infranaut, or "
        "Alertmanager no longer delivers.",
    )
    return self_alert(draft, links)
