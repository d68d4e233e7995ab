"""The 17 rules of Grafana's dashboard-linter, by its names and as its documentation and source describe them.

Where the linter itself is at hand, it runs as well; these run always.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import promql_parser

from exporter.monitor.grafana_units import grafana_units
from tests.support.lint_view import RATE_INTERVAL, LintComplaint, LintView, nodes, selectors

Found = Iterator[tuple[str | None, str]]
"""(title of the panel, or None for the dashboard itself; what is wrong)."""


_LABEL_FUNCTION = re.compile(r"^(label_names|label_values|metrics|query_result)\((.*)\)$")
_REFRESH_ON_TIME_RANGE = 2


def lint(dashboard: Mapping[str, object]) -> list[LintComplaint]:
    """What all rules have against a dashboard."""
    view = LintView(dashboard)
    return [
        LintComplaint(rule, view.title, message, panel)
        for rule, check in RULES.items()
        for panel, message in check(view)
    ]


def template_datasource(view: LintView) -> Found:
    if not view.datasources:
        yield None, "has no variable for the data source"
    for variable in view.datasources:
        kind = variable["query"]
        names, labels = {f"{kind}_datasource"}, {f"{kind.capitalize()} data source"}
        if len(view.datasources) == 1:
            names, labels = names | {"datasource"}, labels | {"Data source"}
        if variable["name"] not in names:
            yield None, f"the data source's variable is named {variable['name']}, expected one of {sorted(names)}"
        if variable.get("label") not in labels:
            yield None, f"the data source's variable is labelled {variable.get('label')}, expected {sorted(labels)}"


def template_job(view: LintView) -> Found:
    return _label_variable(view, "job")


def template_instance(view: LintView) -> Found:
    return _label_variable(view, "instance")


def _label_variable(view: LintView, name: str) -> Found:
    """A variable of a label that every scraped series has: several values, or all of them as `.+`."""
    variable = view.variable(name)
    if not view.is_prometheus:
        return
    if variable is None:
        yield None, f"has no variable {name}"
        return
    wanted = {"type": "query", "label": name.capitalize(), "multi": True, "allValue": ".+"}
    for key, value in wanted.items():
        if variable.get(key) != value:
            yield None, f"{key} of the variable {name} is {variable.get(key)!r}, expected {value!r}"
    if variable.get("datasource", {}).get("uid") not in ("$datasource", "${datasource}"):
        yield None, f"the variable {name} is not read from $datasource"


def template_label_promql(view: LintView) -> Found:
    for variable in view.variables:
        if not view.is_prometheus or variable["type"] != "query":
            continue
        query = variable["query"]["query"]
        match = _LABEL_FUNCTION.match(query)
        if match is None:
            yield None, f"the variable {variable['name']} asks {query!r}, expected one of Grafana's functions of labels"
            continue
        asked = match.group(2).rpartition(",")[0] if match.group(1) == "label_values" else match.group(2)
        if asked and isinstance(error := view.parse(asked), ValueError):
            yield None, f"the variable {variable['name']} asks {query!r}: {error}"


def template_on_time_change_reload(view: LintView) -> Found:
    for variable in view.variables:
        if variable["type"] == "query" and variable.get("refresh") != _REFRESH_ON_TIME_RANGE:
            yield None, f"the variable {variable['name']} is not read again when the time range changes"


def panel_datasource(view: LintView) -> Found:
    names = {form for variable in view.datasources for form in (f"${variable['name']}", f"${{{variable['name']}}}")}
    for panel in view.panels():
        uid = panel.get("datasource", {}).get("uid")
        if uid not in names:
            yield panel["title"], f"reads from {uid!r}, not from a variable"


def panel_title_description(view: LintView) -> Found:
    for panel in view.panels():
        if not panel.get("title") or not panel.get("description"):
            yield panel.get("title", ""), f"panel {panel['id']} lacks a title or a description"


def panel_units(view: LintView) -> Found:
    for panel in view.panels():
        config = panel["fieldConfig"]
        properties = [each for override in config["overrides"] for each in override["properties"]]
        if config["defaults"].get("mappings") or any(each["id"] == "mappings" for each in properties):
            continue
        if panel["type"] == "stat" and panel["options"].get("reduceOptions", {}).get("fields"):
            continue
        units = [config["defaults"].get("unit"), *(each["value"] for each in properties if each["id"] == "unit")]
        for unit in units:
            if unit not in grafana_units():
                yield panel["title"], f"{unit!r} is no unit of Grafana"


def panel_no_targets(view: LintView) -> Found:
    for panel in view.panels():
        if not panel.get("targets"):
            yield panel["title"], "asks nothing"


def target_logql(view: LintView) -> Found:
    """No dashboard here reads logs, so there is nothing of LogQL to parse; a query of Loki is a complaint by itself."""
    for target in view.targets():
        if target.datasource == "loki":
            yield target.panel, f"{target.expr!r} asks Loki, and these dashboards read Prometheus only"


def target_logql_auto(view: LintView) -> Found:
    for target in view.targets():
        if target.datasource == "loki" and re.search(r"\[(?!\$__auto\])", target.expr):
            yield target.panel, f"{target.expr!r} has a fixed range, expected $__auto"


def target_promql(view: LintView) -> Found:
    for target in view.targets():
        if target.datasource != "loki" and isinstance(error := view.parse(target.expr), ValueError):
            yield target.panel, f"{target.expr!r}: {error}"


def target_rate_interval(view: LintView) -> Found:
    for target, parsed in view.prometheus_targets():
        for part in nodes(parsed):
            if not isinstance(part.node, promql_parser.MatrixSelector) or part.node.range == RATE_INTERVAL:
                continue
            if part.parents and _function(part.parents[-1]) in ("rate", "irate"):
                yield target.panel, f"{target.expr!r}: rate over {part.node.range}, expected $__rate_interval"


def target_job(view: LintView) -> Found:
    return _matched(view, "job")


def target_instance(view: LintView) -> Found:
    return _matched(view, "instance")


def _matched(view: LintView, label: str) -> Found:
    """Every selector must follow the variable of a label."""
    for target, parsed in view.prometheus_targets():
        for part in selectors(parsed):
            matchers = {(matcher.name, str(matcher.op), matcher.value) for matcher in part.node.matchers.matchers}
            if not any(name == label and value == f"${label}" and "Re" in op for name, op, value in matchers):
                yield target.panel, f'{part.node.name} lacks {label}=~"${label}"'


def target_counter_agg(view: LintView) -> Found:
    for target, parsed in view.prometheus_targets():
        for part in selectors(parsed):
            is_counter = (part.node.name or "").endswith("_total")
            is_ranged = len(part.parents) > 1 and isinstance(part.parents[-1], promql_parser.MatrixSelector)
            if is_counter and not (is_ranged and _function(part.parents[-2]) in ("rate", "irate", "increase")):
                yield target.panel, f"{part.node.name} is a counter, read without rate, irate or increase"


def uneditable_dashboard(view: LintView) -> Found:
    if view.dashboard.get("editable", True):
        yield None, "can be edited, and the next generation would undo that"


def _function(node: object) -> str:
    return str(node.func.name) if isinstance(node, promql_parser.Call) else ""


RULES: Mapping[str, Callable[[LintView], Found]] = {
    "template-datasource-rule": template_datasource,
    "template-job-rule": template_job,
    "template-instance-rule": template_instance,
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
    "target-logql-rule": target_logql,
    "target-logql-auto-rule": target_logql_auto,
    "target-promql-rule": target_promql,
    "target-rate-interval-rule": target_rate_interval,
    "target-job-rule": target_job,
    "target-instance-rule": target_instance,
    "target-counter-agg-rule": target_counter_agg,
    "uneditable-dashboard": uneditable_dashboard,
}
