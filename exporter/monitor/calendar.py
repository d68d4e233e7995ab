"""Spans of the day, the week, the month and the year as a person writes them: `22:00-06:00`, `monday..friday`."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
