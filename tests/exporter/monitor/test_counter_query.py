"""Queries of counters, rewritten by their tree into growth over a window, or refused with the reason."""

from __future__ import annotations

import re

import promql_parser
import pytest

from exporter.monitor.counter_query import increase_of

REWRITTEN = {
    "requests_total": "sum(increase(requests_total[5m]))",
    'sum(requests_total{code=~"5.."})': 'sum(increase(requests_total{code=~"5.."}[5m]))',
    "sum(rate(requests_total[{{.window}}]))": "sum(increase(requests_total[5m]))",
    "sum(increase(requests_total[ 1h ]))": "sum(increase(requests_total[5m]))",
    "sum by (job) (rate(a_total[1m]))": "sum(sum by (job)(increase(a_total[5m])))",
    "sum(rate(a_total[1m])) + sum(rate(b_total[2m]))": "sum(sum(increase(a_total[5m])) + sum(increase(b_total[5m])))",
    '{__name__=~"a_total|b_total",job!="x"}': 'sum(increase({__name__=~"a_total|b_total",job!="x"}[5m]))',
}
REFUSED = {
    "max(a_total)": "max does not add up over replicas and windows, expected sum",
    "a_total / b_total": "the operator / does not add up, expected counters: good or bad, and total, apart",
    "irate(a_total[5m])": "irate() is not supported",
    "histogram_quantile(0.9, rate(a_bucket[5m]))": "histogram_quantile() is not supported",
    "increase(a_total[5m:1m])": "a subquery or a text is not supported",
    '"text"': "a subquery or a text is not supported",
    "a_total offset 5m": "offset, @ and or between matchers are not supported",
    "a_total @ 100": "offset, @ and or between matchers are not supported",
    "sum(a_total) + sum(rate(b_total[5m]))": "reads a counter without a range beside one with a range",
    "vector(1)": "reads no series, expected counters",
    "a_total[5m]": "is a range, expected rate() or increase() of it",
    "sum(a_total": "is not PromQL: unclosed left parenthesis",
    "sum(rate(a_total[$window]))": "is not PromQL",
    'sum(a_total{b=~"c**"})': "is not PromQL: the regular expression 'c**' is none of Prometheus: '**' repeats",
}


@pytest.mark.parametrize("query", REWRITTEN)
def test_counters_become_growth_over_the_window(query: str) -> None:
    assert increase_of(query, "5m") == REWRITTEN[query]


@pytest.mark.parametrize("query", REFUSED)
def test_what_does_not_add_up_is_refused_with_the_reason(query: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(REFUSED[query])}"):
        increase_of(query, "5m")


def test_quotes_and_backslashes_of_a_matcher_stay_what_they_are() -> None:
    """The parser prints them without escapes; a selector that looks like a token of ours stays itself as well."""
    query = r'sum(a_total{path=~"/x\\.y",note="say \"{}\"",infranaut_selector_0_="[1h]"})'
    rewritten = increase_of(query, "1m")
    assert rewritten == r'sum(increase(a_total{path=~"/x\\.y",note="say \"{}\"",infranaut_selector_0_="[1h]"}[1m]))'
    promql_parser.parse(rewritten)
