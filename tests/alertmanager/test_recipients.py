"""Who is told of the exporter itself through a monitor, and what a team says in a monitor's place."""

from __future__ import annotations

from typing import Any

import pytest

from alertmanager.delivery import DeliverySettings
from alertmanager.recipients import Recipients, of_monitor, people_of
from exporter.monitor.alerting import AlertKind
from exporter.monitor.spec import Severity
from tests.support.golden_monitors import BINARY, golden_monitor

TEAM = {"route": {"slack": "#team"}, "routes": [{"severity": "info", "to": {}}]}
PAGER = {"severity": "critical", "to": {"pagerduty": "oncall"}}


@pytest.mark.parametrize(
    ("routes", "severity", "kind", "told"),
    [
        ([], "critical", "self", ["#own"]),
        ([PAGER], "critical", "self", ["oncall"]),
        ([PAGER], "warning", "self", ["#own"]),
        ([PAGER | {"goes_on": True}], "critical", "self", ["oncall", "#own"]),
        ([{"kind": "self", "to": {"slack": "#platform"}}, PAGER], "critical", "self", ["#platform"]),
        ([{"kind": "self", "to": {"slack": "#platform"}}, PAGER], "critical", "drift", ["oncall"]),
        ([{"alert": "InfranautFeatureDrift", "to": {}}], "critical", "self", ["#own"]),
        ([{"kind": "self", "to": {}}], "info", "self", []),
    ],
)
def test_the_first_that_fits_is_told_and_those_after_it_if_it_goes_on(
    routes: list[dict[str, Any]], severity: Severity, kind: AlertKind, told: list[str]
) -> None:
    found = recipients(route={"slack": "#own"}, routes=routes).told(severity, kind)
    assert [name for route in found for name in (route.slack or route.pagerduty,) if name] == told


def test_what_a_monitor_says_stands_in_place_of_what_its_team_says() -> None:
    assert recipients(routes=[PAGER]).route.slack == "#team"
    assert recipients(route={"slack": "#own"}).routes[0].severity == ["info"]
    own = recipients(route={"slack": "#own"}, routes=[PAGER])
    assert (own.route.slack, own.routes[0].severity) == ("#own", ["critical"])


def test_a_monitor_that_says_nothing_leaves_all_to_its_team() -> None:
    assert of_monitor(golden_monitor(BINARY, alerts={"route": {}}), DeliverySettings()) is None


@pytest.mark.parametrize(
    ("alerts", "team", "told"),
    [
        ({"route": {"slack": "#own"}}, {"route": {"slack": "#team"}}, "#own"),
        ({"route": {}}, {"route": {"slack": "#team"}}, "#team"),
        ({"route": {}}, {"routes": [PAGER]}, "#default"),
        ({"route": {}}, None, "#default"),
        ({"route": {}, "routes": [PAGER]}, None, "#default"),
        ({"route": {}, "mute": [{"name": "nights", "times": "22:00-06:00"}]}, None, "#default"),
    ],
)
def test_who_names_nobody_leaves_it_to_the_team_and_the_team_to_the_default(
    alerts: dict[str, Any], team: dict[str, Any] | None, told: str
) -> None:
    teams = {"risk": team} if team is not None else {}
    delivery = DeliverySettings.model_validate({"teams": teams, "default": {"slack": "#default"}})
    people = people_of(golden_monitor(BINARY, alerts=alerts), delivery)
    assert [route.slack for route in people.told("warning", "drift")] == [told]


def recipients(**alerts: Any) -> Recipients:
    """Of a monitor of the team `risk`."""
    delivery = DeliverySettings.model_validate({"teams": {"risk": TEAM}})
    found = of_monitor(golden_monitor(BINARY, alerts={"route": {}} | alerts), delivery)
    assert found is not None
    return found
