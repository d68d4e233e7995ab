"""How a person gets from one dashboard to the next: links, and what they carry."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dashboards import render
from tests.support.model_monitors import a_bare_monitor, a_model_monitor

OWN = [{"name": "risk", "panels": ["drift"]}]
FILES = render([a_model_monitor(dashboards=OWN), a_bare_monitor()])
UIDS = {json.loads(text)["uid"]: file for file, text in FILES.items()}

every_dashboard = pytest.mark.parametrize("dashboard", [json.loads(text) for text in FILES.values()], ids=list(FILES))


@every_dashboard
def test_every_link_leads_to_another_dashboard_and_keeps_the_time_and_the_variables(dashboard: dict[str, Any]) -> None:
    assert dashboard["links"]
    for link in dashboard["links"]:
        assert (link["includeVars"], link["keepTime"], link["targetBlank"]) == (True, True, False)
        if link["type"] == "link":
            uid = link["url"].removeprefix("/d/")
            assert uid in UIDS, f"{link['title']} leads nowhere"
            assert uid != dashboard["uid"], f"{link['title']} leads back"
        else:
            assert set(link["tags"]) <= set(dashboard["tags"])


@every_dashboard
def test_every_link_in_a_cell_keeps_the_time_and_the_variables(dashboard: dict[str, Any]) -> None:
    for url in re.findall(r'"url": "(/d/[^"]*)"', json.dumps(dashboard["panels"])):
        for part in ("__url_time_range", "datasource:queryparam", "cluster:queryparam", "job:queryparam"):
            assert f"${{{part}}}" in url
        uid = url.removeprefix("/d/").partition("?")[0]
        assert uid in UIDS or uid.startswith("${__data.fields.")


@pytest.mark.parametrize(
    ("file", "chosen"),
    [
        ("overview.json", ["datasource", "cluster", "job", "monitor"]),
        ("slo.json", ["datasource", "cluster", "job", "monitor", "slo"]),
        ("labels.json", ["datasource", "cluster", "job", "monitor", "model_version"]),
        ("exporter.json", ["datasource", "cluster", "job", "instance", "monitor"]),
        ("model-credit-default.json", ["datasource", "cluster", "job", "monitor", "model_version", "segment"]),
        (
            "feature-credit-default.json",
            ["datasource", "cluster", "job", "monitor", "model_version", "segment", "feature"],
        ),
        ("model-bare.json", ["datasource", "cluster", "job", "monitor", "model_version"]),
    ],
)
def test_what_can_be_chosen(file: str, chosen: list[str]) -> None:
    assert [variable["name"] for variable in json.loads(FILES[file])["templating"]["list"]] == chosen


@every_dashboard
def test_all_clusters_include_the_series_without_that_label_and_each_list_follows_the_time(
    dashboard: dict[str, Any],
) -> None:
    """And all jobs the objectives of services, which bear none."""
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert variables["cluster"]["allValue"] == ".*"
    assert variables["job"]["allValue"] == (".*" if "slo" in variables else ".+")
    assert {item["refresh"] for item in variables.values() if item["type"] == "query"} == {2}


def test_the_monitor_of_a_dashboard_is_hidden_and_has_one_value() -> None:
    variables = json.loads(FILES["model-credit-default.json"])["templating"]["list"]
    (monitor,) = [variable for variable in variables if variable["name"] == "monitor"]
    assert (monitor["hide"], monitor["type"], monitor["query"]) == (2, "custom", "credit-default")


@every_dashboard
def test_marks_are_alerts_deployments_and_references(dashboard: dict[str, Any]) -> None:
    marks = [mark["name"] for mark in dashboard["annotations"]["list"]]
    without_reference = ["Firing alerts", "Deployments"]
    assert marks in (without_reference, [*without_reference, "Reference changes"])
    assert all(mark["enable"] for mark in dashboard["annotations"]["list"])


@every_dashboard
def test_colours_are_of_the_theme_and_titles_short_enough_for_a_phone(dashboard: dict[str, Any]) -> None:
    text = json.dumps(dashboard)
    assert not re.findall(r"#[0-9a-fA-F]{6}\b|rgba?\(", text)
    for title in re.findall(r'"title": "([^"]*)"', json.dumps(dashboard["panels"])):
        assert len(title) <= 32, title
