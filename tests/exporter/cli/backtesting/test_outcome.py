"""A backtest as a person reads it."""

from __future__ import annotations

from exporter.cli.backtesting.outcome import BacktestOutcome, BacktestTrial, outcome_text

DRIFT, LOW = "InfranautFeatureDrift", "InfranautPerformanceLow"


def a_trial(setting: str, **counts: int) -> BacktestTrial:
    lasted = {name: 1800.0 * count for name, count in counts.items()}
    first = "2026-03-01T12:00Z" if counts else None
    return BacktestTrial(setting, [], counts, sum(lasted.values()), lasted, first)


def an_outcome(*trials: BacktestTrial, **untested: str) -> BacktestOutcome:
    times = ("2026-03-01T00:00Z", "2026-03-08T00:00Z")
    return BacktestOutcome("credit", *times, 300, 12_000, 1, 3, list(trials), [], untested)


def test_a_sweep_tells_counts_hours_and_the_first_alert_of_each_value() -> None:
    text = outcome_text(an_outcome(a_trial("drift.threshold=0.1", **{DRIFT: 3, LOW: 1}), a_trial("drift.threshold=9")))
    heading, first, second = text.splitlines()[-3:]
    assert heading.split() == ["alerts", "hours", "firing", "first", DRIFT, LOW]
    assert " ".join(first.split()) == "drift.threshold=0.1 0 2.0 2026-03-01T12:00Z 3 in 1.5 h 1 in 0.5 h"
    assert " ".join(second.split()) == "drift.threshold=9 0 0.0 - 0 0"


def test_the_first_lines_tell_what_was_read_and_how_often_it_was_evaluated() -> None:
    lines = outcome_text(an_outcome(a_trial(""))).splitlines()
    assert lines[0].endswith("2026-03-08T00:00Z: 12,000 predictions, 1 label, evaluated every 5m")
    assert lines[1] == "3 records could not be read"
    assert "no alert would have fired" in lines


def test_what_is_not_tested_is_told_last() -> None:
    text = outcome_text(an_outcome(a_trial(""), **{LOW: "rests on labels, and there are none"}))
    assert text.splitlines()[-1] == f"not tested: {LOW} rests on labels, and there are none"
