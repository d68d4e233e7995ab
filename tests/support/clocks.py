"""A clock that stands still until a test moves it."""

from __future__ import annotations

from dataclasses import dataclass

NOON_S = 1_750_000_000.0
"""2025-06-15T15:06:40Z."""


@dataclass(slots=True)
class MovedClock:
    """A `Clock`."""

    now_s: float = NOON_S

    def now(self) -> float:
        return self.now_s

    def move(self, seconds: float) -> None:
        self.now_s += seconds
