"""The pairs of windows of each period, and those that can never fire."""

from __future__ import annotations

import pytest

from exporter.monitor.burn_rate import BurnRate, Period, burn_rates_for
from exporter.monitor.duration import Duration
from exporter.monitor.slo import SloTerms, burn_rate_notes


@pytest.mark.parametrize(
    ("period", "factors"),
    [
        ("30d", [14.4, 6, 3, 1]),
        ("28d", [13.44, 5.6, 2.8, 1]),
        ("90d", [43.2, 18, 9, 3]),
        ("7d", [13.44, 3.5, 1.4, 1]),
    ],
)
def test_factors_spend_the_same_share_of_the_budget_in_every_period(period: Period, factors: list[float]) -> None:
    rates = burn_rates_for(period)
    assert [rate.factor for rate in rates] == factors
    assert [(rate.long, rate.short) for rate in rates] == [("1h", "5m"), ("6h", "30m"), ("1d", "2h"), ("3d", "6h")]
    assert [rate.severity for rate in rates] == ["critical", "critical", "warning", "warning"]


def test_a_pair_that_no_share_of_errors_could_reach_is_left_out_and_told() -> None:
    terms = SloTerms(name="availability", objective=0.9)
    assert [rate.factor for rate in terms.alerting_burn_rates] == [6, 3, 1]
    (note,) = burn_rate_notes(terms)
    assert note.startswith("availability: no alert at a burn rate of 14.4 over 1h")
    assert note.endswith("cannot burn more than 10 times too fast, even if every event were an error")


def test_a_pair_that_all_events_as_errors_would_just_reach_cannot_fire() -> None:
    """It alerts above its factor, not at it."""
    rate = BurnRate(factor=4, long=Duration("1h"), short=Duration("5m"))
    assert not rate.can_fire(0.75)
    assert rate.can_fire(0.76)
    tenfold = BurnRate(factor=10, long=Duration("1h"), short=Duration("5m"))
    assert not tenfold.can_fire(0.9), "1 - 0.9 is a little less than 0.1 in a float"
    assert tenfold.can_fire(0.901)


def test_pairs_that_are_asked_for_take_the_place_of_those_of_the_period() -> None:
    asked = BurnRate(factor=2, long=Duration("12h"), short=Duration("1h"), severity="info")
    terms = SloTerms(name="availability", objective=0.9, burn_rates=[asked])
    assert terms.alerting_burn_rates == (asked,)
    assert burn_rate_notes(terms) == []


@pytest.mark.parametrize(("period", "ending"), [("30d", "3d"), ("7d", "16h48m")])
def test_the_end_is_told_a_tenth_of_the_period_ahead(period: Period, ending: str) -> None:
    assert SloTerms(name="availability", objective=0.9, period=period).ending == ending
    assert SloTerms(name="availability", objective=0.9, ending_within=Duration("1d")).ending == "1d"
