"""The 17 rules of Grafana's dashboard-linter: on every dashboard, and each of them on a dashboard made wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards import render
from tests.support.lint_rules import RULES, lint
from tests.support.lint_view import LintComplaint
from tests.support.model_monitors import a_bare_monitor, a_model_monitor

EXCLUSIONS = yaml.safe_load(Path(__file__).with_name("lint.yaml").read_text(encoding="utf-8"))
FILES = render(
    [
        a_model_monitor("binary", "credit-default"),
        a_model_monitor("multiclass", "forest-cover"),
        a_model_monitor("regression", "bike-hour"),
        a_bare_monitor(),
    ]
)
LINTER = "INFRANAUT_DASHBOARD_LINTER"

Change = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize("file", list(FILES))
def test_a_dashboard_keeps_every_rule_but_for_what_is_excluded(file: str) -> None:
    assert [complaint for complaint in lint(json.loads(FILES[file])) if not is_excluded(complaint)] == []


def test_every_exclusion_names_a_rule_gives_a_reason_and_is_needed() -> None:
    complaints = [complaint for text in FILES.values() for complaint in lint(json.loads(text))]
    for rule, exclusion in EXCLUSIONS.items():
        assert rule in RULES
        assert len(exclusion["reason"]) > 20
        against = [complaint for complaint in complaints if complaint.rule == rule]
        assert against, f"{rule}: excluded without need"
        assert {one.panel for one in against} >= set(exclusion.get("panels", [])), f"{rule}: excluded without need"
        assert {one.dashboard for one in against} >= set(exclusion.get("dashboards", [])), f"{rule}: without need"


def test_the_linter_has_17_rules() -> None:
    assert len(RULES) == 17


def test_a_dashboard_as_the_linter_wants_it_has_no_complaints() -> None:
    assert lint(a_dashboard()) == []


def is_excluded(complaint: LintComplaint) -> bool:
    exclusion = EXCLUSIONS.get(complaint.rule)
    if exclusion is None:
        return False
    is_meant = complaint.dashboard in exclusion.get("dashboards", [complaint.dashboard])
    return is_meant and complaint.panel in exclusion.get("panels", [complaint.panel])


def a_dashboard() -> dict[str, Any]:
    """Keeps every rule; the monitors' dashboards have more of everything."""
    return {
        "title": "Sample",
        "editable": False,
        "templating": {"list": [a_datasource(), a_label("job"), a_label("instance")]},
        "panels": [a_panel('rate(x_total{job=~"$job", instance=~"$instance"}[$__rate_interval])')],
    }


def a_datasource() -> dict[str, Any]:
    return {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus"}


def a_label(name: str) -> dict[str, Any]:
    return {
        "type": "query",
        "name": name,
        "label": name.capitalize(),
        "multi": True,
        "allValue": ".+",
        "refresh": 2,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "query": {"query": f"label_values(up, {name})", "refId": name},
    }


def a_panel(expr: str) -> dict[str, Any]:
    return {
        "id": 1,
        "type": "timeseries",
        "title": "Rate",
        "description": "What happens in a second.",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "fieldConfig": {"defaults": {"unit": "short"}, "overrides": []},
        "options": {},
        "targets": [{"refId": "A", "expr": expr, "datasource": {"type": "prometheus", "uid": "${datasource}"}}],
    }


def ask(expr: str, datasource: str = "prometheus") -> Change:
    """Makes the panel ask something else."""

    def change(dashboard: dict[str, Any]) -> None:
        dashboard["panels"][0]["targets"][0] |= {"expr": expr, "datasource": {"type": datasource, "uid": "x"}}

    return change


def variable(position: int, **values: Any) -> Change:
    """Changes a variable: 0 is the data source, 1 the job, 2 the instance."""
    return lambda dashboard: dashboard["templating"]["list"][position].update(values)


def without(position: int) -> Change:
    """Takes a variable away; what asked for it no longer parses."""
    return lambda dashboard: dashboard["templating"]["list"].pop(position)


def panel(**values: Any) -> Change:
    return lambda dashboard: dashboard["panels"][0].update(values)


MATCHERS = 'job=~"$job", instance=~"$instance"'
MISTAKES: list[tuple[str, Change]] = [
    ("template-datasource-rule", without(0)),
    ("template-datasource-rule", variable(0, name="source")),
    ("template-datasource-rule", variable(0, label="Where")),
    ("template-job-rule", without(1)),
    ("template-job-rule", variable(1, multi=False)),
    ("template-job-rule", variable(1, allValue=".*")),
    ("template-job-rule", variable(1, label="Jobs")),
    ("template-job-rule", variable(1, datasource={"uid": "prom-1"})),
    ("template-instance-rule", without(2)),
    ("template-instance-rule", variable(2, type="custom")),
    ("template-label-promql-rule", variable(1, query={"query": "series(up, job)"})),
    ("template-label-promql-rule", variable(1, query={"query": "label_values(up{, job)"})),
    ("template-on-time-change-reload-rule", variable(1, refresh=1)),
    ("panel-datasource-rule", panel(datasource={"type": "prometheus", "uid": "prom-1"})),
    ("panel-title-description-rule", panel(title="")),
    ("panel-title-description-rule", panel(description="")),
    ("panel-units-rule", panel(fieldConfig={"defaults": {"unit": "potatoes"}, "overrides": []})),
    ("panel-units-rule", panel(fieldConfig={"defaults": {}, "overrides": []})),
    ("panel-no-targets-rule", panel(targets=[])),
    ("target-logql-rule", ask('{app="x"} |= "y"', "loki")),
    ("target-logql-auto-rule", ask('rate({app="x"}[5m])', "loki")),
    ("target-promql-rule", ask("rate(")),
    ("target-promql-rule", ask('up{job=~"$jobs"}')),
    ("target-rate-interval-rule", ask(f"rate(x_total{{{MATCHERS}}}[5m])")),
    ("target-rate-interval-rule", ask(f"sum(irate(x_total{{{MATCHERS}}}[1m]))")),
    ("target-job-rule", ask('up{instance=~"$instance"}')),
    ("target-job-rule", ask('up{job="$job", instance=~"$instance"}')),
    ("target-job-rule", ask('up{job=~"mine", instance=~"$instance"}')),
    ("target-instance-rule", ask('max_over_time(up{job=~"$job"}[5m])')),
    ("target-counter-agg-rule", ask(f"x_total{{{MATCHERS}}}")),
    ("target-counter-agg-rule", ask(f"max_over_time(x_total{{{MATCHERS}}}[5m])")),
    ("uneditable-dashboard", lambda dashboard: dashboard.update(editable=True)),
]


@pytest.mark.parametrize(("rule", "change"), MISTAKES)
def test_a_rule_finds_the_mistake_that_it_is_for(rule: str, change: Change) -> None:
    dashboard = deepcopy(a_dashboard())
    change(dashboard)
    assert rule in {complaint.rule for complaint in lint(dashboard)}


def test_every_rule_has_a_mistake_to_find() -> None:
    assert {rule for rule, _ in MISTAKES} == set(RULES)


@pytest.mark.parametrize(
    "expr", [f"increase(x_total{{{MATCHERS}}}[1h])", f"max_over_time(y{{{MATCHERS}}}[1h:5m])", f"-(y{{{MATCHERS}}})"]
)
def test_what_only_looks_like_a_mistake_is_none(expr: str) -> None:
    dashboard = a_dashboard()
    ask(expr)(dashboard)
    assert lint(dashboard) == []


def test_a_hidden_query_and_a_unit_of_mapped_values_are_none_of_its_business() -> None:
    dashboard = a_dashboard()
    dashboard["panels"][0]["targets"].append({"refId": "B", "expr": "rate(", "hide": True})
    panel(fieldConfig={"defaults": {"mappings": [{"type": "value"}]}, "overrides": []})(dashboard)
    assert lint(dashboard) == []


def test_the_linter_itself_has_no_complaints(tmp_path: Path) -> None:
    linter = shutil.which(os.environ.get(LINTER, "dashboard-linter"))
    if linter is None:
        pytest.skip(f"no dashboard-linter on PATH and none in {LINTER}; its rules ran in Python")
    for file, text in FILES.items():
        folder = tmp_path / Path(file).stem
        folder.mkdir()
        (folder / file).write_text(text, encoding="utf-8")
        (folder / ".lint").write_text(linter_config(json.loads(text)["title"]), encoding="utf-8")
        command = [linter, "lint", "--strict", str(folder / file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def linter_config(title: str) -> str:
    """The exclusions in the linter's own form. Its list of units lags behind Grafana's, which is the one used here."""
    exclusions: dict[str, Any] = {"panel-units-rule": {"reason": "an older list of units"}}
    for rule, exclusion in EXCLUSIONS.items():
        entries = [{"dashboard": title, "panel": name} for name in exclusion.get("panels", [])]
        exclusions[rule] = {"reason": exclusion["reason"]} | ({"entries": entries} if entries else {})
    return yaml.safe_dump({"exclusions": exclusions})
