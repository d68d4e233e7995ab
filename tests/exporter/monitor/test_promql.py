"""What a PromQL parser has against a person's query."""

from __future__ import annotations

import pytest

from exporter.monitor.promql import promql_mistake


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
