"""Mutes as Alertmanager's time intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from alertmanager.recipients import NamedMute, Recipients
from exporter.monitor.calendar import (
    DAY_END_MIN,
    WEEKDAYS,
    DaySpan,
    parse_days_of_month,
    parse_months,
    parse_times,
    parse_weekdays,
)
from exporter.monitor.muting import Mute


def time_intervals(everybody: Iterable[Recipients]) -> list[dict[str, object]]:
    """Each mute once, by its name."""
    mutes = {named.name: named for recipients in everybody for named in recipients.mutes}
    return [_time_interval(named) for _, named in sorted(mutes.items())]


def _time_interval(named: NamedMute) -> dict[str, object]:
    mute = named.mute
    weekdays = _distinct(parse_weekdays, mute.weekdays)
    spans = [parse_times(times) for times in mute.times]
    intervals = [_interval(mute, weekdays, [_until_midnight(span) for span in spans])]
    tails = [DaySpan(0, span.end_min) for span in spans if span.crosses_midnight]
    if tails:
        intervals.append(_interval(mute, [_day_after(day) for day in weekdays], tails))
    return {"name": named.name, "time_intervals": intervals}


def _interval(mute: Mute, weekdays: Sequence[str], spans: Sequence[DaySpan]) -> dict[str, object]:
    interval: dict[str, object] = {}
    if spans:
        interval["times"] = [{"start_time": _clock(span.start_min), "end_time": _clock(span.end_min)} for span in spans]
    if weekdays:
        interval["weekdays"] = list(weekdays)
    if mute.days_of_month:
        interval["days_of_month"] = [f"{first}:{last}" for first, last in map(parse_days_of_month, mute.days_of_month)]
    if mute.months:
        interval["months"] = _distinct(parse_months, mute.months)
    return interval | {"location": mute.location}


def _until_midnight(span: DaySpan) -> DaySpan:
    return DaySpan(span.start_min, DAY_END_MIN) if span.crosses_midnight else span


def _distinct(parse: Callable[[str], tuple[str, ...]], texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for text in texts for name in parse(text)))


def _day_after(day: str) -> str:
    return WEEKDAYS[(WEEKDAYS.index(day) + 1) % len(WEEKDAYS)]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
