"""Keeps the rate limits of this machine in tokens from the buckets that all replicas share, beside the hot path."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from exporter.archive.hot.tier import HotTier
from exporter.errors import RetryLater
from exporter.window.rate_limit import RateLimit

_PERIOD_S = 0.25
_PERIODS_AHEAD = 2

log = logging.getLogger(__name__)


class Leases:
    """A thread that leases tokens every quarter of a second; one for each machine is enough.

    A machine leases for half a second ahead, so that is what each may pass the common limit by, once. While the tier is
    away each machine has the whole rate.
    """

    def __init__(self, hot: HotTier, limits: Sequence[RateLimit], period_s: float = _PERIOD_S) -> None:
        self._hot = hot
        self._limits = limits
        self._period_s = period_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def start(self) -> None:
        if self._limits:
            self._thread.start()

    def stop(self) -> None:
        """Ends the thread; the limits go on by the clock within a second."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def renew(self) -> None:
        """Leases once for every limit."""
        for limit in self._limits:
            self._renew(limit)

    def _renew(self, limit: RateLimit) -> None:
        wanted = limit.wanted(self._period_s * _PERIODS_AHEAD)
        try:
            granted = self._hot.take(f"rate:{limit.monitor}", wanted, limit.rate_per_s, limit.burst)
        except RetryLater as error:
            log.debug("%s is limited on this machine alone: %s", limit.monitor, error)
            limit.end_lease()
        else:
            limit.lease(granted)

    def _run(self) -> None:
        while not self._stopping.wait(self._period_s):
            try:
                self.renew()
            except Exception:
                log.exception("no tokens could be leased")
