"""When to do again what costs much: ever more rarely, as long as it is wanted again and again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(slots=True)
class RareWork:
    """Each start doubles the pause before the next one; it is short again after twice the longest pause."""

    first_pause_s: float
    longest_pause_s: float
    _pause_s: float = field(default=0.0, init=False)
    _started_at: float = field(default=-math.inf, init=False)

    def is_due(self, now: float) -> bool:
        return not 0 <= now - self._started_at < self._pause_s

    def start(self, now: float) -> None:
        """Notes that it is done now."""
        is_rested = now - self._started_at >= 2 * self.longest_pause_s
        self._pause_s = self.first_pause_s if is_rested else min(2 * self._pause_s, self.longest_pause_s)
        self._started_at = now
