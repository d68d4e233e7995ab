"""Leaves a server alone that did not answer, so that waiting for it costs its caller little."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Closed while calls succeed; after a failure open for `pause_s`, then the next call is a trial."""

    def __init__(self, pause_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pause_s = pause_s
        self._monotonic = monotonic
        self._open_until = float("-inf")
        self.reason = ""
        """Of the last failure; empty while calls succeed."""

    @property
    def is_open(self) -> bool:
        """Whether calls should not be made."""
        return self._monotonic() < self._open_until

    def succeed(self) -> None:
        self.reason = ""
        self._open_until = float("-inf")

    def fail(self, reason: str) -> None:
        self.reason = reason
        self._open_until = self._monotonic() + self._pause_s
