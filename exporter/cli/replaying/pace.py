"""When each row is due: at once, or at the pace of its timestamps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from exporter.batch import Floats
from exporter.cli.replaying.rows import Rows, TimeField
from exporter.clock import Clock
from exporter.errors import InvalidSettings

TICK_S = 0.25
"""Rows that are due within one tick are sent together."""


@dataclass(frozen=True, slots=True)
class DueRows:
    """Rows to send together, at `due_s` (seconds since the epoch) or later; 0 is at once."""

    rows: Rows
    due_s: float


class ReplayPace:
    """Cuts rows into batches and says when each is due.

    speed           : seconds of event time in a second; None sends at once.
    shift_to_now    : whether a row's timestamp becomes the moment when it is due, as if it happened now.
    """

    def __init__(
        self, batch_rows: int, field: TimeField, clock: Clock, *, speed: float | None, shift_to_now: bool
    ) -> None:
        self._batch_rows = batch_rows
        self._field = field
        self._clock = clock
        self._speed = speed
        self._shift_to_now = shift_to_now
        self._first_event_s: float | None = None
        self._started_s = 0.0

    def cut(self, rows: Rows) -> Iterator[DueRows]:
        """Batches in the order of the rows. The first rows that it is given start the clock."""
        if self._speed is None:
            yield from self._cut_at_once(rows)
        else:
            yield from self._cut_at_ticks(rows, self._speed)

    def _cut_at_once(self, rows: Rows) -> Iterator[DueRows]:
        for start in range(0, len(rows), self._batch_rows):
            batch = rows.cut(start, start + self._batch_rows)
            if self._shift_to_now:
                batch = batch.with_seconds(self._field, np.full(len(batch), self._clock.now()))
            yield DueRows(batch, 0.0)

    def _cut_at_ticks(self, rows: Rows, speed: float) -> Iterator[DueRows]:
        due_s = self._due(rows.seconds(self._field), speed)
        waits_s = np.maximum.accumulate(np.nan_to_num(due_s, nan=-np.inf)).clip(min=self._started_s)
        if self._shift_to_now:
            rows = rows.with_seconds(self._field, due_s)
        ticks = np.floor((waits_s - self._started_s) / TICK_S)
        ends = [*(np.flatnonzero(np.diff(ticks)) + 1).tolist(), len(rows)]
        start = 0
        for end in ends:
            for first in range(start, end, self._batch_rows):
                last = min(first + self._batch_rows, end)
                yield DueRows(rows.cut(first, last), float(waits_s[last - 1]))
            start = end

    def _due(self, seconds: Floats, speed: float) -> Floats:
        """float64[n]: the moment of each row at this speed; NaN of a row without a timestamp."""
        if self._first_event_s is None:
            known = seconds[np.isfinite(seconds)]
            if not len(known):
                raise InvalidSettings(
                    f"no row has a timestamp in the field {self._field.name!r}; name the field with --timestamp-field"
                )
            self._first_event_s, self._started_s = float(known[0]), self._clock.now()
        due: Floats = self._started_s + (seconds - self._first_event_s) / speed
        return due


def wait_until(due_s: float, clock: Clock, pause: Callable[[float], None]) -> None:
    """Pauses until `due_s`, if that is still to come."""
    left_s = due_s - clock.now()
    if due_s and left_s > 0:
        pause(left_s)
