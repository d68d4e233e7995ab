"""Every query of every generated dashboard, asked of a Prometheus that scrapes and evaluates for real."""

from __future__ import annotations

import json
import math

import pytest

from dashboards.queries import panel_queries, with_variables
from tests.support.fleet import Fleet
from tests.support.polling import wait_until

EVERYTHING = {
    "cluster": ".*",
    "job": ".+",
    "instance": ".+",
    "monitor": ".+",
    "model_version": ".+",
    "segment": ".+",
    "slo": ".+",
}
RANGES = {"__rate_interval": "5m", "__range": "5m"}
NUMBERS = {"credit": "income", "tickets": "length", "demand": "temperature"}
"""Monitor → a number among its features: only numbers have bounds of bins."""
OF_A_MONITOR = {f"{kind}-{monitor}": number for kind in ("model", "feature") for monitor, number in NUMBERS.items()}
FEATURES = {
    **dict.fromkeys(("overview", "labels", "exporter"), ""),
    **OF_A_MONITOR,
    "own-credit_everything": "income",
}
"""Dashboard → the feature that is chosen on top."""
OBJECTIVES = "slo"
NEEDS_TIME = "slo:"
"""How the names of series of objectives begin. They are counted at whole minutes, and over more than six hours at every
fifth, which this fleet does not live to see: tests/dashboards/test_panels_that_need_time.py asks another one."""
PATIENCE_S = 60

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("dashboard", FEATURES)
def test_every_query_of_every_panel_returns_data(fleet: Fleet, dashboard: str) -> None:
    fleet.prometheus.wait_for('ALERTS{alertname="InfranautFeatureDrift", alertstate="firing"}', 60)
    document = json.loads((fleet.generated / "dashboards" / f"{dashboard}.json").read_text(encoding="utf-8"))
    variables = {**EVERYTHING, **RANGES, "feature": FEATURES[dashboard]}
    queries = [
        (title, with_variables(expr, variables)) for title, expr in panel_queries(document) if NEEDS_TIME not in expr
    ]
    assert len(queries) >= 5
    wait_for_data(fleet, queries)


def test_every_generated_dashboard_is_asked(fleet: Fleet) -> None:
    assert {path.stem for path in (fleet.generated / "dashboards").glob("*.json")} == {*FEATURES, OBJECTIVES}


def wait_for_data(fleet: Fleet, queries: list[tuple[str, str]]) -> None:
    """Until each query has answered a number once."""
    missing = queries

    def has_all() -> bool:
        nonlocal missing
        missing = [(title, query) for title, query in missing if is_empty(fleet, query)]
        return not missing

    try:
        wait_until(has_all, PATIENCE_S, "data in every panel")
    except AssertionError as error:
        error.add_note(f"no data: {missing}")
        raise


def is_empty(fleet: Fleet, query: str) -> bool:
    """Whether it has no series, or nothing but NaN."""
    return all(math.isnan(sample.value) for sample in fleet.prometheus.query(query))
