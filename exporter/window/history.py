"""What was counted within the last while, from cumulative counts noted now and then.

A note is kept compressed: most counts are far below 2^64, so that it takes less than half.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exporter.batch import Integers

_NOTES_A_WINDOW = 24
_FASTEST = 1


@dataclass(frozen=True, slots=True)
class Increase:
    """Counts added by each model version within `span_s` seconds, at most the window."""

    by_version: Mapping[str, Integers]
    span_s: float


class History:
    """Cumulative counts by model version, noted a few dozen times a window; older notes are dropped."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._notes: deque[tuple[float, Mapping[str, bytes]]] = deque()

    def note(self, now: float, totals: Mapping[str, Integers]) -> None:
        """Adds a note, unless the last one is fresh."""
        if self._notes and now - self._notes[-1][0] < self._window_s / _NOTES_A_WINDOW:
            return
        packed = {version: zlib.compress(counts.tobytes(), _FASTEST) for version, counts in totals.items()}
        self._notes.append((now, packed))
        while len(self._notes) > 1 and self._notes[1][0] <= now - self._window_s:
            self._notes.popleft()

    def increase(self, now: float, totals: Mapping[str, Integers]) -> Increase:
        """`totals` less what they were a window ago; before the first note, all of them."""
        if not self._notes:
            return Increase(dict(totals), 0.0)
        noted_at, before = self._notes[0]
        by_version = {version: counts - _noted(before.get(version), counts) for version, counts in totals.items()}
        return Increase(by_version, now - noted_at)


def _noted(packed: bytes | None, like: Integers) -> Integers:
    """The counts of a note; none of a version that it does not have."""
    return np.zeros_like(like) if packed is None else np.frombuffer(zlib.decompress(packed), dtype=like.dtype)
