"""The series that count as good events and as errors, for queries as people write them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rules.scenario.queried.events import queried_events
from rules.scenario.queried.undriven import UndrivenQuery
from rules.scenario.series import ScenarioSeries
from tests.support.service_slos import a_ratio


@pytest.mark.parametrize(
    ("total", "sides", "good", "error"),
    [
        ("r", {"bad": 'r{code=~"5.."}'}, {'r{instance="a"}'}, {'r{instance="a",code="500"}'}),
        ("n", {"good": 'h{le="1"}'}, {'n{instance="a"}', 'h{instance="a",le="1"}'}, {'n{instance="a"}'}),
        ("r", {"bad": "e"}, {'r{instance="a"}'}, {'r{instance="a"}', 'e{instance="a"}'}),
        ("sum(ok) + sum(e)", {"bad": "sum(e)"}, {'ok{instance="a"}'}, {'e{instance="a"}'}),
        (
            'r{code=~"[2-5].."}',
            {"good": 'r{code!~"5..|429"}'},
            {'r{instance="a",code="200"}'},
            {'r{instance="a",code="500"}'},
        ),
        (
            'r{method=~"GET|PUT",code!=""}',
            {"bad": 'r{method=~"GET|PUT",code=~"4..|5..",code!="404"}'},
            {'r{instance="a",method="GET",code="404"}'},
            {'r{instance="a",method="GET",code="400"}'},
        ),
        ("r", {"bad": 'r{instance="x"}'}, {'r{pod="a"}'}, {'r{pod="a",instance="x"}'}),
    ],
)
def test_the_fewest_series_tell_good_events_from_errors(
    total: str, sides: dict[str, str], good: set[str], error: set[str]
) -> None:
    events = queried_events(a_ratio(total, **sides))
    assert told(events.good) == dict.fromkeys(good, 1.0)
    assert told(events.error) == dict.fromkeys(error, 1.0)


def test_a_series_that_is_counted_twice_grows_half_as_much() -> None:
    events = queried_events(a_ratio("sum(r) + sum(r)", bad='sum(r{x="1"}) + sum(r{x="1"})'))
    assert told(events.counts(10, 0.25)) == {'r{instance="a"}': 3.75, 'r{instance="a",x="1"}': 1.25}


@pytest.mark.parametrize(
    ("total", "bad", "reason"),
    [
        ("r", "r", "no series comes to mind that it counts as an event and not as an error"),
        ("r", 'r{code=~"(?i)err"}', "no series comes to mind"),
        ("r", 'r{code=~"[[:digit:]]+"}', "the regular expression .* cannot be tried here"),
        ("r", "e + 1", "counts something without any series"),
        ("r", "sum without (instance) (e) + ignoring (instance) e", "several series match one"),
        ('{__name__=~"r.*"}', "e", "a selector names no metric"),
        ("r", "sum by (pod) (e) + on (pod) group_left () e", "group_left and group_right are not followed"),
        ('r{instance="",pod="",replica=""}', 'r{infranaut_replica="1"}', "every label that could tell replicas apart"),
    ],
)
def test_queries_that_no_series_drives_say_why(total: str, bad: str, reason: str) -> None:
    with pytest.raises(UndrivenQuery, match=reason):
        queried_events(a_ratio(total, bad=bad))


def told(growth: Mapping[ScenarioSeries, float]) -> dict[str, float]:
    return {series.text("", "a"): count for series, count in growth.items()}
