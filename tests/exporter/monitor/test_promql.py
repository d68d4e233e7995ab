"""What a PromQL parser has against a person's query."""

from __future__ import annotations

import pytest

from exporter.monitor.promql import promql_mistake, unknown_variables


@pytest.mark.parametrize(
    "query",
    [
        "up",
        'sum by (job) (rate(x_total{job=~"$job"}[$__rate_interval]))',
        "increase(x_total[${__range}]) / increase(y_total[$__interval])",
        'x{note="$__range_of_values and ${__rate_interval}s"}',
    ],
)
def test_a_query_with_grafanas_variables_is_fine(query: str) -> None:
    assert promql_mistake(query) is None


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("sum(up", "unclosed left parenthesis"),
        ("rate(up)", "expected type matrix"),
        ("x_total[$window]", "unexpected character"),
        ("x[$__range_ms]", "unexpected character"),
        ("", "no expression"),
    ],
)
def test_a_mistake_is_told_in_the_words_of_the_parser(query: str, mistake: str) -> None:
    assert mistake in (promql_mistake(query) or "fine")


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ('x{job="$job",a="${job}",b="[[job]]",c="${job:regex}",d="[[job:csv]]"}', []),
        ('x{a="$__range_s $__user.login ${__to:date}"}', []),
        ('x{a="costs $5, $ or $$"} and label_replace(x, "a", "$1 $tail", "b", "(.)(?P<tail>.*)")', []),
        ('x{a="$jobs",b="[[banana]]",c="${cherry:csv}",d="$jobs"}', ["jobs", "banana", "cherry"]),
        ('label_replace(x, "a", "$tail", "b", "(.*)")', ["tail"]),
    ],
)
def test_variables_that_no_dashboard_fills_in_are_found(query: str, unknown: list[str]) -> None:
    assert unknown_variables(query, ["job"]) == unknown


@pytest.mark.parametrize(
    "query",
    [
        'x{a=~"b++"}',
        'rate(x{c="d",a!~"b++"}[5m])',
        'x{c="d" or a=~"b++"}',
        'sum(label_replace(x, "a", "$1", "b", "b++"))',
        'max_over_time(x{a=~"b++"}[1h:5m])',
    ],
)
def test_a_regular_expression_is_looked_at_wherever_it_stands(query: str) -> None:
    told = "the regular expression 'b++' is none of Prometheus: '++' repeats a repetition"
    assert (promql_mistake(query) or "fine").startswith(told)


def test_a_text_that_is_no_regular_expression_is_not_taken_for_one() -> None:
    assert promql_mistake('label_replace(x{a="b++"}, "a", "b++", "b", ".*") or label_join(x, "a", "b++", "c")') is None
