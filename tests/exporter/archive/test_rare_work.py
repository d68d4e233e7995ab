"""What is wanted again and again is done ever more rarely."""

from __future__ import annotations

from exporter.archive.rare_work import RareWork


def starts(work: RareWork, begin: int, end: int) -> list[int]:
    done = []
    for now in range(begin, end):
        if work.is_due(now):
            work.start(now)
            done.append(now)
    return done


def test_the_pause_doubles_up_to_the_longest() -> None:
    assert starts(RareWork(1, 4), 100, 120) == [100, 101, 103, 107, 111, 115, 119]


def test_the_pause_is_short_again_after_a_rest() -> None:
    work = RareWork(1, 4)
    assert starts(work, 100, 108) == [100, 101, 103, 107]
    assert starts(work, 115, 119) == [115, 116, 118]


def test_a_clock_that_was_set_back_delays_nothing() -> None:
    work = RareWork(10, 40)
    work.start(100)
    assert work.is_due(50)
