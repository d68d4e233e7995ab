"""Machines that share one limit, and one that is left alone with it."""

from __future__ import annotations

from exporter.archive.hot.leases import Leases
from exporter.archive.hot.memory import MemoryHotTier
from exporter.errors import RetryLater
from exporter.window.rate_limit import RateLimit
from tests.support.clocks import MovedClock
from tests.support.polling import wait_until

RATE = 1_000.0


class TierThatComesAndGoes(MemoryHotTier):
    """Away while `is_away`."""

    is_away = False

    def take(self, key: str, tokens: float, rate_per_s: float, burst: float) -> float:
        if self.is_away:
            raise RetryLater("away")
        return super().take(key, tokens, rate_per_s, burst)


def admitted(limits: list[RateLimit], leases: list[Leases], clock: MovedClock, seconds: int) -> int:
    """Rows that got through when every machine tries ten rows as often as it can, with leases each quarter second."""
    count = 0
    for tick in range(seconds * 100):
        for limit in limits:
            while limit.admit(10) == 0:
                count += 10
        clock.move(0.01)
        for lease in leases:
            if tick % 25 == 24:
                lease.renew()
    return count


def machines(hot: TierThatComesAndGoes, clock: MovedClock, count: int) -> tuple[list[RateLimit], list[Leases]]:
    limits = [RateLimit("credit-default", RATE, clock.now) for _ in range(count)]
    leases = [Leases(hot, [limit]) for limit in limits]
    for lease in leases:
        lease.renew()
    return limits, leases


def test_all_machines_together_keep_to_the_rate() -> None:
    clock = MovedClock()
    limits, leases = machines(TierThatComesAndGoes(clock), clock, 3)
    beginning = 3 * RATE + RATE
    assert 0.95 * 20 * RATE <= admitted(limits, leases, clock, 20) <= 20 * RATE + beginning + 3 * 10


def test_one_machine_alone_has_the_whole_rate() -> None:
    clock = MovedClock()
    limits, leases = machines(TierThatComesAndGoes(clock), clock, 1)
    admitted(limits, leases, clock, 5)
    assert 0.95 * 10 * RATE <= admitted(limits, leases, clock, 10) <= 1.05 * 10 * RATE


def test_without_the_tier_each_machine_goes_on_by_itself_and_comes_back() -> None:
    clock = MovedClock()
    hot = TierThatComesAndGoes(clock)
    limits, leases = machines(hot, clock, 2)
    admitted(limits, leases, clock, 5)
    hot.is_away = True
    alone = admitted(limits, leases, clock, 10)
    assert 0.95 * 2 * 10 * RATE <= alone <= 1.1 * 2 * 10 * RATE
    hot.is_away = False
    admitted(limits, leases, clock, 5)
    assert 0.95 * 10 * RATE <= admitted(limits, leases, clock, 10) <= 1.05 * 10 * RATE


def test_a_lease_that_is_refused_ends_at_once() -> None:
    clock = MovedClock()
    hot = TierThatComesAndGoes(clock)
    limits, leases = machines(hot, clock, 1)
    limits[0].admit(int(RATE))
    hot.is_away = True
    leases[0].renew()
    clock.move(0.2)
    assert limits[0].admit(int(RATE * 0.2)) == 0


def test_leases_that_nobody_renews_run_out() -> None:
    clock = MovedClock()
    limits, leases = machines(TierThatComesAndGoes(clock), clock, 1)
    admitted(limits, leases, clock, 2)
    assert 0.9 * 10 * RATE <= admitted(limits, [], clock, 11) <= 1.1 * 11 * RATE


def test_the_thread_leases_and_ends() -> None:
    clock = MovedClock()
    limit = RateLimit("credit-default", RATE, clock.now)
    limit.admit(5_000)
    clock.move(3)
    leases = Leases(MemoryHotTier(clock), [limit], period_s=0.01)
    leases.start()

    def is_admitted() -> bool:
        clock.move(0.2)
        return limit.admit(1) == 0

    wait_until(is_admitted, 10, "what was overdrawn is paid")
    leases.stop()


def test_without_limits_there_is_no_thread() -> None:
    leases = Leases(MemoryHotTier(MovedClock()), [])
    leases.start()
    leases.stop()
