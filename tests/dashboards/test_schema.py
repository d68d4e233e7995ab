"""The schema made from Grafana's types finds mistakes: a dashboard that passes it was really looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dashboards import render
from dashboards.layout import walk
from tests.support.model_monitors import a_model_monitor

SCHEMA = json.loads(Path(__file__).with_name("grafana-schema.json").read_text(encoding="utf-8"))
FILES = render([a_model_monitor("binary", "credit-default")])

Change = Callable[[dict[str, Any]], object]

DASHBOARD_MISTAKES: dict[str, Change] = {
    "an unknown key": lambda dashboard: dashboard.update(titel="x"),
    "a text for a number": lambda dashboard: dashboard.update(schemaVersion="39"),
    "no title of a variable": lambda dashboard: dashboard["templating"]["list"][0].pop("name"),
    "a tooltip that does not exist": lambda dashboard: dashboard.update(graphTooltip=7),
}


@pytest.mark.parametrize("mistake", DASHBOARD_MISTAKES)
def test_a_mistake_in_a_dashboard_is_refused(mistake: str) -> None:
    dashboard = json.loads(FILES["overview.json"])
    jsonschema.validate(dashboard, SCHEMA["dashboard"])
    DASHBOARD_MISTAKES[mistake](dashboard)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(dashboard, SCHEMA["dashboard"])


@pytest.mark.parametrize("kind", sorted(SCHEMA["panels"]))
def test_an_option_that_a_panel_does_not_have_is_refused(kind: str) -> None:
    options = a_panel_of(kind)["options"]
    jsonschema.validate(options, SCHEMA["panels"][kind]["options"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(options | {"showLegned": True}, SCHEMA["panels"][kind]["options"])


@pytest.mark.parametrize("kind", sorted(SCHEMA["panels"]))
def test_a_field_option_that_a_panel_does_not_have_is_refused(kind: str) -> None:
    custom = a_panel_of(kind)["fieldConfig"]["defaults"]["custom"]
    jsonschema.validate(custom, SCHEMA["panels"][kind]["custom"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(custom | {"lineWdith": 1}, SCHEMA["panels"][kind]["custom"])


def a_panel_of(kind: str) -> dict[str, Any]:
    """A generated panel of that type: the schema has none that no dashboard uses."""
    panels = [panel for text in FILES.values() for panel in walk(json.loads(text)["panels"])]
    return next(panel for panel in panels if panel["type"] == kind)
