"""A scope reaches every selector and join of every rule and of every query in an annotation, and nothing else."""

from __future__ import annotations

import json
import re

import promql_parser
import pytest

from exporter.monitor.promql_literal import literal
from rules import names, render
from rules.dependencies import selectors
from rules.group import AlertingRule, RecordingRule
from rules.links import Links
from rules.query_scope import ScopeText, scoped_query
from rules.rendering import groups_by_part
from rules.scope import RuleScope
from rules.scoped_groups import scope_texts, scoped_template
from tests.support.golden_monitors import golden_monitors

NORTH = ScopeText('c="n",', 'c="n"', '{c="n"}', "c, ", "c")
SCOPE = RuleScope('env=~"prod|canary"', "cluster")


@pytest.mark.parametrize(
    ("query", "scoped"),
    [
        ('x{a="b"}', 'x{c="n",a="b"}'),
        ("x{}", 'x{c="n"}'),
        ("x", 'x{c="n"}'),
        ("absent(x)", 'absent(x{c="n"})'),
        ('x{a="}{",b=\'"\'}[5m:1m] offset 1h', 'x{c="n",a="}{",b=\'"\'}[5m:1m] offset 1h'),
        ('x{a="\\"}"} @ end()', 'x{c="n",a="\\"}"} @ end()'),
        ("sum by (a) (x)", 'sum by (c, a) (x{c="n"})'),
        ("sum (x) by ()", 'sum (x{c="n"}) by (c)'),
        ("sum without (a) (x)", 'sum without (a) (x{c="n"})'),
        ("x + on (a) group_left (b) y", 'x{c="n"} + on (c, a) group_left (b) y{c="n"}'),
        ("x * ignoring (a) group_right () y", 'x{c="n"} * ignoring (a) group_right () y{c="n"}'),
        ("x > bool 1e3 or vector(Inf)", 'x{c="n"} > bool 1e3 or vector(Inf)'),
        ('label_replace(x, "on", "by(a)", "b", "(.*)")', 'label_replace(x{c="n"}, "on", "by(a)", "b", "(.*)")'),
    ],
)
def test_matchers_and_the_label_go_where_a_parser_finds_selectors_and_joins(query: str, scoped: str) -> None:
    assert scoped_query(query, NORTH) == scoped
    promql_parser.parse(scoped)


def test_an_empty_scope_changes_not_one_byte() -> None:
    assert render(golden_monitors(), Links(), RuleScope()) == render(golden_monitors(), Links())


def test_every_selector_of_every_rule_has_the_matchers() -> None:
    for rule in scoped_rules():
        for selector in selectors(rule.expr):
            assert ("env", "=~", "prod|canary") in selector.matchers, rule.expr


def test_every_join_and_every_kept_label_of_every_rule_tells_clusters_apart() -> None:
    joins = 0

    def look(node: promql_parser.Expr) -> bool:
        nonlocal joins
        kept = None
        if isinstance(node, promql_parser.BinaryExpr) and node.modifier and node.modifier.matching:
            matching = node.modifier.matching
            kept = matching.labels if "On" in str(matching.type) else None
        elif isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            kept = node.modifier.labels if "By" in str(node.modifier.type) else None
        if kept is not None:
            assert "cluster" in kept, node.prettify()
            joins += 1
        return True

    for rule in scoped_rules():
        promql_parser.walk(promql_parser.parse(rule.expr), look)
    assert joins > len(golden_monitors())


def test_every_number_that_a_description_looks_up_is_of_the_alerts_own_cluster() -> None:
    alerts = [rule for rule in scoped_rules() if isinstance(rule, AlertingRule)]
    texts = [text for rule in alerts for text in rule.annotations.values() if "| query" in text]
    assert texts
    for text in texts:
        for action in [part.partition("}}")[0] for part in text.split("{{") if "| query" in part]:
            query, values = action.split("`")[1:]
            assert query.count("cluster=%q") == values.count("$labels.cluster") == query.count(f"{names.JOB}=%q")
            assert 'env=~"prod|canary"' in query
            assert query.count("%q") == values.count("$labels.")


def test_a_template_keeps_its_percent_signs_and_quotes() -> None:
    texts = scope_texts(RuleScope('a="50%"', ""))
    template = '{{ with printf `x{job=%q}` $labels.job | query }}{{ end }}{{ with query "x{b=\\"c\\"}" }}x{}{{ end }}'
    assert scoped_template(template, texts) == (
        '{{ with printf `x{a="50%%",job=%q}` $labels.job | query }}{{ end }}'
        '{{ with query "x{a=\\"50%\\",b=\\"c\\"}" }}x{}{{ end }}'
    )


@pytest.mark.parametrize("text", ["}} {{ x", '"}}', "\\", "{{", "⟪selector⟫ %d"])
def test_braces_within_a_string_of_a_template_do_not_end_its_action(text: str) -> None:
    before = "{{ with query " + json.dumps(f"x{{class={literal(text)}}}", ensure_ascii=False) + " }}{{ . }}{{ end }} x"
    after = "{{ with query " + json.dumps(f'x{{env="a",class={literal(text)}}}', ensure_ascii=False)
    assert scoped_template(before, scope_texts(RuleScope('env="a"'))) == f"{after} }}}}{{{{ . }}}}{{{{ end }}}} x"


def test_what_a_person_wrote_is_read_and_written_again_as_quoted_literals() -> None:
    assert RuleScope.parse(' a = \'b"\' , c!~"d" ') == RuleScope('a="b\\"",c!~"d"')
    assert RuleScope.parse("", "region") == RuleScope("", "region")


@pytest.mark.parametrize(
    ("selector", "label", "told"),
    [
        ("job=ml", "", "'job=ml' is not a selector"),
        ('a="b"} or up{a="c"', "", "expected matchers of one selector"),
        ('pod="x"', "", "pod is not a label of recorded series"),
        ('a="`"', "", "which a selector cannot have"),
        ('a="{{ b }}"', "", "which a selector cannot have"),
        ('a=~"b**"', "", "the regular expression 'b**' is none of Prometheus: '**' repeats a repetition"),
        ('a!~"(?x)b"', "", "'(?x)' has other flags"),
        ("", "my cluster", "'my cluster' is not a label"),
    ],
)
def test_what_is_no_scope_is_told(selector: str, label: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        RuleScope.parse(selector, label)


def scoped_rules() -> list[AlertingRule | RecordingRule]:
    parts = groups_by_part(golden_monitors(), Links(), scope_texts(SCOPE))
    return [rule for groups in parts.values() for group in groups for rule in group.rules]
