"""Durations as Prometheus writes them: `90s`, `5m`, `1h30m`, `7d`, `4w`, `1y`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import GetPydanticSchema, WithJsonSchema
from pydantic_core import core_schema

_UNITS_S = {"y": 31_536_000.0, "w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PATTERN = r"^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
_PART = re.compile(r"([0-9]+)(ms|[ywdhms])")


def parse_duration_s(text: str) -> float:
    """Seconds in a Prometheus duration; ValueError when it is none, or is zero."""
    if not text or not re.match(_PATTERN, text):
        raise ValueError(f"{text!r} is not a duration; write it as Prometheus does: 30s, 5m, 1h30m, 7d")
    seconds = sum(int(number) * _UNITS_S[unit] for number, unit in _PART.findall(text))
    if seconds <= 0:
        raise ValueError("a duration must be longer than zero")
    return seconds


class Duration(str):
    """A duration as it was written, with its length in seconds."""

    __slots__ = ()

    @property
    def seconds(self) -> float:
        return parse_duration_s(self)


def duration_text(seconds: float) -> Duration:
    """Whole seconds as Prometheus writes them, in days and smaller units: `1d12h`."""
    parts, rest = [], round(seconds)
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, round(_UNITS_S[unit]))
        parts.append(f"{count}{unit}" if count else "")
    return _to_duration("".join(parts))


def _to_duration(text: str) -> Duration:
    parse_duration_s(text)
    return Duration(text)


DurationField = Annotated[
    Duration,
    GetPydanticSchema(
        lambda _source, _handler: core_schema.no_info_after_validator_function(_to_duration, core_schema.str_schema())
    ),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "minLength": 2}),
]
"""A pydantic field that holds a `Duration`."""
