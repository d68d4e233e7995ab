"""Alerts go through the states that Prometheus gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest

from exporter.archive.warm.tier import Span
from exporter.cli.backtesting.alerting import fired, is_lower_worse
from exporter.cli.backtesting.block_server import BlockServer
from exporter.cli.backtesting.remote_write import SeriesValues
from rules.group import AlertingRule

STEP_S = 60
START = 6000.0


class AnsweredRange:
    """Values a minute apart, None where there is none, in turns from two series: as `x > 1 or y > 1` answers."""

    def __init__(self, values: Sequence[float | None]) -> None:
        self._values = values

    def range(self, query: str, start: float, end: float, step_s: int) -> list[SeriesValues]:
        assert (start, end, step_s) == (START, START + STEP_S * (len(self._values) - 1), STEP_S)
        known = [index for index, value in enumerate(self._values) if value is not None]
        return [self._series(name, known[turn::2]) for turn, name in enumerate("xy") if known[turn::2]]

    def _series(self, name: str, at: Sequence[int]) -> SeriesValues:
        values = np.array([self._values[index] for index in at], np.float64)
        return SeriesValues({"__name__": name, "feature": "age"}, START + STEP_S * np.array(at, np.float64), values)


def incidents(
    *values: float | None, hold: str = "2m", keep: str | None = None, expr: str = "x > 1"
) -> list[tuple[float, float | None, float, float]]:
    """Start and end in minutes, value and peak of each."""
    rule = AlertingRule("A", expr, hold, {}, {}, keep)
    span = Span(START, START + STEP_S * (len(values) - 1))
    server = cast("BlockServer", AnsweredRange(values))
    found = fired(server, rule, span, STEP_S)
    assert all(incident.labels == {"feature": "age"} for incident in found)
    return [(minute(each.start), each.end and minute(each.end), each.value, each.peak) for each in found]


def minute(time: float) -> float:
    return (time - START) / STEP_S


def test_an_alert_fires_once_its_condition_has_held() -> None:
    assert incidents(None, 1, 2, 3, 9, 4, None) == [(3, 6, 3, 9)]


def test_a_condition_that_breaks_off_in_between_begins_anew() -> None:
    assert incidents(1, 2, None, 1, 2, None) == []


def test_an_alert_that_fires_at_the_end_has_none() -> None:
    assert incidents(1, 1, 1, 2) == [(2, None, 1, 2)]


def test_it_goes_on_firing_for_as_long_as_it_is_kept() -> None:
    assert incidents(1, 1, 1, None, None, 5, None, None, None, None, keep="2m") == [(2, 8, 1, 5)]
    assert incidents(1, 1, 1, None, None, 5, None, None, None, None) == [(2, 3, 1, 1)]


def test_the_worst_value_below_a_minimum_is_the_lowest() -> None:
    assert incidents(0.5, 0.4, 0.3, 0.2, 0.4, expr="x < 1") == [(2, None, 0.3, 0.2)]


@pytest.mark.parametrize(
    ("query", "is_lower"),
    [
        ("x > 1", False),
        ("x < 1", True),
        ("(x <= on (job) y) and z > 2", True),
        ("x > y and z < 2", False),
        ("x", False),
    ],
)
def test_the_first_comparison_tells_which_side_is_worse(query: str, is_lower: bool) -> None:
    assert is_lower_worse(query) is is_lower


def test_nothing_fires_where_nothing_is_answered() -> None:
    assert incidents(None, None, None) == []
