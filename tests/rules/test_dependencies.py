"""Which rules read which, told by the parsed queries."""

from __future__ import annotations

import pytest

from rules.dependencies import Selector, levels, needed, selectors
from rules.group import RecordingRule


def records(rules: list[RecordingRule]) -> list[str]:
    return [rule.record + rule.labels.get("bin", "") for rule in rules]


COUNT = RecordingRule("a:count", "sum(increase(raw_total[1h]))")
RATIO = RecordingRule("a:ratio", "a:count / on (job) a:count{x=~'y.+'}")
OTHER = RecordingRule("b:count", "sum(other_total)")
FIRST = RecordingRule("run:sum", "a:count", {"bin": "0"})
SECOND = RecordingRule("run:sum", 'a:count + run:sum{bin="0"}', {"bin": "1"})


def test_selectors_are_found_in_ranges_and_subqueries() -> None:
    found = selectors('max_over_time(rate(x_total{a="1"}[5m])[1h:1m]) unless {__name__="y",b!="2"}')
    assert found == (Selector("x_total", (("a", "=", "1"),)), Selector("y", (("b", "!=", "2"),)))


def test_rules_stand_in_the_first_level_that_has_all_they_read() -> None:
    assert [records(level) for level in levels([SECOND, RATIO, OTHER, FIRST, COUNT])] == [
        ["b:count", "a:count"],
        ["a:ratio", "run:sum0"],
        ["run:sum1"],
    ]


def test_a_circle_of_rules_is_refused() -> None:
    first, second = RecordingRule("x:y", "z:y"), RecordingRule("z:y", "x:y")
    with pytest.raises(ValueError, match="in a circle: x:y, z:y"):
        levels([COUNT, first, second])


def test_only_what_queries_rest_on_is_needed() -> None:
    rules = [COUNT, RATIO, OTHER, FIRST, SECOND]
    assert records(needed(rules, ['run:sum{bin="1"} > 2'])) == ["a:count", "run:sum0", "run:sum1"]
    assert needed(rules, ["raw_total"]) == []
