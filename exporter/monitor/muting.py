"""When nobody is told."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterable
from typing import Annotated, Self

from pydantic import AfterValidator, field_validator, model_validator

from exporter.monitor.calendar import (
    MONTHS,
    WEEKDAYS,
    cover_every_month,
    cover_the_day,
    parse_days_of_month,
    parse_months,
    parse_times,
    parse_weekdays,
)
from exporter.monitor.severity import Severity
from exporter.monitor.strict import LabelValue, StrictModel, as_list
from exporter.monitor.suggestion import did_you_mean

UTC = "UTC"


def _that(parse: Callable[[str], object]) -> AfterValidator:
    """The text as it was written, once `parse` takes it."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


def _location(name: str) -> str:
    if name == UTC:
        return name
    known = zoneinfo.available_timezones()
    if not known:
        raise ValueError(f"{name!r} cannot be checked: this machine has no time zones, install its package tzdata")
    if name not in known:
        raise ValueError(f"{name!r} is not a time zone, expected one such as Europe/Berlin{did_you_mean(name, known)}")
    return name


class Mute(StrictModel):
    """A time in which nobody is told; what still fires when it ends is told then. All of its keys must fit."""

    name: LabelValue
    """What it is called in Alertmanager."""
    times: list[Annotated[str, _that(parse_times)]] = []
    """Spans of the day such as `22:00-06:00`; what comes after midnight belongs to the weekday before."""
    weekdays: list[Annotated[str, _that(parse_weekdays)]] = []
    """Such as `saturday`, or `monday..friday`."""
    days_of_month: list[Annotated[str, _that(parse_days_of_month)]] = []
    """Such as `1`, `1..5`, or `-1` for the last."""
    months: list[Annotated[str, _that(parse_months)]] = []
    """Such as `december`, or `november..february`."""
    location: Annotated[str, AfterValidator(_location)] = UTC
    """The time zone of all that."""
    severity: list[Severity] = ["info", "warning"]
    """Of the alerts that it mutes; critical ones are told at any time unless named here."""

    _texts = field_validator("times", "weekdays", "months", mode="before", json_schema_input_type=str | list[str])(
        as_list
    )
    _severity = field_validator("severity", mode="before", json_schema_input_type=Severity | list[Severity])(as_list)

    @field_validator("days_of_month", mode="before", json_schema_input_type=int | str | list[int | str])
    @classmethod
    def _numbers_as_text(cls, value: object) -> object:
        values: Iterable[object] = value if isinstance(value, list) else [value]
        return [str(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in values]

    @model_validator(mode="after")
    def _is_some_time(self) -> Self:
        if not (self.times or self.weekdays or self.days_of_month or self.months):
            raise ValueError("mutes for ever, expected times, weekdays, days_of_month or months")
        if self._is_always():
            raise ValueError(
                "mutes at every time, so that nobody is ever told; write fewer hours, days or months, or tell nobody "
                "by routes, such as {severity: info, to: {}}"
            )
        if self.days_of_month and any(parse_times(times).crosses_midnight for times in self.times):
            raise ValueError("days_of_month with times that cross midnight: write two, one to 24:00 and one from 00:00")
        if not self.severity:
            raise ValueError("mutes no severity, expected info, warning or critical")
        return self

    def _is_always(self) -> bool:
        """Whether each key that is given covers all of what it cuts."""
        return (
            (not self.times or cover_the_day(map(parse_times, self.times)))
            and _names_all(WEEKDAYS, parse_weekdays, self.weekdays)
            and (not self.days_of_month or cover_every_month(map(parse_days_of_month, self.days_of_month)))
            and _names_all(MONTHS, parse_months, self.months)
        )


def _names_all(names: Iterable[str], parse: Callable[[str], Iterable[str]], texts: Iterable[str]) -> bool:
    named = {name for text in texts for name in parse(text)}
    return not named or named.issuperset(names)
