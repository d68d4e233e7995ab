"""What the asked-for Alertmanager lacks is told before it refuses the file, and what it has is generated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import alertmanager
from alertmanager.delivery import DeliverySettings
from alertmanager.receiver_names import WATCHDOG
from exporter.errors import InvalidSettings
from tests.support.alertmanagers import programs
from tests.support.golden_monitors import BINARY, golden_monitor
from tests.support.told import told_delivery

TEAMS = {"teams": "risk-ml"}
HIDDEN = {"webhook": "risk-hook"}


@pytest.mark.parametrize(
    ("route", "settings", "told"),
    [
        (
            TEAMS,
            {},
            f"monitor {BINARY}: Teams (channel 'risk-ml') needs Alertmanager 0.28 or newer, and the files are for 0.25",
        ),
        (TEAMS, {}, "pass --alertmanager-version 0.28 if yours is new enough, or tell somebody over something else"),
        (TEAMS, {"alertmanager": "0.27"}, "and the files are for 0.27"),
        (HIDDEN, {}, "the address of a webhook in a file ('risk-hook') needs Alertmanager 0.26 or newer"),
        ({}, {"watchdog": "alive"}, "watchdog: the address of a webhook in a file ('alive') needs"),
        ({}, {"default": TEAMS}, "default: Teams (channel 'risk-ml') needs"),
        ({}, {"exporter": TEAMS}, "exporter: Teams (channel 'risk-ml') needs"),
        ({}, {"teams": {"risk": {"routes": [{"severity": "info", "to": TEAMS}]}}}, "team risk: Teams"),
        ({"email": "a@b.c"}, {}, f"monitor {BINARY}: tells a@b.c by email, but smtp (smarthost, sender) stands in no"),
    ],
)
def test_what_is_lacking_is_told_with_its_owner_and_the_way_out(
    route: dict[str, Any], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidSettings) as raised:
        rendered(route, **settings)
    assert told in str(raised.value)


def test_all_that_is_lacking_is_told_at_once() -> None:
    with pytest.raises(InvalidSettings) as raised:
        rendered(TEAMS | HIDDEN, watchdog="alive")
    assert len(str(raised.value).splitlines()) == 3


def test_a_newer_version_gets_what_it_has() -> None:
    (receiver,) = named(rendered(TEAMS | HIDDEN, alertmanager="0.28", secrets="/s"), "teams risk-ml, webhook risk-hook")
    assert receiver["msteamsv2_configs"][0]["webhook_url_file"] == "/s/risk-ml.teams"
    assert receiver["webhook_configs"] == [{"url_file": "/s/risk-hook.webhook", "send_resolved": True}]


def test_the_newest_amtool_takes_what_only_it_can(tmp_path: Path) -> None:
    amtool = programs("newest")
    monitor = golden_monitor(BINARY, alerts={"route": TEAMS | HIDDEN | {"email": "a@b.c"}})
    delivery = told_delivery(alertmanager=amtool.version, watchdog="alive")
    for name, text in alertmanager.render([monitor], delivery).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert "SUCCESS" in amtool.run("check-config", tmp_path / "alertmanager.yaml")


def test_the_watchdog_is_told_of_its_own_alert_only_and_never_of_its_end() -> None:
    document = rendered({}, watchdog="https://alive.example.com/x")
    assert named(document, WATCHDOG)[0]["webhook_configs"] == [
        {"url": "https://alive.example.com/x", "send_resolved": False}
    ]
    assert [route["receiver"] for route in document["route"]["routes"]].count(WATCHDOG) == 1
    assert rendered({})["route"]["routes"][0]["receiver"] == "nobody"


def test_the_password_of_the_mail_server_is_a_file_and_absent_where_nobody_logs_in() -> None:
    server = {"smarthost": "mail.example.com:25", "sender": "ml@example.com", "require_tls": False}
    assert rendered({}, smtp=server)["global"] == {
        "smtp_smarthost": "mail.example.com:25",
        "smtp_from": "ml@example.com",
        "smtp_require_tls": False,
    }
    login = rendered({}, smtp=server | {"username": "ml"}, secrets="/s/")["global"]
    assert login["smtp_auth_password_file"] == "/s/smtp.password"


def test_alerts_about_the_exporter_go_to_those_who_are_asked_for_alone() -> None:
    document = rendered({"slack": "#risk"}, exporter={"slack": "#platform"})
    (route,) = [route for route in document["route"]["routes"] if 'monitor=""' in route["matchers"]]
    told = {child["receiver"] for severity in route["routes"] for child in severity["routes"]}
    assert told == {"slack #platform"}


def named(document: Any, name: str) -> list[Any]:
    return [receiver for receiver in document["receivers"] if receiver["name"] == name]


def rendered(route: dict[str, Any], **settings: Any) -> Any:
    """The configuration of one monitor with that route."""
    monitor = golden_monitor(BINARY, alerts={"route": route})
    delivery = DeliverySettings.model_validate(settings)
    return yaml.safe_load(alertmanager.render([monitor], delivery)["alertmanager.yaml"])
