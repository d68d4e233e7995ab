"""Spans of the day, the week, the month and the year as a person writes them: `22:00-06:00`, `monday..friday`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from exporter.monitor.suggestion import did_you_mean

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
DAY_END_MIN = 24 * 60
_MONTH_LENGTHS = (28, 29, 30, 31)

_TIMES = re.compile(r"^([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])$")
_DAYS = re.compile(r"^(-?[0-9]{1,2})(?:\.\.(-?[0-9]{1,2}))?$")


class DaySpan(NamedTuple):
    """Minutes since midnight; where `end_min` is not after `start_min`, it is of the next day."""

    start_min: int
    end_min: int

    @property
    def crosses_midnight(self) -> bool:
        return self.end_min <= self.start_min


def parse_times(text: str) -> DaySpan:
    """`22:00-06:00`; ValueError where it is no span. Midnight as an end is 24:00."""
    match = _TIMES.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a span of the day, expected one such as 22:00-06:00")
    hours = [int(part) for part in match.groups()]
    start_min, end_min = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if max(start_min, end_min) > DAY_END_MIN or start_min == DAY_END_MIN:
        raise ValueError(f"{text!r} goes beyond the day, expected 00:00 to 24:00")
    if start_min == end_min:
        raise ValueError(f"{text!r} has no length; the whole day is 00:00-24:00")
    return DaySpan(start_min, end_min or DAY_END_MIN)


def parse_weekdays(text: str) -> tuple[str, ...]:
    """`monday`, or `saturday..monday`, which goes on into the next week."""
    return _cycle(text, WEEKDAYS, "a weekday")


def parse_months(text: str) -> tuple[str, ...]:
    """`december`, or `november..february`, which goes on into the next year."""
    return _cycle(text, MONTHS, "a month")


def parse_days_of_month(text: str) -> tuple[int, int]:
    """`1`, `1..5` or `-3..-1`, which counts from the month's end; first and last day."""
    match = _DAYS.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no day of a month, expected 1 to 31, -1 for the last, or a span such as 1..5")
    first, last = int(match[1]), int(match[2] or match[1])
    if not all(1 <= abs(day) <= 31 for day in (first, last)):
        raise ValueError(f"{text!r} goes beyond a month, expected 1 to 31, or -31 to -1 from its end")
    if first < 0 < last or (first > last and (first > 0) == (last > 0)):
        raise ValueError(f"{text!r} ends before it begins")
    return first, last


def cover_the_day(spans: Iterable[DaySpan]) -> bool:
    """Whether no minute is left out, on a day before which there was another one like it."""
    halves = [
        half
        for span in spans
        for half in ([(span.start_min, DAY_END_MIN), (0, span.end_min)] if span.crosses_midnight else [span])
    ]
    covered_min = 0
    for start_min, end_min in sorted(halves):
        if start_min > covered_min:
            return False
        covered_min = max(covered_min, end_min)
    return covered_min == DAY_END_MIN


def cover_every_month(spans: Iterable[tuple[int, int]]) -> bool:
    """Whether no day is left out, however long the month is."""
    ends = list(spans)
    return all(
        {day for span in ends for day in _days(span, length)} == set(range(1, length + 1)) for length in _MONTH_LENGTHS
    )


def _days(span: tuple[int, int], length: int) -> Iterable[int]:
    """The days of a month of that length; negative ones count from its end."""
    first, last = (day if day > 0 else length + 1 + day for day in span)
    return range(max(first, 1), min(last, length) + 1)


def _cycle(text: str, names: Sequence[str], what: str) -> tuple[str, ...]:
    ends = text.split("..")
    if len(ends) > 2:
        raise ValueError(f"{text!r} is no span, expected {names[0]}, or {names[0]}..{names[4]}")
    for end in ends:
        if end not in names:
            hint = did_you_mean(end, names)
            raise ValueError(f"{end!r} is not {what}, expected one such as {names[0]}{hint}")
    first, last = names.index(ends[0]), names.index(ends[-1])
    return tuple(names[index % len(names)] for index in range(first, last + 1 + (len(names) if last < first else 0)))
