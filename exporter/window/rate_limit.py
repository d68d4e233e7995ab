"""Admits rows up to a rate, for all processes of a machine, without waiting and without asking anybody.

A token bucket in shared memory: it holds at most a second's worth, rows take a token each, and it may fall below zero
by what one body brings, so that a body of more rows than the bucket holds gets through; what it overdrew is waited for.
It fills by the clock, or, while somebody leases tokens from a bucket that all replicas share
(`exporter.archive.hot.leases`), by what is leased. When leases stop coming it fills by the clock again: each machine
then admits the whole rate, because to lose records is worse than to pass a limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from exporter.window.memory import SharedLock, SharedMemory

_BURST_S = 1.0
_LEASE_LASTS_S = 1.0


class RateLimit:
    """The limit of one monitor; built before the processes fork. Calls may come from several threads of each."""

    def __init__(self, monitor: str, rate_per_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` must read the same in all processes, as Linux's does."""
        self.monitor = monitor
        self.rate_per_s = rate_per_s
        self.burst = max(1.0, rate_per_s * _BURST_S)
        self._monotonic = monotonic
        self._numbers = SharedMemory({"bucket": (np.float64, (3,))})["bucket"]
        """Tokens, when they were last filled up, and when the last lease came."""
        self._numbers[:] = (self.burst, monotonic(), float("-inf"))
        self._between_processes = SharedLock()
        self._between_threads = threading.Lock()

    def admit(self, rows: int) -> float:
        """0: go on, and the rows are counted; else nothing is, and so many seconds are to be waited."""
        with self._between_threads, self._between_processes:
            self._fill()
            tokens = float(self._numbers[0])
            if tokens > 0:
                self._numbers[0] = tokens - rows
                return 0.0
        return (1.0 - tokens) / self.rate_per_s

    def wanted(self, ahead_s: float) -> float:
        """Tokens to lease so that what is here lasts so long; 0 when it does."""
        with self._between_threads, self._between_processes:
            return max(0.0, min(self.burst, self.rate_per_s * ahead_s) - float(self._numbers[0]))

    def lease(self, granted: float) -> None:
        """Adds tokens from the bucket that replicas share; until a second passes without, the clock adds none."""
        with self._between_threads, self._between_processes:
            now = self._monotonic()
            self._numbers[:] = (min(self.burst, float(self._numbers[0]) + granted), now, now)

    def end_lease(self) -> None:
        """Fills by the clock again, from now on."""
        with self._between_threads, self._between_processes:
            if np.isfinite(self._numbers[2]):
                self._numbers[1:] = (self._monotonic(), float("-inf"))

    def _fill(self) -> None:
        tokens, filled_at, leased_at = self._numbers.tolist()
        now = self._monotonic()
        if now >= leased_at + _LEASE_LASTS_S:
            self._numbers[:2] = (min(self.burst, tokens + max(0.0, now - filled_at) * self.rate_per_s), now)
