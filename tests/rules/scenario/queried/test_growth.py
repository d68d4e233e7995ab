"""How often queries count series: what Prometheus would answer, worked by hand."""

from __future__ import annotations

import pytest

from rules.scenario.queried.growth import growth_of
from rules.scenario.queried.told_apart import QueriedSeries
from rules.scenario.queried.undriven import UndrivenQuery

ONE = QueriedSeries("a", (("code", "200"),))
TWO = QueriedSeries("a", (("code", "500"),))
OTHER = QueriedSeries("b", (("code", "200"),))
REPLICAS = (("instance", "x"), ("instance", "y"))


@pytest.mark.parametrize(
    ("query", "counted"),
    [
        ("sum(increase(a[5m]))", {ONE: 1, TWO: 1}),
        ('sum(increase(a{code=~"5.."}[5m]))', {TWO: 1}),
        ("sum(increase(a[5m])) - sum(increase(b[5m]))", {ONE: 1, TWO: 1, OTHER: -1}),
        ("sum(increase(a[5m]) + increase(b[5m]))", {ONE: 1, OTHER: 1}),
        ("sum(increase(a[5m]) - ignoring (code) sum by (instance) (increase(b[5m])))", None),
        ("sum(sum by (instance) (increase(a[5m])) - on (instance) increase(b[5m]))", {ONE: 1, TWO: 1, OTHER: -1}),
        ("sum(sum without (code) (increase(a[5m])) + increase(b[5m]))", {}),
        ("sum(increase(a[5m]) or increase(b[5m]))", {ONE: 1, TWO: 1}),
        ("sum(increase(missing[5m]) or increase(b[5m]))", {OTHER: 1}),
        ("sum(increase(a[5m]) unless increase(b[5m]))", {TWO: 1}),
        ("sum(increase(a[5m]) and on (code) increase(b[5m]))", {ONE: 1}),
        ("sum(increase(a[5m])) or vector(0)", {ONE: 1, TWO: 1}),
        ("sum(-(-increase(b[5m])))", {OTHER: 1}),
        ("sum(increase(b[5m]) + (1 - 1))", {OTHER: 1}),
        ("0 + sum(increase(b[5m]))", {OTHER: 1}),
        ("sum(increase(missing[5m]))", {}),
        ("sum(increase(b[5m]) + 1)", None),
        ("sum(increase(missing[5m])) or vector(1)", None),
        ("sum by (code) (increase(b[5m]))", None),
        ("1 + 1", None),
        ("sum(increase(a[5m]) + on (instance) group_left () increase(b[5m]))", None),
        ("sum(max_over_time(increase(b[5m])[5m:1m]))", None),
    ],
)
def test_each_series_counts_as_often_as_in_prometheus(query: str, counted: dict[QueriedSeries, float] | None) -> None:
    if counted is None:
        with pytest.raises(UndrivenQuery):
            growth_of(query, [ONE, TWO, OTHER], REPLICAS)
    else:
        growth = growth_of(query, [ONE, TWO, OTHER], REPLICAS)
        assert {series: count for series, count in growth.items() if count} == counted
