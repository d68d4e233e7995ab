"""Who is told of what: a table of label sets through amtool, and through a real Alertmanager to the doubles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

import alertmanager
from alertmanager.matchers import equals
from alertmanager.receiver_names import NOBODY, receiver_name
from exporter.monitor.routing import Route
from rules.names import BIN_MISMATCH, WATCHDOG
from tests.support.alertmanagers import GENERATIONS, Generation, programs
from tests.support.golden import GoldenFiles
from tests.support.golden_monitors import BINARY, GOLDEN, MULTICLASS, REGRESSION
from tests.support.polling import wait_until
from tests.support.posted import an_alert, post
from tests.support.services import alertmanager as running_alertmanager
from tests.support.told import (
    DEFAULT,
    DEFAULT_TABLE,
    HOOK,
    MAIL,
    PLATFORM,
    SLACK,
    TABLE,
    DeliveryDoubles,
    defaulting_delivery,
    defaulting_monitors,
    delivery_doubles,
    told_delivery,
    told_monitors,
)

DEADLINE_S = 60


def test_the_tree_is_the_golden_one(golden: GoldenFiles) -> None:
    text = alertmanager.render(told_monitors(), told_delivery())["alertmanager.yaml"]
    golden.check(GOLDEN / "routed" / "alertmanager.yaml", text)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("labels", "told"), TABLE)
def test_amtool_routes_each_set_of_labels(
    labels: Mapping[str, str], told: frozenset[str], generation: Generation, tmp_path: Path
) -> None:
    assert routed_by_amtool(alertmanager.render(told_monitors(), told_delivery()), labels, generation, tmp_path) == told


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("labels", "told"), DEFAULT_TABLE)
def test_amtool_routes_what_the_exporter_does_to_a_monitor_and_what_nobody_else_is_told_of(
    labels: Mapping[str, str], told: frozenset[str], generation: Generation, tmp_path: Path
) -> None:
    files = alertmanager.render(defaulting_monitors(), defaulting_delivery())
    assert routed_by_amtool(files, labels, generation, tmp_path) == told


@pytest.mark.parametrize("default", [{}, {"slack": "#risk-ml"}])
@pytest.mark.parametrize("monitor", [BINARY, REGRESSION, "unheard-of"])
def test_who_is_told_of_the_exporter_and_of_the_monitor_is_told_once(
    monitor: str, default: dict[str, str], tmp_path: Path
) -> None:
    delivery = told_delivery(exporter={"slack": "#risk-ml"}, default=default)
    labels = {"alertname": BIN_MISMATCH, "kind": "self", "severity": "warning", "monitor": monitor}
    printed = run_amtool(alertmanager.render(defaulting_monitors(), delivery), labels, "oldest", tmp_path)
    assert [name for name in printed.split(",") if name != NOBODY] == [SLACK]


def test_where_nobody_is_asked_for_the_exporter_its_alerts_about_a_monitor_go_to_its_people_alone(
    tmp_path: Path,
) -> None:
    files = alertmanager.render(told_monitors(), told_delivery())
    labels = {"alertname": BIN_MISMATCH, "kind": "self", "severity": "warning", "monitor": MULTICLASS}
    assert routed_by_amtool(files, labels, "oldest", tmp_path) == {MAIL}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("is_defaulting", [False, True])
def test_a_real_alertmanager_tells_those_of_the_table_and_nobody_else(
    is_defaulting: bool, generation: Generation, tmp_path: Path
) -> None:
    given = programs(generation)
    table = DEFAULT_TABLE if is_defaulting else TABLE
    rows = {f"row {index:02}": row for index, row in enumerate(table)}
    with delivery_doubles(tmp_path) as doubles:
        url = doubles.posts.url
        monitors, delivery = (
            (defaulting_monitors(), defaulting_delivery(url))
            if is_defaulting
            else (told_monitors(url), told_delivery(url))
        )
        config = doubles.write(monitors, delivery)
        with running_alertmanager(config, tmp_path, program=given.server) as running:
            post(running, [an_alert(mark, **labels, job=mark) for mark, (labels, _) in rows.items()])
            expected = {mark: told for mark, (_, told) in rows.items()}
            wait_until(lambda: told_of_each(doubles, rows) == expected, DEADLINE_S, "everybody told")
    assert told_of_each(doubles, rows) == expected


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_watchdog_is_told_again_and_again(generation: Generation, tmp_path: Path) -> None:
    route = alertmanager.render([], told_delivery())["alertmanager.yaml"]
    assert f'alertname="{WATCHDOG}"' in route
    with delivery_doubles(tmp_path) as doubles:
        config = doubles.write([], told_delivery(doubles.posts.url))
        config.write_text(config.read_text().replace('"repeat_interval": "5m"', '"repeat_interval": "1s"'))
        with running_alertmanager(config, tmp_path, program=programs(generation).server) as running:
            post(running, [an_alert("alive", alertname=WATCHDOG)])
            wait_until(lambda: len(doubles.posts_with("alive")) > 2, DEADLINE_S, "told three times")


def routed_by_amtool(
    files: Mapping[str, str], labels: Mapping[str, str], generation: Generation, folder: Path
) -> set[str]:
    """Who is told, by the names of the tables."""
    url = "https://hooks.example.com"
    webhooks = {receiver_name(Route(webhook=f"{url}/{place}")): place for place in (HOOK, PLATFORM, DEFAULT)}
    found = run_amtool(files, labels, generation, folder)
    return {webhooks.get(name, name) for name in found.split(",")} - {NOBODY}


def run_amtool(files: Mapping[str, str], labels: Mapping[str, str], generation: Generation, folder: Path) -> str:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    given = [equals(label, value) for label, value in labels.items()]
    config = f"--config.file={folder / 'alertmanager.yaml'}"
    return programs(generation).run("config", "routes", "test", config, *given).strip()


def told_of_each(doubles: DeliveryDoubles, marks: Iterable[str]) -> dict[str, frozenset[str]]:
    return {mark: frozenset(doubles.told_of(mark)) for mark in marks}
