"""One entry of a receiver for each thing that people are told over: what it says, and where its secret is."""

from __future__ import annotations

from alertmanager.receiver_names import secret_file
from alertmanager.templates import COLOUR, DASHBOARD, HTML, SLACK, SLACK_TITLE, TEXT, TITLE, include
from exporter.monitor.routing import Route, is_address
from rules.alert_text import plain
from rules.names import MONITOR, SEVERITY

_SEVERITY = f"{{{{ .CommonLabels.{SEVERITY} }}}}"
_DASHBOARD = include(DASHBOARD)
_RUNBOOK = "{{ .CommonAnnotations.runbook_url }}"
_ALERT = "{{ .GroupLabels.alertname }}"
_OF_MONITOR = f"{{{{ .GroupLabels.{MONITOR} }}}}"
_PRIORITY = (
    f'{{{{ if eq .CommonLabels.{SEVERITY} "critical" }}}}P1'
    f'{{{{ else if eq .CommonLabels.{SEVERITY} "warning" }}}}P3{{{{ else }}}}P5{{{{ end }}}}'
)


def pagerduty(route: Route, secrets: str) -> dict[str, object]:
    """Newer versions read details as YAML where they can; the asterisk that the text begins with keeps it text."""
    return {
        "routing_key_file": secret_file(secrets, route.pagerduty or "", "pagerduty"),
        "send_resolved": True,
        "severity": f'{{{{ or .CommonLabels.{SEVERITY} "error" }}}}',
        "class": _ALERT,
        "component": _OF_MONITOR,
        "description": include(TITLE),
        "details": {"alerts": include(TEXT)},
        "links": [{"href": _RUNBOOK, "text": "What to do"}, {"href": _DASHBOARD, "text": "Dashboard"}],
    }


def opsgenie(route: Route, secrets: str) -> dict[str, object]:
    return {
        "api_key_file": secret_file(secrets, route.opsgenie or "", "opsgenie"),
        "send_resolved": True,
        "message": include(TITLE),
        "description": include(TEXT),
        "priority": _PRIORITY,
        "entity": _OF_MONITOR,
        "tags": f"{_ALERT},{_SEVERITY}",
        "details": {"dashboard": _DASHBOARD, "runbook": _RUNBOOK},
    }


def slack(route: Route, secrets: str) -> dict[str, object]:
    return {
        "api_url_file": secret_file(secrets, route.slack or "", "slack"),
        "channel": plain(route.slack or ""),
        "send_resolved": True,
        "color": include(COLOUR),
        "fallback": include(SLACK_TITLE),
        "title": include(SLACK_TITLE),
        "title_link": _DASHBOARD,
        "text": include(SLACK),
        "footer": "Infranaut",
        "actions": [
            {"type": "button", "text": "What to do", "url": _RUNBOOK},
            {"type": "button", "text": "Dashboard", "url": _DASHBOARD},
        ],
    }


def teams(route: Route, secrets: str) -> dict[str, object]:
    return {
        "webhook_url_file": secret_file(secrets, route.teams or "", "teams"),
        "send_resolved": True,
        "title": include(TITLE),
        "text": include(TEXT),
    }


def email(route: Route, _secrets: str) -> dict[str, object]:
    """The server, and the file of its password, stand in the global part."""
    return {
        "to": plain(", ".join(route.email)),
        "send_resolved": True,
        "headers": {"Subject": include(TITLE)},
        "html": include(HTML),
        "text": include(TEXT),
    }


def webhook(route: Route, secrets: str) -> dict[str, object]:
    return {**_webhook_address(route.webhook or "", secrets), "send_resolved": True}


def watchdog(address: str, secrets: str) -> dict[str, object]:
    """Its resolution is not told: silence is the alarm."""
    return {**_webhook_address(address, secrets), "send_resolved": False}


def _webhook_address(webhook: str, secrets: str) -> dict[str, object]:
    if is_address(webhook):
        return {"url": webhook}
    return {"url_file": secret_file(secrets, webhook, "webhook")}
