"""Which monitors an alert about the exporter may name."""

from __future__ import annotations

import pytest

from exporter.cli.planning.subjects import NO_MONITOR, subjects
from rules import names
from rules.group import AlertingRule
from rules.links import Links
from rules.self_monitoring import self_monitoring_groups

MONITORS = ["credit", "tickets"]


def alert(expr: str) -> AlertingRule:
    return AlertingRule(alert="Alert", expr=expr, hold="5m", labels={}, annotations={})


def test_alerts_of_the_exporter_are_about_it_about_a_monitor_or_about_either() -> None:
    rules = [rule for group in self_monitoring_groups(Links()) for rule in group.rules]
    told = {rule.alert: subjects(rule, MONITORS) for rule in rules if isinstance(rule, AlertingRule)}
    assert told[names.EXPORTER_DOWN] == told[names.WATCHDOG] == told[names.RELOAD_FAILED] == [NO_MONITOR]
    assert told[names.BIN_MISMATCH] == told[names.INGEST_LAGGING] == told[names.SERIES_DROPPED] == MONITORS
    assert told[names.SERIES_ABSENT] == [NO_MONITOR, *MONITORS]


@pytest.mark.parametrize(
    ("expr", "about"),
    [
        ("infranaut_monitor_info unless infranaut_monitor_info", MONITORS),
        ("sum without (monitor) (infranaut_monitor_info)", [NO_MONITOR]),
        ('infranaut_series_dropped_total{reason="segment_limit"} > 5', MONITORS),
        ('infranaut_monitor_info{monitor="credit"}', ["credit"]),
        ('infranaut_monitor_info{monitor="another"}', [NO_MONITOR]),
    ],
)
def test_the_labels_of_its_query_tell(expr: str, about: list[str]) -> None:
    assert subjects(alert(expr), MONITORS) == about


def test_without_monitors_it_is_about_the_exporter() -> None:
    assert subjects(alert("infranaut_monitor_info"), []) == [NO_MONITOR]
