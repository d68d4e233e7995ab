"""Who is told of what, and when nobody is: what a monitor may say, and what is refused."""

from __future__ import annotations

import zoneinfo
from typing import Any

import pytest
from pydantic import ValidationError

from exporter.monitor.alerting import Alerts

NIGHT = {"name": "night", "times": "22:00-06:00"}


def test_one_thing_may_stand_for_a_list_of_one() -> None:
    alerts = read(
        route={"email": "a@example.com"},
        routes=[{"severity": "critical", "kind": "slo", "alert": "InfranautSloBurn", "to": {}}],
        mute=[NIGHT | {"days_of_month": [], "months": "may", "weekdays": "sunday", "severity": "info"}],
    )
    assert alerts.route.email == ["a@example.com"]
    assert (alerts.routes[0].severity, alerts.routes[0].kind) == (["critical"], ["slo"])
    assert (alerts.mute[0].months, alerts.mute[0].severity) == (["may"], ["info"])


def test_days_of_a_month_may_be_numbers() -> None:
    assert read(mute=[{"name": "close", "days_of_month": [1, "28..-1"]}]).mute[0].days_of_month == ["1", "28..-1"]
    assert read(mute=[{"name": "close", "days_of_month": -1}]).mute[0].days_of_month == ["-1"]


def test_critical_alerts_are_told_at_night_unless_they_are_named() -> None:
    assert read(mute=[NIGHT]).mute[0].severity == ["info", "warning"]


@pytest.mark.parametrize(
    ("alerts", "told"),
    [
        ({"route": {"email": "a, b@c"}}, "'a, b@c' is not an email address, expected one such as ml-team@example.com"),
        ({"route": {"webhook": "ftp://a/b"}}, "is not an address, expected one such as https://hooks.example.com/ml"),
        ({"route": {"webhook": "https://"}}, "is not an address"),
        ({"route": {"webhook": "https://user:secret@a/b"}}, "holds a password; write a name here"),
        ({"route": {"webhook": "https://a/{{ b }}"}}, "take for a template"),
        ({"route": {"slack": "https://hooks.slack.com/services/secret"}}, "is an address, which may hold a token"),
        ({"route": {"teams": "https://a/secret"}}, "write a name here, and the address into the file of that name"),
        ({"route": {"pagerduty": "secret7890123456789012345678901z"}}, "looks like a key; write a name here"),
        ({"route": {"opsgenie": "eb243592-faa2-4ba2-a551q-1afdf565c889"}}, "the key into the file of that name"),
        ({"routes": [{"to": {"slack": "#a"}}]}, "fits every alert, expected severity, kind or alert"),
        ({"mute": [{"name": "n"}]}, "mutes for ever, expected times, weekdays, days_of_month or months"),
        ({"mute": [NIGHT | {"days_of_month": [1]}]}, "days_of_month with times that cross midnight: write two"),
        ({"mute": [NIGHT | {"severity": []}]}, "mutes no severity"),
        ({"mute": [NIGHT | {"location": "Local"}]}, "'Local' is not a time zone, expected one such as Europe/Berlin"),
        ({"mute": [NIGHT | {"times": "ten to six"}]}, "is not a span of the day"),
        ({"mute": [NIGHT | {"days_of_month": [True]}]}, "valid string"),
    ],
)
def test_what_cannot_be_meant_is_refused(alerts: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as raised:
        read(**alerts)
    assert told in str(raised.value)
    assert "secret" not in str(raised.value.errors(include_input=False, include_url=False))


def test_a_machine_without_time_zones_takes_utc_and_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    assert read(mute=[NIGHT | {"location": "UTC"}]).mute[0].location == "UTC"
    with pytest.raises(ValidationError, match="this machine has no time zones, install its package tzdata"):
        read(mute=[NIGHT | {"location": "Europe/Berlin"}])


def read(**alerts: Any) -> Alerts:
    """The part of a monitor as YAML gives it."""
    return Alerts.model_validate(alerts, strict=True)
