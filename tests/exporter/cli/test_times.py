"""Times as commands take and print them."""

from __future__ import annotations

import time

import click
import pytest

from exporter.cli.times import Moment, utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", "2026-03-01T00:00Z"),
        ("2026-03-01T12:30", "2026-03-01T12:30Z"),
        ("2026-03-01T12:30Z", "2026-03-01T12:30Z"),
        ("2026-03-01T12:30+02:00", "2026-03-01T10:30Z"),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, expected: str) -> None:
    assert utc(Moment().convert(text, None, None)) == expected


def test_a_duration_is_how_long_ago() -> None:
    assert abs(Moment().convert("7d", None, None) - (time.time() - 7 * 86_400)) < 60


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "0d", ""])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write 2026-03-01, 2026-03-01T12:00Z, or 7d"):
        Moment().convert(text, None, None)
