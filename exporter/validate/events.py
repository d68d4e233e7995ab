"""Rejects events from too long ago and from the future."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from exporter.batch import TIMESTAMP, Booleans, Decoded, Reason, Reject
from exporter.monitor.spec import Monitor

_FINER_UNITS = (("ms", 1e3), ("us", 1e6), ("ns", 1e9))
_PLAUSIBLE_AGE_S = 20 * 365.25 * 86_400


class EventChecks:
    """Compiled for a monitor."""

    def __init__(self, monitor: Monitor) -> None:
        events = monitor.spec.events
        self._horizon = events.horizon
        self._tolerance = events.future_tolerance
        self._unit = events.timestamp_unit

    def check(self, decoded: Decoded, now: float) -> tuple[Booleans, list[Reject]]:
        """bool[n], rows whose timestamp is within the horizon; and the others, as rejects."""
        timestamps = decoded.batch.number(TIMESTAMP)
        oldest, newest = now - self._horizon.seconds, now + self._tolerance.seconds
        if not len(timestamps) or (timestamps.min() >= oldest and timestamps.max() <= newest):
            return np.ones(len(timestamps), dtype=np.bool_), []
        too_old, too_new = timestamps < oldest, timestamps > newest
        keep = ~(too_old | too_new)
        rejects = []
        for row in np.flatnonzero(~keep):
            position = int(decoded.batch.positions[row])
            reason = Reason.TOO_OLD if too_old[row] else Reason.IN_THE_FUTURE
            detail = self._detail(float(timestamps[row]), bool(too_old[row]), now)
            rejects.append(Reject(position, reason, detail, decoded.raw[position]))
        return keep, rejects

    def _detail(self, timestamp: float, is_old: bool, now: float) -> str:
        if is_old:
            return f"timestamp {_readable(timestamp)} is older than the horizon of {self._horizon}"
        detail = f"timestamp {_readable(timestamp)} is more than {self._tolerance} in the future"
        for unit, factor in _FINER_UNITS:
            if self._unit == "s" and abs(timestamp / factor - now) < _PLAUSIBLE_AGE_S:
                return f"{detail}; it looks like {unit}: set events.timestamp_unit"
        return detail


def _readable(timestamp: float) -> str:
    try:
        return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"{timestamp:g}"
