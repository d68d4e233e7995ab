"""Sets aside the events that are too old to count, or from the future."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from exporter.batch import TIMESTAMP, Batch, Booleans, Integers, RawRecords, Reason, Reject
from exporter.monitor.spec import Events

_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_PLAUSIBLE_S = 5 * 365 * 86_400.0
"""A timestamp read in another unit that comes this near to now was probably meant in that unit."""


@dataclass(frozen=True, slots=True)
class EventTimes:
    """The oldest and the newest timestamp that are accepted, seconds since the epoch."""

    now: float
    oldest: float
    newest: float


def reject_by_time(batch: Batch, events: Events, raw: RawRecords, now: float) -> tuple[Booleans | None, list[Reject]]:
    """The rows to keep (bool[n], None for all of them) and a reject for each of the others, in the order of rows."""
    times = EventTimes(now, now - events.horizon.seconds, now + events.future_tolerance.seconds)
    timestamps = batch.number(TIMESTAMP)
    if len(batch) == 0 or (timestamps.min() >= times.oldest and timestamps.max() <= times.newest):
        return None, []
    keep: Booleans = (timestamps >= times.oldest) & (timestamps <= times.newest)
    rows: Integers = np.flatnonzero(~keep)
    return keep, [_reject(float(timestamps[row]), int(batch.positions[row]), events, times, raw) for row in rows]


def _reject(timestamp: float, position: int, events: Events, times: EventTimes, raw: RawRecords) -> Reject:
    if timestamp < times.oldest:
        reason = Reason.TOO_OLD
        detail = f"{_when(timestamp)} is before {_when(times.oldest)}, the horizon of {events.horizon}"
    else:
        reason = Reason.IN_THE_FUTURE
        detail = f"{_when(timestamp)} is more than {events.future_tolerance} after now, {_when(times.now)}"
    hint = _unit_hint(timestamp, events, times.now)
    return Reject(position, reason, f"{events.timestamp} {detail}{hint}", raw[position])


def _unit_hint(timestamp: float, events: Events, now: float) -> str:
    """A word on the unit, when the number that was written makes sense in another one."""
    written = timestamp * _UNITS[events.timestamp_unit]
    for unit, per_second in _UNITS.items():
        if unit != events.timestamp_unit and abs(written / per_second - now) < _PLAUSIBLE_S:
            return f"; the number looks like {unit}: set spec.events.timestamp_unit to {unit}"
    return ""


def _when(timestamp: float) -> str:
    """RFC 3339 in UTC; the plain number for years that have no date."""
    try:
        return datetime.fromtimestamp(math.floor(timestamp), tz=UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return f"{timestamp:.6g} s"
