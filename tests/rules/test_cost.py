"""What a plan says of recorded series is what a real Prometheus then has, to the last label."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.cli.planning.exposed import PlannedFleet
from rules.cost import Coefficients, coefficients, cost_of_rules
from rules.group import RecordingRule, RuleGroup
from rules.label_sets import Work
from rules.label_vectors import LabelSet
from tests.support.golden_monitors import MULTICLASS, golden_monitor
from tests.support.polling import wait_until
from tests.support.rule_loads import RuleLoad, a_rule_load, a_wide_monitor, joined, load_rules, loaded_prometheus
from tests.support.services import RunningPrometheus

MINUTES = 8
HOUR = {"window": "1h"}
ONE = frozenset({("a", "1")})


def the_load() -> RuleLoad:
    """Two tasks, two replicas, two versions."""
    binary = a_rule_load(a_wide_monitor(4), MINUTES, PlannedFleet(replicas=2, versions=2))
    return joined(binary, a_rule_load(golden_monitor(MULTICLASS, drift=HOUR, performance=HOUR), MINUTES))


def test_exactly_the_planned_series_are_recorded(tmp_path: Path) -> None:
    load = the_load()
    planned = {(name, labels) for name, sets in load.cost.recorded.items() for labels in sets}
    with loaded_prometheus(load, tmp_path, MINUTES) as server:
        load_rules(server, load.groups, tmp_path)
        wait_until(lambda: len(recorded(server)) >= len(planned) and seen_twice(server), 60, "every recorded series")
        found = recorded(server)
    assert found - planned == set()
    assert planned - found == set()
    assert len(planned) == load.cost.recorded_series > 500


def recorded(server: RunningPrometheus) -> set[tuple[str, LabelSet]]:
    answer = [dict(sample.labels) for sample in server.query('{__name__=~".+:.+"}')]
    return {(labels.pop("__name__"), frozenset(labels.items())) for labels in answer}


def seen_twice(server: RunningPrometheus) -> bool:
    """Whether rules that read later groups have had their turn."""
    return bool(server.query("min(count_over_time(feature:infranaut_drift_psi:sum1h[5m])) > 2"))


def test_a_group_that_reads_a_later_one_is_reckoned_as_once_both_are_there() -> None:
    early = RuleGroup("early", (RecordingRule("x:y", "z:y"),))
    late = RuleGroup("late", (RecordingRule("z:y", "raw * 2", {"b": "2"}),), interval="1m")
    cost = cost_of_rules([early, late], {"raw": [ONE]}, 15.0)
    assert cost.recorded == {"x:y": [ONE | {("b", "2")}], "z:y": [ONE | {("b", "2")}]}
    assert cost.work == Work(rules=2, series=2, mapped=1, recorded=2)


def test_a_group_is_evaluated_at_its_own_interval() -> None:
    group = RuleGroup("late", (RecordingRule("z:y", "raw"),), interval="1m")
    cost = cost_of_rules([group, RuleGroup("other", group.rules)], {"raw": [ONE]}, 15.0)
    assert cost.rules_a_second(15.0) == pytest.approx(1 / 60 + 1 / 15)
    assert cost.a_second(15.0).recorded == pytest.approx(1 / 60 + 1 / 15)


def test_cpu_is_work_times_what_a_unit_of_it_takes() -> None:
    known = Coefficients({"series": 2.0, "recorded": 10.0}, 1.0, 1.0, 1.0, "here")
    assert known.cpu_s(Work(series=100_000, recorded=10_000, matched=5)) == pytest.approx(0.3)


def test_the_measured_coefficients_cover_every_kind_of_work() -> None:
    assert set(coefficients().microseconds) == set(Work.__slots__)
    assert "plan_cost_fit" in coefficients().source
