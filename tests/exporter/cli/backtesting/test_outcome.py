"""A backtest as a person reads it."""

from __future__ import annotations

from exporter.cli.backtesting.outcome import BacktestAlert, BacktestOutcome, BacktestTrial
from exporter.cli.backtesting.outcome_text import outcome_text

DRIFT, LOW = "InfranautFeatureDrift", "InfranautPerformanceLow"


def a_trial(setting: str, **counts: int) -> BacktestTrial:
    lasted = {name: 1800.0 * count for name, count in counts.items()}
    first = "2026-03-01T12:00Z" if counts else None
    return BacktestTrial(setting, [], counts, sum(lasted.values()), lasted, first, counts)


def an_outcome(*trials: BacktestTrial, **untested: str) -> BacktestOutcome:
    times = ("2026-03-01T00:00Z", "2026-03-08T00:00Z")
    return BacktestOutcome("credit", *times, 300, 12_000, 1, 3, list(trials), [], untested)


def test_a_sweep_tells_counts_hours_and_the_first_alert_of_each_value() -> None:
    text = outcome_text(an_outcome(a_trial("drift.threshold=0.1", **{DRIFT: 3, LOW: 1}), a_trial("drift.threshold=9")))
    heading, first, second = text.splitlines()[-3:]
    assert heading.split() == ["alerts", "messages", "hours", "firing", "first", DRIFT, LOW]
    assert " ".join(first.split()) == "drift.threshold=0.1 4 4 2.0 2026-03-01T12:00Z 3 in 1.5 h 1 in 0.5 h"
    assert " ".join(second.split()) == "drift.threshold=9 0 0 0.0 - 0 0"


def test_the_first_lines_tell_what_was_read_and_how_often_it_was_evaluated() -> None:
    lines = outcome_text(an_outcome(a_trial(""))).splitlines()
    assert lines[0].endswith("2026-03-08T00:00Z: 12,000 predictions, 1 label, evaluated every 5m")
    assert lines[1] == "3 records could not be read"
    assert "no alert would have fired" in lines


def test_what_is_not_tested_is_told_last() -> None:
    text = outcome_text(an_outcome(a_trial(""), **{LOW: "rests on labels, and there are none"}))
    assert text.splitlines()[-1] == f"not tested: {LOW} rests on labels, and there are none"


def an_alert(name: str, start: str, seconds: float) -> BacktestAlert:
    return BacktestAlert(name, "warning", start, None, seconds, {"feature": "age"}, 0.3, 0.45, f"{name} says so.")


def test_alerts_are_summed_up_by_name_before_they_are_told_one_by_one() -> None:
    drifts = [an_alert(DRIFT, f"2026-03-01T{hour:02}:00Z", 1800) for hour in range(12)]
    trial = BacktestTrial(
        "", [an_alert(LOW, "2026-03-01T00:30Z", 0), *drifts], {DRIFT: 12, LOW: 1}, 21_600, {DRIFT: 21_600, LOW: 0},
        "2026-03-01T00:00Z", {DRIFT: 3, LOW: 1}, "drift.threshold=0.3,0.5",
    )  # fmt: skip
    lines = outcome_text(an_outcome(trial)).splitlines()
    assert "13 alerts would have fired, at least one of them for 6.0 hours:" in lines
    assert [" ".join(line.split()) for line in lines[4:7]] == [
        "severity alerts messages hours firing first",
        f"{DRIFT} warning 12 3 6.0 2026-03-01T00:00Z",
        f"{LOW} warning 1 1 0.0 2026-03-01T00:30Z",
    ]
    assert lines[7] == "to see what other thresholds give: --sweep drift.threshold=0.3,0.5"
    assert "  2026-03-01T09:00Z to the end (0.5 h), peak 0.45: feature=age" in lines
    assert "  and 2 more; --json has them all" in lines
    assert lines.index(f"{DRIFT}:") < lines.index(f"{LOW}:")
