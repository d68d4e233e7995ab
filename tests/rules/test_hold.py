"""How long a condition must last before it alerts."""

from __future__ import annotations

import pytest

from exporter.monitor.duration import Duration
from rules.hold import hold


@pytest.mark.parametrize(
    ("window", "expected"),
    [("1h", "6m"), ("24h", "2h24m"), ("15m", "1m30s"), ("1m", "6s"), ("2s", "1s"), ("30d", "3d")],
)
def test_a_tenth_of_the_window_unless_the_monitor_says(window: str, expected: str) -> None:
    assert hold(None, Duration(window)) == expected


def test_what_the_monitor_says_stands_as_it_is_written() -> None:
    assert hold(Duration("90s"), Duration("1h")) == "90s"
