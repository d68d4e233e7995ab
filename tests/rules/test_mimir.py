"""Namespaces of Mimir: one for each monitor, with the rules of the plain files, and which limits they need."""

from __future__ import annotations

import yaml

from rules import render
from rules.group import RecordingRule, RuleGroup
from rules.links import Links
from rules.mimir import limits_to_raise, render_namespaces
from rules.rendering import groups_by_part
from rules.scope import RuleScope
from rules.scoped_groups import scope_texts
from tests.support.golden_monitors import golden_monitors


def test_each_file_is_a_namespace_of_its_own_with_the_groups_of_the_plain_file() -> None:
    plain = {name: yaml.safe_load(text)["groups"] for name, text in render(golden_monitors()).items()}
    parts = groups_by_part(golden_monitors(), Links(), scope_texts(RuleScope()))
    documents = {name: yaml.safe_load(text) for name, text in render_namespaces(parts, "ml").items()}
    assert documents == {
        name: {"namespace": namespace, "groups": plain[name]}
        for name, namespace in {
            "bike-demand.rules.yaml": "ml-bike-demand",
            "credit-default.rules.yaml": "ml-credit-default",
            "ticket-router.rules.yaml": "ml-ticket-router",
            "infranaut.exporter.rules.yaml": "ml",
        }.items()
    }


def test_the_limits_that_the_rules_break_are_told_with_what_they_need() -> None:
    assert limits_to_raise({"m": [a_group(20)]}) == {}
    assert limits_to_raise({"m": [a_group(20)], "n": [a_group(21)]}) == {"ruler_max_rules_per_rule_group": 21}
    assert limits_to_raise({"m": [a_group(1)] * 71}) == {"ruler_max_rule_groups_per_tenant": 71}
    assert limits_to_raise({}) == {}


def a_group(rules: int) -> RuleGroup:
    return RuleGroup("g", tuple(RecordingRule("a:b:c", "x") for _ in range(rules)))
