from __future__ import annotations

from exporter.archive.hot.breaker import Breaker
from tests.support.clocks import MovedClock


def test_it_opens_on_a_failure_and_lets_a_trial_through_after_the_pause() -> None:
    clock = MovedClock()
    breaker = Breaker(2.0, clock.now)
    assert (breaker.is_open, breaker.reason) == (False, "")
    breaker.fail("no route")
    assert (breaker.is_open, breaker.reason) == (True, "no route")
    clock.move(2.1)
    assert (breaker.is_open, breaker.reason) == (False, "no route")


def test_a_trial_that_fails_opens_it_again_and_one_that_succeeds_closes_it() -> None:
    clock = MovedClock()
    breaker = Breaker(2.0, clock.now)
    breaker.fail("no route")
    clock.move(2.1)
    breaker.fail("still none")
    assert breaker.is_open
    clock.move(2.1)
    breaker.succeed()
    assert (breaker.is_open, breaker.reason) == (False, "")
