"""Who is told of what: a table of label sets through amtool, and through a real Alertmanager to the doubles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

import alertmanager
from alertmanager.matchers import equals
from alertmanager.receiver_names import NOBODY
from rules.names import WATCHDOG
from tests.support.alertmanagers import GENERATIONS, Generation, programs
from tests.support.golden import GoldenFiles
from tests.support.golden_monitors import GOLDEN
from tests.support.polling import wait_until
from tests.support.posted import an_alert, post
from tests.support.services import alertmanager as running_alertmanager
from tests.support.told import HOOK, TABLE, DeliveryDoubles, delivery_doubles, told_delivery, told_monitors

DEADLINE_S = 60


def test_the_tree_is_the_golden_one(golden: GoldenFiles) -> None:
    text = alertmanager.render(told_monitors(), told_delivery())["alertmanager.yaml"]
    golden.check(GOLDEN / "routed" / "alertmanager.yaml", text)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("labels", "told"), TABLE)
def test_amtool_routes_each_set_of_labels(
    labels: Mapping[str, str], told: frozenset[str], generation: Generation, tmp_path: Path
) -> None:
    amtool = programs(generation)
    for name, text in alertmanager.render(told_monitors(), told_delivery()).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    given = [equals(label, value) for label, value in labels.items()]
    found = amtool.run("config", "routes", "test", f"--config.file={tmp_path / 'alertmanager.yaml'}", *given)
    receivers = {name if not name.startswith("webhook ") else HOOK for name in found.strip().split(",")}
    assert receivers - {NOBODY} == told


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_real_alertmanager_tells_those_of_the_table_and_nobody_else(generation: Generation, tmp_path: Path) -> None:
    given = programs(generation)
    rows = {f"row {index:02}": row for index, row in enumerate(TABLE)}
    with delivery_doubles(tmp_path) as doubles:
        config = doubles.write(told_monitors(doubles.posts.url), told_delivery(doubles.posts.url))
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


def told_of_each(doubles: DeliveryDoubles, marks: Iterable[str]) -> dict[str, frozenset[str]]:
    return {mark: frozenset(doubles.told_of(mark)) for mark in marks}
