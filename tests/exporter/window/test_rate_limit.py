from __future__ import annotations

import os
import threading

import pytest

from exporter.window.rate_limit import RateLimit
from tests.support.clocks import MovedClock


def a_limit(rate_per_s: float, clock: MovedClock) -> RateLimit:
    return RateLimit("credit-default", rate_per_s, clock.now)


def test_a_seconds_worth_gets_through_at_once_and_then_as_much_as_the_clock_gives() -> None:
    clock = MovedClock()
    limit = a_limit(100, clock)
    assert [limit.admit(50), limit.admit(50)] == [0, 0]
    assert limit.admit(1) == pytest.approx(0.01)
    clock.move(0.5)
    assert [limit.admit(50), limit.admit(1)] == [0, pytest.approx(0.01)]


def test_a_body_of_more_rows_than_the_bucket_holds_gets_through_and_is_paid_for_later() -> None:
    clock = MovedClock()
    limit = a_limit(100, clock)
    assert limit.admit(5_000) == 0
    wait_s = limit.admit(1)
    assert wait_s == pytest.approx(49.01)
    clock.move(wait_s)
    assert limit.admit(1) == 0


def test_who_asks_for_nothing_is_told_whether_there_is_room() -> None:
    limit = a_limit(1, MovedClock())
    assert limit.admit(0) == 0
    assert limit.admit(1) == 0
    assert limit.admit(0) == 1


def test_a_rate_below_one_a_second_lets_one_row_through_at_a_time() -> None:
    clock = MovedClock()
    limit = a_limit(0.1, clock)
    assert [limit.admit(1), limit.admit(1)] == [0, pytest.approx(10)]
    clock.move(10)
    assert limit.admit(1) == 0


def test_a_refusal_costs_nothing() -> None:
    clock = MovedClock()
    limit = a_limit(100, clock)
    limit.admit(100)
    assert {round(limit.admit(1_000_000), 6) for _ in range(100)} == {0.01}


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    clock = MovedClock()
    limit = a_limit(100, clock)
    limit.admit(50)
    clock.move(-100)
    assert limit.admit(50) == 0


def test_a_lease_fills_it_in_place_of_the_clock() -> None:
    clock = MovedClock()
    limit = a_limit(100, clock)
    limit.admit(100)
    assert limit.wanted(0.5) == 50
    limit.lease(20)
    clock.move(0.9)
    assert [limit.admit(20), limit.admit(1)] == [0, pytest.approx(0.01)]
    limit.end_lease()
    clock.move(0.1)
    assert limit.wanted(0.5) == 50, "filled only when asked"
    assert limit.admit(10) == 0
    assert limit.admit(1) > 0


def test_threads_share_one_limit() -> None:
    limit = a_limit(300, MovedClock())
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(admitted(limit, 1_000))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 300


def test_forked_processes_share_one_limit() -> None:
    limit = a_limit(20_000, MovedClock())
    start, result = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.write(start[1], b"!")
        os.write(result[1], f"{admitted(limit, 15_000)}".encode())
        os._exit(0)
    os.read(start[0], 1)
    in_parent = admitted(limit, 15_000)
    os.waitpid(child, 0)
    in_child = int(os.read(result[0], 100))
    for end in (*start, *result):
        os.close(end)
    assert in_parent + in_child == 20_000


def admitted(limit: RateLimit, asked: int) -> int:
    return sum(limit.admit(1) == 0 for _ in range(asked))
