"""Timestamps of a payload as seconds since the epoch, and back into the form that they came in."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Literal

Unit = Literal["s", "ms", "us", "ns"]

UNITS_A_SECOND: dict[Unit, float] = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def to_seconds(value: object, unit: Unit) -> float:
    """Seconds of a number in `unit`, or of RFC 3339 text (UTC where it names no zone); NaN of anything else."""
    if isinstance(value, bool) or value is None:
        return math.nan
    if isinstance(value, int | float):
        return value / UNITS_A_SECOND[unit]
    if isinstance(value, datetime):
        return _seconds_of(value)
    try:
        return to_seconds(float(str(value)), unit)
    except ValueError:
        return _seconds_of_text(str(value))


def like(original: object, seconds: float, unit: Unit) -> object:
    """`seconds` in the form of `original`: whole number, number or text."""
    if isinstance(original, int):
        return round(seconds * UNITS_A_SECOND[unit])
    if isinstance(original, float):
        return seconds * UNITS_A_SECOND[unit]
    if isinstance(original, str) and not math.isnan(_number(original)):
        return (
            f"{seconds * UNITS_A_SECOND[unit]:.6f}" if "." in original else str(round(seconds * UNITS_A_SECOND[unit]))
        )
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _seconds_of_text(text: str) -> float:
    try:
        return _seconds_of(datetime.fromisoformat(text))
    except ValueError:
        return math.nan


def _seconds_of(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
