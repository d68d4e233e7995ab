"""The rule files as a whole: golden text, valid, and of the shape that every reader relies on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml

import rules
from exporter import catalog
from exporter.monitor.spec import Monitor, QualitySlo
from exporter.monitor.thresholds import thresholds
from rules import names
from rules.group import AlertingRule, RecordingRule, RuleGroup
from rules.links import Links
from rules.rendering import monitor_groups
from rules.self_monitoring import self_monitoring_groups
from tests.support.golden import GoldenFiles
from tests.support.golden_monitors import BINARY, GOLDEN, MULTICLASS, golden_monitor, golden_monitors
from tests.support.programs import require
from tests.support.promtool import assert_promtool, write_rules

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
PROCESS_SERIES = {
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_max_fds",
}
"""Standard ones of whatever process a client library of Prometheus stands in."""
DESIGN_NAMES = (
    "feature_bin:infranaut_feature_bin:increase1h",
    "feature:infranaut_feature_bin:increase1h",
    "feature_bin:infranaut_feature_bin:ratio1h",
    "feature_bin:infranaut_reference_bin:ratio1h",
    "feature:infranaut_reference_observations:max1h",
    "feature:infranaut_feature_bin:df1h",
    "feature:infranaut_drift_psi:expected1h",
    "feature:infranaut_drift_psi:sum1h",
    "feature:infranaut_drift_psi:zscore1h",
    "feature:infranaut_drift_kl:sum1h",
    "feature:infranaut_drift_js:sqrt1h",
    "feature:infranaut_drift_hellinger:sqrt1h",
    "feature:infranaut_drift_tv:sum1h",
    "feature:infranaut_drift_chi2:sum1h",
    "feature:infranaut_drift_ks:max1h",
    "feature:infranaut_drift_wasserstein:sum1h",
)


def test_the_files_are_the_golden_ones(golden: GoldenFiles) -> None:
    for name, text in rules.render(golden_monitors()).items():
        golden.check(GOLDEN / "rules" / name, text)


def test_promtool_finds_nothing_wrong(tmp_path: Path) -> None:
    require("promtool")
    assert_promtool("check", "rules", "--lint-fatal", *write_rules(golden_monitors(), tmp_path))


def test_the_same_monitors_in_another_order_give_the_same_files() -> None:
    monitors = golden_monitors()
    assert list(rules.render(monitors).items()) == list(rules.render(monitors[::-1]).items())


def test_every_query_parses_and_asks_for_one_monitor_only() -> None:
    for monitor in golden_monitors():
        for rule in rules_of(monitor):
            for selector in selectors(rule.expr):
                label, value = (names.MONITOR, monitor.name)
                if selector.name in PROCESS_SERIES and monitor.spec.resources:
                    label, value = names.JOB, monitor.spec.resources.job
                found = [matcher.value for matcher in selector.matchers.matchers if matcher.name == label]
                assert found == [value], rule.expr


def test_every_series_that_is_read_is_in_the_catalogue_or_recorded_before_in_the_same_group() -> None:
    """A series of another group may be one evaluation old, or not there yet.

    That matters to all but time slices, which judge performance as it was when the slice ended.
    """
    exposed = {metric.name + suffix for metric in catalog.CATALOG for suffix in ("", "_bucket", "_count", "_sum")}
    for monitor in golden_monitors():
        for group in monitor_groups(monitor, Links()):
            recorded = performance_read_by(monitor) if group.name.endswith("-slo") else set()
            for rule in group.rules:
                known = exposed | recorded | PROCESS_SERIES
                assert {selector.name for selector in selectors(rule.expr)} <= known, (group.name, rule)
                recorded |= {rule.record} if isinstance(rule, RecordingRule) else set()


def test_no_series_is_recorded_by_two_groups_and_no_group_stands_twice() -> None:
    groups = [group for monitor in golden_monitors() for group in monitor_groups(monitor, Links())]
    assert len({group.name for group in groups}) == len(groups)
    for monitor in golden_monitors():
        owner: dict[str, str] = {}
        for group in monitor_groups(monitor, Links()):
            for record in {rule.record for rule in group.rules if isinstance(rule, RecordingRule)}:
                assert owner.setdefault(record, group.name) == group.name


def test_drift_is_recorded_under_the_promised_names() -> None:
    recorded = {rule.record for rule in rules_of(golden_monitor(BINARY)) if isinstance(rule, RecordingRule)}
    assert recorded.issuperset(DESIGN_NAMES)


def test_a_measure_that_is_not_asked_for_costs_nothing() -> None:
    monitor = golden_monitor(BINARY, drift={"measures": ["psi"], "window": "1h"})
    (group,) = (group for group in monitor_groups(monitor, Links()) if group.name.endswith("drift-1h"))
    assert len([rule for rule in group.rules if isinstance(rule, RecordingRule)]) == 14


def test_every_alert_reads_thresholds_that_the_exporter_exposes() -> None:
    for monitor in golden_monitors():
        checks = {
            matcher.value
            for rule in rules_of(monitor)
            for selector in selectors(rule.expr)
            for matcher in selector.matchers.matchers
            if selector.name == catalog.MONITOR_THRESHOLD.name and matcher.name == names.CHECK
        }
        assert checks
        assert checks <= set(thresholds(monitor))


def test_every_alert_says_what_who_and_where_to_go_on() -> None:
    for monitor in golden_monitors():
        for rule in alerts_of(monitor_groups(monitor, Links(grafana="https://grafana"))):
            assert rule.labels.keys() >= {"severity", "monitor"}
            assert rule.annotations.keys() == {"summary", "description", "runbook_url", "dashboard_url"}
            assert rule.annotations["dashboard_url"].startswith("https://grafana/d/infranaut-")


def test_every_alert_has_a_name_in_the_list_and_a_runbook() -> None:
    groups = [group for monitor in golden_monitors() for group in monitor_groups(monitor, Links())]
    alerts = {rule.alert for rule in alerts_of([*groups, *self_monitoring_groups(Links())])}
    assert alerts == set(names.ALERTS)
    for alert in names.ALERTS:
        page = (RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")
        for section in ("## Meaning", "## Impact", "## Diagnosis", "## Mitigation"):
            assert section in page, f"{alert}.md has no section {section!r}"


def test_every_query_of_a_runbook_parses_and_names_series_that_exist() -> None:
    exposed = {metric.name + suffix for metric in catalog.CATALOG for suffix in ("", "_bucket", "_count", "_sum")}
    recorded = {
        rule.record for monitor in golden_monitors() for rule in rules_of(monitor) if isinstance(rule, RecordingRule)
    }
    known = exposed | recorded | PROCESS_SERIES | {"up", "scrape_duration_seconds", "ALERTS"}
    for alert in names.ALERTS:
        queries = list(promql_blocks((RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")))
        assert queries, alert
        for query in queries:
            for selector in selectors(query):
                assert selector.name in known, (alert, selector.name)


def test_text_of_a_person_stays_text() -> None:
    """A team called `{{ tools }}` is not a template, and quotes do not end a string."""
    text = rules.render([golden_monitor(MULTICLASS)])["ticket-router.rules.yaml"]
    (label,) = {
        rule["labels"]["team"] for group in yaml.safe_load(text)["groups"] for rule in group["rules"] if "alert" in rule
    }
    assert label == 'support "{{ "{{" }} tools }}"'


@pytest.mark.parametrize(
    ("part", "subject"),
    [
        ({"reference": None}, "drift"),
        ({"labels": None}, "performance"),
        ({"events": {"latency_seconds": None}}, "latency"),
    ],
)
def test_what_a_monitor_does_not_have_is_not_recorded(part: dict[str, None], subject: str) -> None:
    assert any(f"-{subject}" in group.name for group in monitor_groups(golden_monitor(BINARY), Links()))
    assert not any(f"-{subject}" in group.name for group in monitor_groups(golden_monitor(BINARY, **part), Links()))


def test_a_monitor_without_a_reference_still_has_its_bins_counted_for_quality() -> None:
    monitor = golden_monitor(BINARY, reference=None)
    assert names.missing_ratio("1h") in {rule.record for rule in rules_of(monitor) if isinstance(rule, RecordingRule)}


def performance_read_by(monitor: Monitor) -> set[str]:
    """The series of performance that time slices judge."""
    window = monitor.spec.performance.window
    judged = [slo.metric for slo in monitor.spec.slos if isinstance(slo, QualitySlo)]
    return {names.performance(metric, window) for metric in judged} | {names.labels_increase(window)}


def rules_of(monitor: Monitor) -> list[RecordingRule | AlertingRule]:
    return [rule for group in monitor_groups(monitor, Links()) for rule in group.rules]


def alerts_of(groups: list[RuleGroup]) -> list[AlertingRule]:
    return [rule for group in groups for rule in group.rules if isinstance(rule, AlertingRule)]


def selectors(query: str) -> list[promql_parser.VectorSelector]:
    """Every selector of series in a query; the parser raises where it is not PromQL."""
    found: list[promql_parser.VectorSelector] = []

    def collect(expr: promql_parser.Expr) -> bool:
        if isinstance(expr, promql_parser.VectorSelector):
            found.append(expr)
        return True

    promql_parser.walk(promql_parser.parse(query), collect)
    return found


def promql_blocks(page: str) -> Iterator[str]:
    """The queries of a page: what stands in blocks marked promql (indented or not), separated by empty lines."""
    lines = "\n".join(line.strip() for line in page.splitlines())
    for block in lines.split("```promql\n")[1:]:
        yield from block.partition("```")[0].strip().split("\n\n")
