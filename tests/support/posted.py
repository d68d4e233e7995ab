"""Alerts as Prometheus posts them to Alertmanager."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import requests

from tests.support.services import RunningAlertmanager

RUNBOOK, DASHBOARD = "https://runbooks.example.com/it", "https://grafana.example.com/d/it"


def an_alert(summary: str, **labels: str) -> dict[str, Any]:
    """One with every annotation of the generated rules; its description repeats the summary."""
    annotations = {
        "summary": summary,
        "description": f"{summary}: PSI of 0.312 (threshold 0.1), 9.5 standard deviations above chance.",
        "runbook_url": RUNBOOK,
        "dashboard_url": DASHBOARD,
    }
    return {"labels": labels, "annotations": annotations}


def resolved(alert: dict[str, Any]) -> dict[str, Any]:
    return alert | {"endsAt": datetime.now(UTC).isoformat()}


def post(running: RunningAlertmanager, alerts: Sequence[dict[str, Any]]) -> None:
    requests.post(f"{running.url}/api/v2/alerts", json=list(alerts), timeout=10).raise_for_status()
