"""Mutes: as Alertmanager's time intervals, and in a real Alertmanager at this very hour."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

import alertmanager
from alertmanager.delivery import DeliverySettings
from tests.support.alertmanagers import GENERATIONS, Generation, programs
from tests.support.golden_monitors import BINARY, MULTICLASS, REGRESSION, golden_monitor
from tests.support.polling import wait_until
from tests.support.posted import an_alert, post
from tests.support.services import alertmanager as running_alertmanager
from tests.support.told import DRIFT, HOOK, delivery_doubles

DEADLINE_S = 60


def test_a_night_goes_on_after_midnight_on_the_weekday_after() -> None:
    night = {"name": "nights", "times": ["22:00-06:00"], "weekdays": ["friday", "sunday"], "location": "Europe/Berlin"}
    assert intervals(night) == [
        {
            "times": [{"start_time": "22:00", "end_time": "24:00"}],
            "weekdays": ["friday", "sunday"],
            "location": "Europe/Berlin",
        },
        {
            "times": [{"start_time": "00:00", "end_time": "06:00"}],
            "weekdays": ["saturday", "monday"],
            "location": "Europe/Berlin",
        },
    ]


def test_spans_of_weekdays_months_and_days_are_written_out() -> None:
    mute = {"name": "quiet", "weekdays": "saturday..monday", "months": ["november..january", "december"]}
    assert intervals(mute) == [
        {
            "weekdays": ["saturday", "sunday", "monday"],
            "months": ["november", "december", "january"],
            "location": "UTC",
        }
    ]
    days = {"name": "close", "days_of_month": [1, "28..-1"], "times": ["00:00-24:00"]}
    (interval,) = intervals(days)
    assert interval["days_of_month"] == ["1:1", "28:-1"]
    assert interval["times"] == [{"start_time": "00:00", "end_time": "24:00"}]


def test_times_of_one_day_and_of_two_are_kept_apart() -> None:
    first, second = intervals({"name": "n", "times": ["12:00-13:00", "23:00-01:30"]})
    assert [span["start_time"] for span in first["times"]] == ["12:00", "23:00"]
    assert second == {"times": [{"start_time": "00:00", "end_time": "01:30"}], "location": "UTC"}


def test_only_the_named_severities_are_muted() -> None:
    document = rendered({"name": "nights", "times": "22:00-06:00", "severity": ["info"]})
    by_severity = {child["matchers"][0]: child for child in document["route"]["routes"][-1]["routes"]}
    assert by_severity['severity="info"']["mute_time_intervals"] == [f"{BINARY}: nights"]
    assert "mute_time_intervals" not in by_severity['severity="warning"']


def test_a_monitor_takes_the_mutes_of_its_team_until_it_has_its_own() -> None:
    team = {"route": {"slack": "#team"}, "mute": [{"name": "nights", "times": "22:00-06:00"}]}
    delivery = DeliverySettings.model_validate({"teams": {"risk": team}})
    own = {"name": "noon", "times": "12:00-13:00"}
    for mutes, name in (([], "team risk: nights"), ([own], f"{BINARY}: noon")):
        monitor = golden_monitor(BINARY, alerts={"route": {"slack": "#own"}, "mute": mutes})
        document = yaml.safe_load(alertmanager.render([monitor], delivery)["alertmanager.yaml"])
        (route,) = [route for route in document["route"]["routes"] if f'monitor="{BINARY}"' in route["matchers"]]
        assert route["routes"][1]["mute_time_intervals"] == [name]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_amtool_takes_every_kind_of_mute(generation: Generation, tmp_path: Path) -> None:
    mute = {
        "name": "all",
        "times": ["22:00-06:00", "12:00-13:00"],
        "weekdays": ["monday..friday", "sunday"],
        "months": ["december..february"],
        "location": "America/Argentina/Buenos_Aires",
    }
    days = {"name": "days", "days_of_month": ["1", "-3..-1"]}
    monitor = golden_monitor(BINARY, alerts={"mute": [mute, days]})
    for name, text in alertmanager.render([monitor]).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert "SUCCESS" in programs(generation).run("check-config", tmp_path / "alertmanager.yaml")


@pytest.mark.parametrize("generation", GENERATIONS)
def test_who_is_muted_at_this_hour_of_a_time_zone_is_told_nothing(generation: Generation, tmp_path: Path) -> None:
    hour = datetime.now(ZoneInfo("Asia/Tokyo")).hour
    times = f"{(hour - 1) % 24:02d}:00-{(hour + 2) % 24:02d}:00"
    here = {"name": "now", "times": times, "location": "Asia/Tokyo"}
    elsewhere = here | {"location": "America/New_York"}
    with delivery_doubles(tmp_path) as doubles:
        route = {"webhook": f"{doubles.posts.url}/hook"}
        mutes: dict[str, list[dict[str, Any]]] = {BINARY: [here], MULTICLASS: [elsewhere], REGRESSION: []}
        monitors = [golden_monitor(name, alerts={"route": route, "mute": mute}) for name, mute in mutes.items()]
        config = doubles.write(monitors, DeliverySettings())
        with running_alertmanager(config, tmp_path, program=programs(generation).server) as running:
            post(running, [a_drift(name, "warning") for name in mutes] + [a_drift(BINARY, "critical")])
            told = (f"{MULTICLASS} warning", f"{REGRESSION} warning", f"{BINARY} critical")
            wait_until(lambda: all(doubles.told_of(mark) == {HOOK} for mark in told), DEADLINE_S, f"{told} told")
            assert doubles.told_of(f"{BINARY} warning") == set()


def a_drift(monitor: str, severity: str) -> dict[str, Any]:
    """Of a feature for each severity, so that none silences another."""
    labels = {"monitor": monitor, "severity": severity, "feature": severity}
    return an_alert(f"{monitor} {severity}", **DRIFT, **labels)


def intervals(mute: dict[str, Any]) -> Any:
    (named,) = rendered(mute)["time_intervals"]
    assert named["name"] == f"{BINARY}: {mute['name']}"
    return named["time_intervals"]


def rendered(mute: dict[str, Any]) -> Any:
    return yaml.safe_load(alertmanager.render([golden_monitor(BINARY, alerts={"mute": [mute]})])["alertmanager.yaml"])
