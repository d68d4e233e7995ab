"""The dashboards that a monitor asks for."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from dashboards import render
from dashboards.layout import walk
from exporter.monitor.dashboard_mistakes import dashboard_variables
from exporter.monitor.spec import PanelName
from rules import names
from tests.support.model_monitors import a_model_monitor

QUERY = 'sum (rate(infranaut_predictions_total{job=~"$job", model_version="a\\"b"}[$__rate_interval]))'


def an_own_dashboard(*panels: Any, title: str | None = None, **spec: Any) -> dict[str, Any]:
    monitor = a_model_monitor(dashboards=[{"name": "risk", "title": title, "panels": list(panels)}], **spec)
    document: dict[str, Any] = json.loads(render([monitor])["own-credit-default_risk.json"])
    return document


def titles(dashboard: dict[str, Any]) -> list[str]:
    return [panel["title"] for panel in walk(dashboard["panels"]) if panel["type"] != "row"]


def variables(dashboard: dict[str, Any]) -> list[str]:
    return [variable["name"] for variable in dashboard["templating"]["list"]]


def test_panels_stand_in_the_order_in_which_they_are_asked_for() -> None:
    assert titles(an_own_dashboard("latency", "errors", "predictions")) == [
        "Latency",
        "Failed predictions by reason",
        "Predictions",
    ]


@pytest.mark.parametrize("name", get_args(PanelName))
def test_every_name_is_a_panel(name: str) -> None:
    assert titles(an_own_dashboard(name))


def test_drift_is_there_for_each_window_and_performance_for_each_objective() -> None:
    assert len(titles(an_own_dashboard("drift", drift={"window": ["1h", "1d", "7d"]}))) == 3
    goals = [{"metric": "auc", "minimum": 0.7}, {"metric": "brier", "maximum": 0.3}]
    assert titles(an_own_dashboard("performance", performance={"objectives": goals})) == ["AUC", "Brier score"]
    assert titles(an_own_dashboard("performance", performance={})) == ["AUC"]


def test_a_query_is_asked_as_it_was_written_under_its_title_in_its_unit() -> None:
    shown = {
        "title": "Approvals",
        "query": QUERY,
        "unit": "eps",
        "legend": "{{model_version}}",
        "description": "Per s.",
    }
    (panel,) = [panel for panel in an_own_dashboard(shown)["panels"] if panel["type"] != "row"]
    assert (panel["title"], panel["description"]) == ("Approvals", "Per s.")
    assert panel["fieldConfig"]["defaults"]["unit"] == "eps"
    assert [(target["expr"], target["legendFormat"]) for target in panel["targets"]] == [(QUERY, "{{model_version}}")]


def test_a_feature_can_be_chosen_where_a_panel_is_about_one() -> None:
    assert "feature" in variables(an_own_dashboard("distribution"))
    assert "feature" not in variables(an_own_dashboard("drift"))


def test_it_is_called_by_its_title_or_its_name_and_found_by_a_uid_of_its_own() -> None:
    assert an_own_dashboard("drift")["title"] == "Infranaut / credit-default / risk"
    assert an_own_dashboard("drift", title="Risk, weekly")["title"] == "Infranaut / credit-default / Risk, weekly"
    assert an_own_dashboard("drift")["uid"] == names.custom_dashboard("credit-default", "risk")
    assert names.custom_dashboard("a-b", "c") != names.custom_dashboard("a", "b-c")


@pytest.mark.parametrize("segments", [None, {"by": ["region"]}], ids=["whole", "segmented"])
@pytest.mark.parametrize("panel", ["predictions", "distribution"])
def test_a_query_may_read_just_the_variables_that_the_dashboard_has(
    panel: str, segments: dict[str, Any] | None
) -> None:
    asked = {"name": "risk", "panels": [panel]}
    monitor = a_model_monitor(dashboards=[asked], segments=segments)
    known = dashboard_variables(monitor.spec, monitor.spec.dashboards[0])
    assert ["datasource", *known] == variables(an_own_dashboard(panel, segments=segments))
