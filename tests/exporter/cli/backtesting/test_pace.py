"""Steps that keep sums of days right, and the time that is evaluated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exporter.archive.warm.tier import Span
from exporter.cli.backtesting.pace import (
    BacktestPace,
    asked_length_s,
    asked_pace,
    evaluated_span,
    unit_note,
    usual_pace,
)
from exporter.errors import InvalidSettings

DATA = Path("data.parquet")
START = 1_749_996_000.0
DAY_S = 86_400
ROWS = Span(START + 10, float(np.nextafter(START + DAY_S, np.inf)))


@pytest.mark.parametrize(("text", "scrape_s"), [("15s", 15), ("1m", 60), ("100s", 20), ("5m", 60)])
def test_scrapes_meet_every_evaluation(text: str, scrape_s: int) -> None:
    pace = asked_pace(text)
    assert pace.scrape_s == scrape_s
    assert 300 % pace.step_s == 0


@pytest.mark.parametrize("text", ["2m", "4m", "7m", "1h", "500ms", "often"])
def test_steps_that_miss_every_five_minutes_are_refused(text: str) -> None:
    with pytest.raises(InvalidSettings, match=f"--step.*{text}"):
        asked_pace(text)


def test_more_than_a_week_is_evaluated_every_five_minutes() -> None:
    assert usual_pace(7 * DAY_S) == BacktestPace(60)
    assert usual_pace(7 * DAY_S + 1) == BacktestPace(300)


def test_all_rows_are_evaluated_by_whole_steps() -> None:
    assert asked_length_s(ROWS, None, None) == pytest.approx(DAY_S - 10)
    assert evaluated_span(ROWS, None, None, BacktestPace(300), DATA) == Span(START, START + DAY_S + 300)


def test_a_part_is_evaluated_by_whole_steps() -> None:
    span = evaluated_span(ROWS, START + 100, START + 1000, BacktestPace(60), DATA)
    assert span == Span(START + 60, START + 1020)


def test_a_part_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InvalidSettings, match=r"--from 2025-06-15T16:00Z is not before --to 2025-06-15T15:00Z; data"):
        evaluated_span(ROWS, START + 7200, START + 3600, BacktestPace(60), DATA)


@pytest.mark.parametrize(("start", "end"), [(START + 2 * DAY_S, None), (None, START - DAY_S)])
def test_a_part_without_rows_is_refused(start: float | None, end: float | None) -> None:
    with pytest.raises(InvalidSettings, match=r"has rows from 2025-06-15T14:00Z to 2025-06-16T14:00Z"):
        evaluated_span(ROWS, start, end, BacktestPace(60), DATA)


def test_a_row_far_off_does_not_cost_days() -> None:
    with pytest.raises(InvalidSettings, match=r"1970-01-01T00:00Z.* evaluations of every rule, 300 s apart; choose"):
        evaluated_span(Span(0.0, ROWS.end), None, None, BacktestPace(300), DATA)


def test_timestamps_in_another_unit_are_told() -> None:
    with pytest.raises(InvalidSettings, match=r"after the year 9999; .*--set events\.timestamp_unit=ms tries"):
        evaluated_span(Span(START * 1000, ROWS.end * 1000), None, None, BacktestPace(60), DATA)


def test_seconds_that_are_taken_for_milliseconds_are_noted() -> None:
    note = unit_note(Span(START / 1000, ROWS.end / 1000), DATA)
    assert note is not None
    assert "before 1971, the last is 1970-01-21T06:0" in note
    assert "--set events.timestamp_unit=s" in note
    assert unit_note(ROWS, DATA) is None
