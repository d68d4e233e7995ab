"""Every query of every generated dashboard, asked of a Prometheus that scrapes and evaluates for real."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import pytest

from dashboards.queries import panel_queries, with_variables
from tests.support.fleet import Fleet
from tests.support.polling import wait_until

EVERYTHING = {"job": ".+", "monitor": ".+", "model_version": ".+", "segment": ".+"}
RANGES = {"__rate_interval": "5m", "__range": "5m"}
NUMBERS = {
    "overview": "",
    "model-credit": "income",
    "model-tickets": "length",
    "model-demand": "temperature",
}
"""Dashboard → a number among the features of its monitor: only numbers have bounds of bins."""

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("dashboard", NUMBERS)
def test_every_query_of_every_panel_returns_data(fleet: Fleet, dashboard: str) -> None:
    fleet.prometheus.wait_for('ALERTS{alertname="InfranautFeatureDrift", alertstate="firing"}', 60)
    document = json.loads((fleet.generated / "dashboards" / f"{dashboard}.json").read_text(encoding="utf-8"))
    variables = {**EVERYTHING, **RANGES, "feature": NUMBERS[dashboard]}
    queries = [(title, with_variables(expr, variables)) for title, expr in panel_queries(document)]
    assert len(queries) > 10
    wait_until(lambda: not empty_panels(fleet, queries), 30, f"data in {list(empty_panels(fleet, queries))}")


def test_every_generated_dashboard_is_asked(fleet: Fleet) -> None:
    assert {path.stem for path in (fleet.generated / "dashboards").glob("*.json")} == set(NUMBERS)


def empty_panels(fleet: Fleet, queries: list[tuple[str, str]]) -> Mapping[str, str]:
    """Panel → a query of it that has no series, or nothing but NaN."""
    return {
        title: query
        for title, query in queries
        if all(math.isnan(sample.value) for sample in fleet.prometheus.query(query))
    }
