"""Receivers: who is told, over PagerDuty, Slack and webhooks; secrets stay in files that Alertmanager reads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from alertmanager.templates import TEXT, TITLE
from exporter.monitor.spec import Monitor, Route
from rules.alert_text import plain

NOBODY = "nobody"
"""Where alerts go that no monitor routes: they show in Alertmanager and in Grafana, and nobody is told."""

DEFAULT_SECRETS = "/etc/alertmanager/secrets"

_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_DIGEST_LENGTH = 8


def receivers(monitors: Iterable[Monitor], secrets: str) -> list[dict[str, object]]:
    """`nobody`, and one receiver for each distinct route, however many monitors share it."""
    routes = {receiver_name(monitor.spec.alerts.route): monitor.spec.alerts.route for monitor in monitors}
    return [{"name": name} | _notifiers(routes.get(name, Route()), secrets) for name in sorted({NOBODY, *routes})]


def receiver_name(route: Route) -> str:
    """Tells who is told; a webhook by its host and a digest, because its URL may hold a token."""
    parts = []
    if route.pagerduty:
        parts.append(f"pagerduty {route.pagerduty}")
    if route.slack:
        parts.append(f"slack {route.slack}")
    if route.webhook:
        parts.append(f"webhook {urlsplit(route.webhook).hostname} {_digest(route.webhook)}")
    return ", ".join(parts) or NOBODY


def secret_file(secrets: str, name: str, kind: str) -> str:
    """`<secrets>/<name>.<kind>`; what cannot stand in a file name is replaced, and a digest keeps such names apart."""
    bare = name.removeprefix("#")
    clean = _NOT_IN_FILE_NAMES.sub("-", bare).strip(".-")
    if not clean or clean != bare:
        clean = f"{clean}-{_digest(name)}".removeprefix("-")
    return f"{secrets.rstrip('/')}/{clean}.{kind}"


def _notifiers(route: Route, secrets: str) -> dict[str, object]:
    notifiers: dict[str, object] = {}
    if route.pagerduty:
        notifiers["pagerduty_configs"] = [_pagerduty(secret_file(secrets, route.pagerduty, "pagerduty"))]
    if route.slack:
        notifiers["slack_configs"] = [_slack(route.slack, secret_file(secrets, route.slack, "slack"))]
    if route.webhook:
        notifiers["webhook_configs"] = [{"url": route.webhook, "send_resolved": True}]
    return notifiers


def _pagerduty(key_file: str) -> dict[str, object]:
    return {
        "routing_key_file": key_file,
        "send_resolved": True,
        "severity": '{{ or .CommonLabels.severity "error" }}',
        "class": "{{ .GroupLabels.alertname }}",
        "component": "{{ .GroupLabels.monitor }}",
        "description": f'{{{{ template "{TITLE}" . }}}}',
        "details": {"alerts": f'{{{{ template "{TEXT}" . }}}}'},
    }


def _slack(channel: str, url_file: str) -> dict[str, object]:
    return {
        "api_url_file": url_file,
        "channel": plain(channel),
        "send_resolved": True,
        "title": f'{{{{ template "{TITLE}" . }}}}',
        "title_link": "{{ .CommonAnnotations.dashboard_url }}",
        "text": f'{{{{ template "{TEXT}" . }}}}',
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
