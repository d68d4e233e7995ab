"""Panels over hours, on a real Prometheus, with every variable set to every value that Grafana would offer."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dashboards import render
from dashboards.queries import panel_queries, with_variables
from exporter.monitor.load import load_monitors
from tests.support.model_monitors import a_model_monitor
from tests.support.recorded_past import START_S, STEP_S, SentMinute, a_recorded_past
from tests.support.services import RunningPrometheus

NAMES = ("credit", "fraud")
SLOS: Sequence[Mapping[str, Any]] = (
    {"name": "latency", "objective": 0.99, "latency_below_seconds": 0.25},
    {"name": "availability", "objective": 0.99},
    {"name": "freshness", "objective": 0.99, "events_younger_than": "1m"},
    {"name": "label_delay", "objective": 0.99, "labels_younger_than": "1m"},
    {"name": "validity", "objective": 0.99},
    {"name": "quality", "objective": 0.95, "metric": "accuracy", "minimum": 0.8, "slice": "1m"},
)
"""Each kind once, with the same windows of burn rates."""
MINUTES, ROWS_A_MINUTE = 30, 20
RANGES = {"__rate_interval": "5m", "__range": "30m"}
_OF_A_MONITOR = (("model", ""), ("feature", ""), ("own", "_budgets"))
FAILED = {"score": None, "error": "timeout"}
_LABEL_VALUES = re.compile(r"label_values\((?P<selector>.*), (?P<label>\w+)\)")

MONITORS = [
    a_model_monitor(
        "binary",
        name,
        reference=None,
        drift={"window": "10m", "previous": ["10m"]},
        performance={"window": "10m", "minimum_labels": 10},
        slos=list(SLOS),
        dashboards=[{"name": "budgets", "panels": ["budget"]}],
    )
    for name in NAMES
]
_NEED_TIME = re.compile("slo:|period_drift")
"""Objectives, and drift from an earlier period."""
OBJECTIVES = load_monitors([Path(__file__).with_name("service.yaml")]).objectives
EVERY_DASHBOARD = {file.removesuffix(".json"): json.loads(text) for file, text in render(MONITORS, OBJECTIVES).items()}
DASHBOARDS = {
    file: dashboard for file, dashboard in EVERY_DASHBOARD.items() if _NEED_TIME.search(json.dumps(dashboard))
}


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningPrometheus, float]]:
    queries = {
        query for dashboard in DASHBOARDS.values() for query in queries_of(dashboard, opened(dashboard)).values()
    }
    histories = [(monitor, list(some_minutes())) for monitor in MONITORS]
    with a_recorded_past(histories, queries, tmp_path_factory.mktemp("past"), OBJECTIVES) as recorded:
        yield recorded


@pytest.mark.parametrize("file", DASHBOARDS)
def test_every_query_has_data_with_each_variable_set_to_each_value(
    past: tuple[RunningPrometheus, float], file: str
) -> None:
    dashboard = DASHBOARDS[file]
    asked: dict[str, str] = {}
    for variable in variables_of(dashboard):
        for value in values_of(variable, opened(dashboard), past):
            asked |= queries_of(dashboard, opened(dashboard) | {variable["name"]: value})
    assert [told for told, query in asked.items() if is_empty(query, past)] == []


def test_there_is_more_than_one_value_of_what_tells_objectives_apart(past: tuple[RunningPrometheus, float]) -> None:
    dashboard = DASHBOARDS["slo"]
    offered = {variable["name"]: values_of(variable, opened(dashboard), past) for variable in variables_of(dashboard)}
    assert offered == {
        "cluster": ["eu", "us"],
        "job": ["ml", "ml-canary"],
        "monitor": sorted([*NAMES, "gateway"]),
        "slo": sorted(["answers", *(slo["name"] for slo in SLOS)]),
    }


def test_each_feature_is_chosen(past: tuple[RunningPrometheus, float]) -> None:
    dashboard = DASHBOARDS["feature-credit"]
    *_, feature = variables_of(dashboard)
    assert values_of(feature, opened(dashboard), past) == ["__prediction__", "age", "region"]


def test_every_dashboard_that_needs_time_is_asked() -> None:
    of_monitors = {f"{kind}-{name}{rest}" for name in NAMES for kind, rest in _OF_A_MONITOR}
    assert set(DASHBOARDS) == {"overview", "slo", *of_monitors}


def variables_of(dashboard: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [variable for variable in dashboard["templating"]["list"] if variable["type"] != "datasource"]


def opened(dashboard: Mapping[str, Any]) -> dict[str, str]:
    """The values with which the dashboard opens."""
    return RANGES | {
        variable["name"]: variable.get("allValue") or variable["current"]["value"]
        for variable in variables_of(dashboard)
    }


def values_of(
    variable: Mapping[str, Any], values: Mapping[str, str], past: tuple[RunningPrometheus, float]
) -> list[str]:
    """What Grafana offers to choose from."""
    if variable["type"] == "custom":
        return [variable["query"]]
    found = _LABEL_VALUES.fullmatch(with_variables(variable["query"]["query"], values))
    assert found, variable["query"]
    server, time = past
    label = found["label"]
    series = server.query(f"count by ({label}) ({found['selector']})", time)
    return sorted(one.labels[label] for one in series if label in one.labels)


def queries_of(dashboard: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """What is asked, as a person reads it → the query."""
    found = [(title, expr) for title, expr in panel_queries(dict(dashboard)) if _NEED_TIME.search(expr)]
    rendered = [(title, with_variables(expr, values)) for title, expr in found]
    return {f"{title}: {query}": query for title, query in rendered}


def is_empty(query: str, past: tuple[RunningPrometheus, float]) -> bool:
    """Whether it has no series, or nothing but NaN."""
    server, time = past
    return all(math.isnan(sample.value) for sample in server.query(query, time))


def some_minutes() -> Iterator[SentMinute]:
    """All is well in the first half; then every objective of every kind misses something."""
    for minute in range(MINUTES):
        end_s = START_S + (minute + 1) * STEP_S
        faults = range(ROWS_A_MINUTE // 5 if minute >= MINUTES // 2 else 0)
        events = [
            an_event(f"{minute}-{row}", end_s, row, is_bad=row in faults) | (FAILED if row - 10 in faults else {})
            for row in range(ROWS_A_MINUTE)
        ]
        labels = [
            {"request_id": event["request_id"], "label": int(row not in faults)}
            for row, event in enumerate(events)
            if event["error"] is None
        ]
        yield SentMinute(events, labels)


def an_event(key: str, end_s: float, row: int, *, is_bad: bool) -> dict[str, Any]:
    """A bad one is slow, late, invalid and wrong."""
    return {
        "request_id": key,
        "ts": end_s - (300 if is_bad else 10),
        "score": 0.6 + row / 100,
        "version": ("v1", "v2")[row % 4 // 2],
        "latency": 0.9 if is_bad else 0.1,
        "error": None,
        "age": 7 if is_bad else 40 + row,
        "region": ("north", "south")[row % 2],
    }
