"""Recorded series are those that Prometheus would have recorded: at their own steps, and no longer than their rule
gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pytest

from exporter.archive.warm.tier import Span
from exporter.cli.backtesting.block_server import BlockServer
from exporter.cli.backtesting.recording import PastRule, record
from exporter.cli.backtesting.remote_write import STALE_BITS, SeriesValues
from exporter.errors import ServiceFailed
from rules.group import RecordingRule

DAY_S = 86_400
START = 20_000.0 * DAY_S


@dataclass
class RememberedSeries:
    """A server that knows when `raw` is there, with the number of its step as the value, and remembers the rest."""

    is_there: Callable[[float], bool]
    asked: list[tuple[str, float, float, int]] = field(default_factory=list)
    written: dict[str, dict[float, int]] = field(default_factory=dict)

    def range(self, query: str, start: float, end: float, step_s: int) -> list[SeriesValues]:
        self.asked.append((query, start, end, step_s))
        times = np.array([at for at in np.arange(start, end + 1, step_s) if self.is_there(at)])
        return [SeriesValues({"feature": "age"}, times, (times - START) / step_s)] if len(times) else []

    def write(self, series: Iterable[SeriesValues]) -> None:
        for each in series:
            known = self.written.setdefault(each.labels["__name__"], {})
            for time, bits in zip(each.times.tolist(), each.values.view(np.uint64).tolist(), strict=True):
                assert time > max(known, default=0), "Prometheus takes no sample that is not later than the last"
                known[time] = bits


def recorded(is_there: Callable[[float], bool], *rules: PastRule) -> RememberedSeries:
    server = RememberedSeries(is_there)
    record(cast("BlockServer", server), rules, lambda _share: None)
    return server


def a_rule(record: str, expr: str, days: float, step_s: int, start: float = START) -> PastRule:
    return PastRule(RecordingRule(record, expr), Span(start, START + days * DAY_S), step_s)


def test_each_step_is_recorded_once_however_many_stretches_it_takes() -> None:
    known = recorded(lambda _at: True, a_rule("a:x", "raw", 5, 300)).written["a:x"]
    assert list(known) == np.arange(START, START + 5 * DAY_S + 1, 300).tolist()
    assert STALE_BITS not in known.values()


@pytest.mark.parametrize("gone_from", [DAY_S, 2 * DAY_S, 2 * DAY_S - 300], ids=["within", "between", "before"])
def test_a_series_ends_once_where_its_rule_gives_it_no_more(gone_from: float) -> None:
    """Also where one stretch of time, of two days, ends with it."""
    is_there = [START + gone_from, START + gone_from + DAY_S]
    known = recorded(lambda at: not is_there[0] <= at < is_there[1], a_rule("a:x", "raw", 5, 300)).written["a:x"]
    assert [at for at, bits in known.items() if bits == STALE_BITS] == [is_there[0]]
    assert not [at for at in known if is_there[0] < at < is_there[1]]


def test_rules_are_evaluated_at_their_own_steps_from_their_own_start_and_after_what_they_read() -> None:
    reader, read = a_rule("a:y", "a:x * 2", 1, 300, START + 70), a_rule("a:x", "raw", 1, 60)
    asked = recorded(lambda _at: True, reader, read).asked
    assert asked == [("raw", START, START + DAY_S, 60), ("a:x * 2", START + 300, START + DAY_S, 300)]


def test_it_tells_how_much_of_all_steps_is_done() -> None:
    shares: list[float] = []
    server = cast("BlockServer", RememberedSeries(lambda _at: True))
    record(server, [a_rule("a:x", "raw", 4, 300), a_rule("a:y", "raw", 4, 300)], shares.append)
    assert shares == sorted(shares)
    assert shares[1] == pytest.approx(0.5, abs=0.01)
    assert shares[-1] == pytest.approx(1)


def test_a_refused_query_is_told_with_its_rule() -> None:
    def refuse(_at: float) -> bool:
        raise ServiceFailed("too much")

    with pytest.raises(ServiceFailed, match=r"rule a:x: too much"):
        recorded(refuse, a_rule("a:x", "raw", 1, 300))


def test_without_rules_nothing_is_asked() -> None:
    assert recorded(lambda _at: True).asked == []
