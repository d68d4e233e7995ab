"""Every dashboard that is generated: what Grafana takes, what a person sees, and whether its queries find series."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import jsonschema
import promql_parser
import pytest

from dashboards import render
from dashboards.layout import walk
from dashboards.queries import panel_queries, with_variables
from exporter.catalog import CATALOG
from exporter.monitor.spec import Monitor, PanelName
from rules import names
from rules.group import RecordingRule
from rules.links import Links
from rules.rendering import monitor_groups
from tests.support.model_monitors import a_bare_monitor, a_model_monitor

SCHEMA = json.loads(Path(__file__).with_name("grafana-schema.json").read_text(encoding="utf-8"))
MADE_BY_PROMETHEUS = {"ALERTS", "up", "scrape_duration_seconds", "scrape_samples_scraped"}
MADE_BY_THE_PROCESS = {
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_max_fds",
}
WITHOUT_A_JOB = {"ALERTS", names.slo_objective(), names.slo_period()}
"""An alert on something absent bears no job, and neither do the terms of an objective."""
VALUES = {
    "cluster": ".*",
    "job": "infranaut",
    "instance": "localhost:9090",
    "slo": "latency",
    "monitor": "credit-default",
    "model_version": "v1|v2",
    "segment": "region=north",
    "feature": "age",
    "datasource": "prometheus",
    "__rate_interval": "1m",
    "__range": "6h",
}
COMPARED = {"window": "1h", "previous": ["1d"], "versions": {"stable": "v1"}}
EVERY_PANEL = {
    "name": "everything",
    "title": "Everything",
    "panels": [
        *get_args(PanelName),
        {"title": "Approvals", "query": 'sum (rate(infranaut_predictions_total{job=~"$job"}[$__rate_interval]))'},
    ],
}
MONITORS = [
    a_model_monitor("binary", "credit-default", dashboards=[EVERY_PANEL]),
    a_model_monitor("multiclass", "forest-cover"),
    a_model_monitor("regression", "bike-hour"),
    a_model_monitor("binary", "no-segments-and-a-name-longer-than-forty-letters", segments=None),
    a_model_monitor("binary", "compared", drift=COMPARED, traffic={"anomaly": {}}),
    a_bare_monitor(),
]
FILES = render(MONITORS)
GENERAL = ("overview.json", "slo.json", "labels.json", "exporter.json")

EXPOSED = {
    metric.name + suffix
    for metric in CATALOG
    for suffix in (("_bucket", "_sum", "_count") if metric.type == "histogram" else ("",))
}
LABELS_BY_LEVEL = {
    "feature_bin": {"monitor", "model_version", "reference", "feature", "bin"},
    "feature": {"monitor", "model_version", "reference", "feature"},
    "feature_rule": {"monitor", "model_version", "feature", "rule"},
    "outcome": {"monitor", "model_version", "actual", "predicted", "segment"},
    "class": {"monitor", "model_version", "class", "segment"},
    "model": {"monitor", "model_version", "segment"},
    "model_rule": {"monitor", "model_version", "rule"},
    "monitor": {"monitor"},
    "slo": {"monitor", "slo"},
    "instance": {"monitor", "instance"},
}

every_file = pytest.mark.parametrize("file", list(FILES))
every_dashboard = pytest.mark.parametrize("dashboard", [json.loads(text) for text in FILES.values()], ids=list(FILES))


def test_there_are_general_dashboards_and_those_of_each_monitor() -> None:
    assert list(FILES) == [
        *GENERAL,
        "model-bare.json",
        "feature-bare.json",
        "model-bike-hour.json",
        "feature-bike-hour.json",
        "model-compared.json",
        "feature-compared.json",
        "model-credit-default.json",
        "feature-credit-default.json",
        "own-credit-default_everything.json",
        "model-forest-cover.json",
        "feature-forest-cover.json",
        "model-no-segments-and-a-name-longer-than-forty-letters.json",
        "feature-no-segments-and-a-name-longer-than-forty-letters.json",
    ]


def test_the_order_of_the_monitors_changes_nothing() -> None:
    assert render(MONITORS[::-1]) == FILES


def test_uids_are_unique_short_enough_for_grafana_and_those_that_alerts_link_to() -> None:
    uids = [json.loads(text)["uid"] for text in FILES.values()]
    assert len(set(uids)) == len(uids)
    assert all(len(uid) <= 40 for uid in uids)
    assert {names.OVERVIEW_DASHBOARD, *(names.model_dashboard(monitor.name) for monitor in MONITORS)} <= set(uids)


@every_dashboard
def test_it_matches_the_schema_of_grafanas_own_types(dashboard: dict[str, Any]) -> None:
    jsonschema.validate(dashboard, SCHEMA["dashboard"])
    for panel in _panels(dashboard):
        schemas = SCHEMA["panels"][panel["type"]]
        jsonschema.validate(panel["options"], schemas["options"])
        jsonschema.validate(panel["fieldConfig"]["defaults"]["custom"], schemas["custom"])


@every_dashboard
def test_nothing_in_it_is_null(dashboard: dict[str, Any]) -> None:
    assert not [value for value in _leaves(dashboard) if value is None]


@every_dashboard
def test_panels_do_not_overlap_and_stay_within_the_grid(dashboard: dict[str, Any]) -> None:
    for group in (dashboard["panels"], *(row["panels"] for row in dashboard["panels"] if row.get("collapsed"))):
        for panel in group:
            assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24, panel["title"]
        for one, other in combinations(group, 2):
            assert not _is_overlapping(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


@every_dashboard
def test_ids_of_panels_are_unique(dashboard: dict[str, Any]) -> None:
    ids = Counter(panel["id"] for panel in walk(dashboard["panels"]))
    assert max(ids.values()) == 1


@every_dashboard
def test_every_panel_says_what_it_shows_in_which_unit_from_where(dashboard: dict[str, Any]) -> None:
    for panel in _panels(dashboard):
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"], panel["title"]
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]


@every_file
def test_every_query_parses_and_reads_series_that_somebody_makes(file: str) -> None:
    made = EXPOSED | MADE_BY_PROMETHEUS | MADE_BY_THE_PROCESS | _recorded(file)
    for title, expr in panel_queries(json.loads(FILES[file])):
        for selector in _selectors(expr):
            assert selector.name in made, (title, selector.name)


@every_dashboard
def test_every_query_selects_only_by_labels_that_its_series_have(dashboard: dict[str, Any]) -> None:
    for title, expr in panel_queries(dashboard):
        for selector in _selectors(expr):
            if selector.name not in MADE_BY_PROMETHEUS | MADE_BY_THE_PROCESS:
                assert _labels(selector) <= _possible_labels(selector.name), (title, expr)


@every_dashboard
def test_every_query_is_narrowed_by_job(dashboard: dict[str, Any]) -> None:
    for title, expr in panel_queries(dashboard):
        for selector in _selectors(expr):
            if selector.name not in WITHOUT_A_JOB:
                assert "job" in _labels(selector), (title, expr)


@every_dashboard
def test_every_variable_in_a_query_is_declared(dashboard: dict[str, Any]) -> None:
    declared = {variable["name"] for variable in dashboard["templating"]["list"]}
    values = {name: value for name, value in VALUES.items() if name.startswith("__") or name in declared}
    for _title, expr in panel_queries(dashboard):
        with_variables(expr, values)


@pytest.mark.parametrize("monitor", MONITORS, ids=lambda monitor: monitor.name)
def test_the_dashboards_of_a_monitor_read_only_that_one(monitor: Monitor) -> None:
    files = [json.loads(FILES[f"{kind}-{monitor.name}.json"]) for kind in ("model", "feature")]
    for title, expr in [query for file in files for query in panel_queries(file)]:
        for selector in _selectors(expr):
            if selector.name != "up" and (selector.name == "ALERTS" or "monitor" in _possible_labels(selector.name)):
                assert f'monitor="{monitor.name}"' in expr, (title, expr)


def test_a_monitor_without_reference_labels_and_segments_has_no_rows_about_them() -> None:
    bare = json.loads(FILES["model-bare.json"])
    rows = [panel["title"] for panel in bare["panels"] if panel["type"] == "row"]
    assert rows == ["Predictions", "Data quality", "Versions"]
    chosen = [variable["name"] for variable in bare["templating"]["list"]]
    assert chosen == ["datasource", "cluster", "job", "monitor", "model_version"]


def test_a_second_window_of_drift_has_a_closed_row_of_its_own() -> None:
    rows = [panel for panel in json.loads(FILES["model-credit-default.json"])["panels"] if panel["type"] == "row"]
    assert [(row["title"], row["collapsed"]) for row in rows if row["title"].startswith("Drift")] == [
        ("Drift over 1h", False),
        ("Drift over 1d", True),
    ]


def test_an_objective_colours_its_metric_and_draws_its_limit() -> None:
    panels = {panel["title"]: panel for panel in _panels(json.loads(FILES["model-credit-default.json"]))}
    assert panels["F1"]["fieldConfig"]["defaults"]["thresholds"]["steps"] == [
        {"color": "red", "value": 0.0},
        {"color": "green", "value": 0.75},
    ]
    assert 'check="performance_f1_minimum"' in panels["F1"]["targets"][-1]["expr"]
    assert not [target for target in panels["AUC"]["targets"] if "threshold_ratio" in target["expr"]]


def test_no_monitors_still_make_the_general_dashboards() -> None:
    assert tuple(render([])) == GENERAL


def _panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in walk(dashboard["panels"]) if panel["type"] != "row"]


def _selectors(expr: str) -> list[Any]:
    found: list[Any] = []

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        elif isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vector_selector)

    promql_parser.walk(promql_parser.parse(with_variables(expr, VALUES)), visit)
    return found


def _labels(selector: Any) -> set[str]:
    return {matcher.name for matcher in selector.matchers.matchers}


def _recorded(file: str) -> set[str]:
    """The series that the rules record for the monitor of a file, or for all of them."""
    monitors = [monitor for monitor in MONITORS if file in GENERAL or f"-{monitor.name}." in file.replace("_", ".")]
    groups = [group for monitor in monitors for group in monitor_groups(monitor, Links())]
    return {rule.record for group in groups for rule in group.rules if isinstance(rule, RecordingRule)}


def _possible_labels(name: str) -> set[str]:
    if ":" in name:
        return {"cluster", "job", *LABELS_BY_LEVEL[name.split(":", maxsplit=1)[0]]}
    (metric,) = [metric for metric in CATALOG if name in (metric.name, f"{metric.name}_bucket")]
    return {"cluster", "job", "instance", *metric.labels, *(["segment"] if metric.is_segmented else [])}


def _leaves(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _leaves(inner)
    else:
        yield part


def _is_overlapping(one: dict[str, int], other: dict[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )
