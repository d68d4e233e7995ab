"""How long before the evaluated time a recorded series begins follows from all that reads it."""

from __future__ import annotations

import pytest

from exporter.cli.backtesting.reaching import looks_back_s, reaches
from rules.group import RecordingRule

HOUR_S = 3600


def test_what_is_read_over_a_window_begins_a_window_earlier_and_what_is_not_does_not() -> None:
    rules = [
        RecordingRule("a:five", "increase(x_total[5m])"),
        RecordingRule("a:day", "sum_over_time(a:five[1d:5m])"),
        RecordingRule("a:ratio", "a:day / a:day offset 1h"),
        RecordingRule("a:twice", "a:five * 2"),
    ]
    found = reaches(rules, ["a:ratio > 1", "avg_over_time(a:twice[2h]) > 1"])
    assert found == {
        "a:day / a:day offset 1h": 0,
        "sum_over_time(a:five[1d:5m])": HOUR_S,
        "increase(x_total[5m])": 25 * HOUR_S,
        "a:five * 2": 2 * HOUR_S,
    }


@pytest.mark.parametrize(
    ("query", "back_s"),
    [
        ("x", 0),
        ("rate(x[5m])", 300),
        ("x offset 1h", HOUR_S),
        ("rate(x[5m] offset 1h)", HOUR_S + 300),
        ("max_over_time(rate(x[5m])[1h:1m] offset 2h)", 3 * HOUR_S + 300),
    ],
)
def test_windows_in_each_other_add_up(query: str, back_s: float) -> None:
    assert looks_back_s(query) == back_s
