"""How long a new child's series stay at 0, and for whom."""

from __future__ import annotations

from exporter.expose.audience import ACTIVE_FOR_S, PATIENCE_S, Audience


def test_one_prometheus_sees_zero_once() -> None:
    audience = Audience()
    audience.enter("a", 0)
    arrival = audience.arrival()
    assert not audience.has_seen(arrival)
    audience.enter("a", 15)
    assert audience.has_seen(arrival)


def test_each_of_a_pair_sees_zero_before_either_sees_a_count() -> None:
    audience = Audience()
    for name in ("a", "b"):
        audience.enter(name, 0)
    arrival = audience.arrival()
    seen = []
    for second, name in ((1, "a"), (2, "a"), (3, "b"), (4, "a")):
        audience.enter(name, second)
        seen.append(audience.has_seen(arrival))
    assert seen == [False, False, False, True]


def test_a_person_who_looks_does_not_use_up_the_zero_of_a_prometheus() -> None:
    audience = Audience()
    audience.enter("a", 0)
    audience.enter(None, 1)
    arrival = audience.arrival()
    assert [audience.has_seen(arrival) for _ in range(3)] == [False, False, False]
    audience.enter("a", 2)
    assert not audience.has_seen(arrival)


def test_without_a_prometheus_anybody_counts() -> None:
    audience = Audience()
    audience.enter(None, 0)
    arrival = audience.arrival()
    assert [audience.has_seen(arrival), audience.has_seen(arrival)] == [False, True]


def test_nobody_waits_longer_than_a_minute_for_a_prometheus_that_is_gone() -> None:
    audience = Audience()
    audience.enter("gone", 0)
    audience.enter("a", 1)
    arrival = audience.arrival()
    audience.has_seen(arrival)
    audience.enter("a", 30)
    assert not audience.has_seen(arrival)
    audience.enter("a", 1 + PATIENCE_S)
    assert audience.has_seen(arrival)


def test_a_prometheus_that_stopped_scraping_is_no_longer_awaited() -> None:
    audience = Audience()
    audience.enter("gone", 0)
    audience.enter("a", ACTIVE_FOR_S + 1)
    arrival = audience.arrival()
    audience.has_seen(arrival)
    audience.enter("a", ACTIVE_FOR_S + 2)
    assert audience.has_seen(arrival)
