"""The dashboard of all models: where its rows lead, and whether its words fit."""

from __future__ import annotations

import json
from typing import Any

from dashboards import render
from rules import names
from tests.support.model_monitors import a_bare_monitor, a_model_monitor

MONITORS = [a_model_monitor(), a_model_monitor("regression", "bike-hour"), a_bare_monitor()]
PANELS = [panel for panel in json.loads(render(MONITORS)["overview.json"])["panels"] if panel["type"] != "row"]


def test_each_row_leads_to_its_dashboard_with_time_and_variables() -> None:
    (table,) = [panel for panel in PANELS if (panel["title"], panel["type"]) == ("Models", "table")]
    kept = "${__url_time_range}&${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}"
    for column, label in (("Model", "model_dashboard"), ("Drift", "feature_dashboard")):
        links = [part["value"][0]["url"] for part in override(table, column) if part["id"] == "links"]
        assert links == [f"/d/${{__data.fields.{label}}}?{kept}"]
    for monitor in MONITORS:
        assert names.model_dashboard(monitor.name) in table["targets"][0]["expr"]
        assert names.feature_dashboard(monitor.name) in table["targets"][0]["expr"]


def test_the_names_of_alerts_and_monitors_have_room() -> None:
    (alerts,) = [panel for panel in PANELS if panel["title"] == "Alerts"]
    assert alerts["gridPos"]["w"] == 24
    assert [override(alerts, title) for title in ("Alert", "Monitor")] == [[{"id": "custom.width", "value": 250}]] * 2


def override(panel: dict[str, Any], title: str) -> list[dict[str, Any]]:
    (found,) = [part for part in panel["fieldConfig"]["overrides"] if part["matcher"]["options"] == title]
    properties: list[dict[str, Any]] = found["properties"]
    return properties
