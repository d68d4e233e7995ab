"""When a backtest evaluates rules, and how often it would have scraped the exporter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from exporter.archive.warm.tier import Span
from exporter.cli.times import utc
from exporter.errors import InvalidSettings
from exporter.monitor.duration import parse_duration_s

_SLOWEST_SCRAPE_S = 60
_FINE_S, _COARSE_S = 60, 300
_LONG_S = 7 * 86_400
_MOST_EVALUATIONS = 500_000
_FIRST_S, _LAST_S = 365 * 86_400, 253_402_300_799


@dataclass(frozen=True, slots=True)
class BacktestPace:
    """Evaluations are `step_s` apart. Windows of days are sums of the increases of five minutes, so that steps have to
    meet every five minutes, and those increases need a few samples each."""

    step_s: int

    @property
    def scrape_s(self) -> int:
        return math.gcd(self.step_s, _SLOWEST_SCRAPE_S)


def asked_pace(text: str) -> BacktestPace:
    """From `--step`; InvalidSettings when steps do not meet every five minutes."""
    try:
        step_s = parse_duration_s(text)
    except ValueError as error:
        raise InvalidSettings(f"--step: {error}") from error
    if step_s != int(step_s) or step_s < 1 or _COARSE_S % step_s:
        raise InvalidSettings(
            f"--step {text}: expected whole seconds that five minutes are a multiple of: 15s, 30s, 1m, 5m"
        )
    return BacktestPace(int(step_s))


def usual_pace(length_s: float) -> BacktestPace:
    """Of so long a time: every minute, or every five of more than a week."""
    return BacktestPace(_FINE_S if length_s <= _LONG_S else _COARSE_S)


def asked_length_s(rows: Span, start: float | None, end: float | None) -> float:
    """How long the asked part of the rows' time is."""
    first, last = _asked(rows, start, end)
    return last - first


def evaluated_span(rows: Span, start: float | None, end: float | None, pace: BacktestPace, data: Path) -> Span:
    """The asked part of the rows' time, by whole steps outwards; InvalidSettings where no row is in it, or where it is
    so long that some row must be far off."""
    if rows.end > _LAST_S:
        raise InvalidSettings(
            f"{data}: has timestamps after the year 9999; numbers of milliseconds need spec.events.timestamp_unit: ms "
            f"(s, ms, us or ns), which --set events.timestamp_unit=ms tries"
        )
    first, last = _asked(rows, start, end)
    span = Span(down(first, pace.step_s), down(last, pace.step_s) + pace.step_s)
    known = f"{data} has rows from {utc(rows.start)} to {utc(rows.end)}"
    if start is not None and end is not None and start >= end:
        raise InvalidSettings(f"--from {utc(start)} is not before --to {utc(end)}; {known}")
    if span.start >= min(span.end, rows.end + pace.step_s):
        raise InvalidSettings(f"--from and --to: {known}")
    count = round((span.end - span.start) / pace.step_s)
    if count > _MOST_EVALUATIONS:
        raise InvalidSettings(
            f"{known}: {count:,} evaluations of every rule, {pace.step_s} s apart; choose a part with --from and --to, "
            f"take a longer --step, or mend timestamps that are far off"
        )
    return span


def unit_note(rows: Span, data: Path) -> str | None:
    """Said where times are so early that their unit must be another."""
    if rows.end >= _FIRST_S:
        return None
    return (
        f"{data}: all its timestamps are before 1971, the last is {utc(rows.end)}; numbers of seconds need "
        f"spec.events.timestamp_unit: s (s, ms, us or ns), which --set events.timestamp_unit=s tries"
    )


def down(time: float, step_s: int) -> float:
    """The whole step before a time."""
    return math.floor(time / step_s) * step_s


def _asked(rows: Span, start: float | None, end: float | None) -> tuple[float, float]:
    return rows.start if start is None else max(start, rows.start), rows.end if end is None else end
