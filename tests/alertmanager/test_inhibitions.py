"""What need not be told: pairs of alerts posted to a real Alertmanager, and which of them it inhibits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

import alertmanager
import rules
from alertmanager.inhibitions import IDENTITY
from rules import names
from rules.links import Links
from rules.names import DATA_INVALID, FEATURE_DRIFT, MODEL_DRIFT, PERFORMANCE_LOW, RECORDS_REJECTED, WATCHDOG
from tests.support.alertmanagers import GENERATIONS, Generation, programs
from tests.support.golden_monitors import BINARY, golden_monitor, golden_monitors
from tests.support.polling import wait_until
from tests.support.posted import an_alert, post
from tests.support.services import RunningAlertmanager
from tests.support.services import alertmanager as running_alertmanager
from tests.support.told import BURN, DOWN, DRIFT

DEADLINE_S = 60

_SHARED = {"job": "ml", "monitor": BINARY, "model_version": "3", "severity": "warning"}
FEATURE = DRIFT | _SHARED | {"feature": "age", "window": "1h"}
MODEL = {"alertname": MODEL_DRIFT, "kind": "drift", "window": "1h"} | _SHARED
INVALID = {"alertname": DATA_INVALID, "kind": "quality"} | _SHARED
REJECTED = INVALID | {"alertname": RECORDS_REJECTED}
LOW = {"alertname": PERFORMANCE_LOW, "kind": "performance"} | _SHARED
ALL_DOWN = {label: value for label, value in DOWN.items() if label != "instance"} | {"severity": "critical"}
FAST = BURN | _SHARED | {"slo": "latency", "window": "1h", "severity": "critical"}
SLOW = BURN | _SHARED | {"slo": "latency", "window": "3d", "severity": "warning"}
CRITICAL, INFO = {"severity": "critical"}, {"severity": "info"}

PAIRS: Mapping[str, tuple[Mapping[str, str], Mapping[str, str], bool]] = {
    "no exporter left, over a critical alert": (ALL_DOWN, LOW | CRITICAL, True),
    "no exporter left, not over the watchdog": (ALL_DOWN, {"alertname": WATCHDOG, "kind": "self"}, False),
    "no exporter left, not over another cluster": (ALL_DOWN, LOW | {"cluster": "elsewhere"}, False),
    "one exporter down, over nothing": (DOWN | CRITICAL, LOW, False),
    "invalid data over drift": (INVALID, FEATURE | CRITICAL, True),
    "rejected records over drift": (REJECTED, MODEL, True),
    "invalid data, not over another monitor": (INVALID, FEATURE | {"monitor": "other"}, False),
    "invalid data, not over performance": (INVALID, LOW, False),
    "the model over its features": (MODEL, FEATURE, True),
    "the model, not over another window": (MODEL, FEATURE | {"window": "1d"}, False),
    "the model, not over another version": (MODEL, FEATURE | {"model_version": "4"}, False),
    "a feature, not over the model": (FEATURE, MODEL, False),
    "critical over warning": (FEATURE | CRITICAL, FEATURE, True),
    "critical over info": (FEATURE | CRITICAL, FEATURE | INFO, True),
    "warning over info": (FEATURE, FEATURE | INFO, True),
    "warning, not over critical": (FEATURE, FEATURE | CRITICAL, False),
    "critical, not over another feature": (FEATURE | CRITICAL, FEATURE | {"feature": "debt"}, False),
    "critical, not over another alert": (LOW | CRITICAL, INVALID, False),
    "a fast burn over a slow one": (FAST, SLOW, True),
    "a fast burn, not over another objective": (FAST, SLOW | {"slo": "freshness"}, False),
    "nobody else's alerts": ({"alertname": "NodeDown", **CRITICAL}, {"alertname": "NodeDown", **INFO}, False),
}
"""First alert, second alert, and whether the first silences the second."""


@pytest.mark.parametrize("cluster_label", ["cluster", "region"])
@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_is_worse_silences_what_it_explains_and_nothing_else(
    generation: Generation, cluster_label: str, tmp_path: Path
) -> None:
    for name, text in alertmanager.render(golden_monitors(), cluster_label=cluster_label).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    alerts = []
    for pair, (first, second, _) in PAIRS.items():
        apart = {cluster_label: pair}
        given = {cluster_label if label == "cluster" else label: value for label, value in second.items()}
        alerts += [an_alert("first", **{**apart, **first}), an_alert(pair, **{**apart, **given})]
    expected = {pair for pair, (*_, is_silenced) in PAIRS.items() if is_silenced}
    server = programs(generation).server
    with running_alertmanager(tmp_path / "alertmanager.yaml", tmp_path, program=server) as running:
        post(running, alerts)
        wait_until(lambda: silenced(running) >= expected, DEADLINE_S, "all silenced that should be")
        assert silenced(running) == expected


def test_whatever_a_rule_puts_on_an_alert_tells_it_from_others() -> None:
    documents = [yaml.safe_load(text) for text in rules.render(golden_monitors(), Links()).values()]
    alerting = [rule for document in documents for group in document["groups"] for rule in group["rules"]]
    labels = {label for rule in alerting if "alert" in rule for label in rule["labels"]}
    given = {label for monitor in golden_monitors() for label in monitor.spec.alerts.labels}
    assert labels - given - {names.SEVERITY, names.KIND, names.TEAM, names.TIER} <= set(IDENTITY)


def test_an_escalated_alert_differs_from_the_first_in_nothing_but_how_loud_it_is() -> None:
    monitor = golden_monitor(BINARY, alerts={"severity": "warning", "escalate": {"after": "1h"}})
    files = [yaml.safe_load(text) for text in rules.render([monitor], Links()).values()]
    drift = [
        rule["labels"]
        for file in files
        for group in file["groups"]
        for rule in group["rules"]
        if rule.get("alert") == FEATURE_DRIFT
    ]
    assert {labels["severity"] for labels in drift} == {"warning", "critical"}
    assert len({frozenset((labels | {"severity": ""}).items()) for labels in drift}) * 2 == len(drift)


def silenced(running: RunningAlertmanager) -> set[str]:
    """The summaries of the second alerts that are inhibited."""
    found = {alert["annotations"]["summary"] for alert in running.alerts() if alert["status"]["inhibitedBy"]}
    return found - {"first"}
