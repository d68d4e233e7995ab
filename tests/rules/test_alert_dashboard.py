"""Where the link of an alert leads, and what it chooses there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dashboards import render
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_dashboard import dashboard_of
from rules.group import AlertingRule, RuleGroup
from rules.links import DEFAULT_GRAFANA, DEFAULT_RUNBOOKS, Links
from rules.rendering import monitor_groups
from rules.self_monitoring import self_monitoring_groups
from tests.support.golden_monitors import BINARY, golden_monitor, golden_monitors
from tests.support.model_monitors import a_model_monitor
from tests.support.promtool import RuleTest

GRAFANA = "https://grafana"
VARIABLES = {
    dashboard["uid"]: {variable["name"] for variable in dashboard["templating"]["list"]}
    for dashboard in map(json.loads, render(golden_monitors()).values())
}
"""Dashboard → what can be chosen on it."""
_LINK = re.compile(re.escape(GRAFANA) + r"/d/(?P<uid>[\w-]+)(?P<chosen>.*)")


def alerts_of(groups: list[RuleGroup]) -> list[AlertingRule]:
    return [rule for group in groups for rule in group.rules if isinstance(rule, AlertingRule)]


@pytest.mark.parametrize("monitor", [*golden_monitors(), None], ids=lambda one: one.name if one else "exporter")
def test_every_link_leads_to_a_dashboard_and_chooses_only_what_can_be_chosen_there(monitor: Monitor | None) -> None:
    links = Links(grafana=GRAFANA)
    groups = self_monitoring_groups(links) if monitor is None else monitor_groups(monitor, links)
    for alert in alerts_of(groups):
        link = _LINK.fullmatch(alert.annotations["dashboard_url"])
        assert link, alert.alert
        assert link["uid"] in VARIABLES, alert.alert
        assert set(re.findall(r"[?&]var-(\w+)=", link["chosen"])) <= VARIABLES[link["uid"]], alert.alert
        assert set(re.findall(r"labels\.(\w+)", link["chosen"])) <= VARIABLES[link["uid"]], alert.alert


@pytest.mark.parametrize(
    ("alert", "uid"),
    [
        (names.FEATURE_DRIFT, "infranaut-feature-credit-default"),
        (names.MISSING_VALUES, "infranaut-feature-credit-default"),
        (names.MODEL_DRIFT, "infranaut-model-credit-default"),
        (names.PERFORMANCE_LOW, "infranaut-model-credit-default"),
        (names.RESOURCES_HIGH, "infranaut-model-credit-default"),
        (names.LABEL_COVERAGE_LOW, names.LABELS_DASHBOARD),
        (names.SLO_BURN, names.SLO_DASHBOARD),
        (names.SLO_BUDGET_SPENT, names.SLO_DASHBOARD),
        (names.EXPORTER_DOWN, names.EXPORTER_DASHBOARD),
        (names.WATCHDOG, names.EXPORTER_DASHBOARD),
    ],
)
def test_an_alert_leads_to_the_dashboard_of_what_it_is_about(alert: str, uid: str) -> None:
    assert re.split(r"[?{]", dashboard_of(alert, golden_monitor(BINARY)))[0] == uid


def test_the_process_of_a_model_does_not_choose_the_exporters_job() -> None:
    assert dashboard_of(names.RESOURCES_HIGH, golden_monitor(BINARY)).partition("?")[2] == "var-monitor=credit-default"


def test_a_segment_is_chosen_where_the_monitor_has_segments() -> None:
    assert "var-segment" in dashboard_of(names.PERFORMANCE_LOW, a_model_monitor())
    assert "var-segment" not in dashboard_of(names.PERFORMANCE_LOW, a_model_monitor(segments=None))


def test_an_objective_of_a_service_is_chosen_by_its_labels() -> None:
    assert dashboard_of(names.SLO_BURN, None).startswith(
        f"{names.SLO_DASHBOARD}{{{{ with $labels.monitor }}}}?var-monitor="
    )


def test_values_of_labels_are_written_as_an_address_takes_them(tmp_path: Path) -> None:
    where = {"cluster": "eu west", "job": "a&b", "instance": "10.0.0.1:9090"}
    test = RuleTest([]).series("up", "1x10 0x60", **where)
    test.series("infranaut_build_info", "1x10", **where).series("infranaut_build_info", "1x80", job="other")
    texts = {
        "summary": "Infranaut's exporter 10.0.0.1:9090 cannot be scraped",
        "description": "Prometheus has had no answer from 10.0.0.1:9090 (job a&b) for at least 1m. "
        "Predictions that only this exporter received are not counted.",
        "runbook_url": f"{DEFAULT_RUNBOOKS}/{names.EXPORTER_DOWN}.md",
        "dashboard_url": f"{DEFAULT_GRAFANA}/d/{names.EXPORTER_DASHBOARD}"
        "?var-job=a%26b&var-cluster=eu+west&var-instance=10.0.0.1%3A9090",
    }
    alert = where | {"severity": "critical", "kind": "self"}
    test.expect_alerts(names.EXPORTER_DOWN, "30m", (alert, texts)).run(tmp_path)
