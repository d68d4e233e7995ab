"""Alerts posted to a real Alertmanager with the generated configuration, and what a webhook double receives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

import alertmanager
from rules.names import EXPORTER_DOWN, FEATURE_DRIFT
from tests.support.golden_monitors import BINARY, MULTICLASS, golden_monitor
from tests.support.polling import wait_until
from tests.support.services import RunningAlertmanager
from tests.support.services import alertmanager as running_alertmanager
from tests.support.webhook import WebhookDouble, webhook_double

DEADLINE_S = 30


def test_two_hundred_drifting_features_are_one_message(tmp_path: Path) -> None:
    alerts = [an_alert(FEATURE_DRIFT, monitor=BINARY, feature=f"f{index}") for index in range(200)]
    with webhook_double() as double, running_alertmanager(configuration(tmp_path, double), tmp_path) as running:
        post(running, alerts)
        body = double.wait_for(lambda body: body["groupLabels"]["alertname"] == FEATURE_DRIFT, DEADLINE_S)
    assert len(body["alerts"]) == 200
    assert body["groupLabels"] == {"alertname": FEATURE_DRIFT, "monitor": BINARY}


def test_everything_else_is_inhibited_only_while_no_exporter_is_left(tmp_path: Path) -> None:
    drift = an_alert(FEATURE_DRIFT, monitor=BINARY, feature="age")
    with webhook_double() as double, running_alertmanager(configuration(tmp_path, double), tmp_path) as running:
        post(running, [an_alert(EXPORTER_DOWN, instance="a"), drift])
        wait_until(lambda: len(running.alerts()) == 2, DEADLINE_S, "both alerts")
        assert state_of(running, FEATURE_DRIFT) != "suppressed"
        post(running, [an_alert(EXPORTER_DOWN)])
        wait_until(lambda: state_of(running, FEATURE_DRIFT) == "suppressed", DEADLINE_S, "drift inhibited")
        assert state_of(running, EXPORTER_DOWN) == "active"


def configuration(folder: Path, double: WebhookDouble) -> Path:
    """Two monitors that tell the double."""
    route = {"severity": "critical", "route": {"webhook": f"{double.url}/hook"}}
    monitors = [golden_monitor(name, alerts=route) for name in (BINARY, MULTICLASS)]
    for name, text in alertmanager.render(monitors).items():
        (folder / name).write_text(text.replace("group_wait: 10s", "group_wait: 1s"), encoding="utf-8")
    return folder / "alertmanager.yaml"


def an_alert(name: str, **labels: str) -> dict[str, Any]:
    return {"labels": {"alertname": name, "severity": "critical", **labels}, "annotations": {"summary": name}}


def post(running: RunningAlertmanager, alerts: list[dict[str, Any]]) -> None:
    requests.post(f"{running.url}/api/v2/alerts", json=alerts, timeout=10).raise_for_status()


def state_of(running: RunningAlertmanager, name: str) -> str:
    states = {alert["status"]["state"] for alert in running.alerts() if alert["labels"]["alertname"] == name}
    return "active" if "active" in states else next(iter(states), "absent")
