"""Which ids some exporter has taken already, so that a body that is sent to another one again counts once."""

from __future__ import annotations

import logging

import numpy as np
import pyarrow as pa

from exporter.archive.hot.tier import HotMonitor, HotTier
from exporter.batch import Booleans
from exporter.errors import RetryLater

_log = logging.getLogger(__name__)


class TakenIds:
    """Of one monitor: those whose rows have landed, for as long as the hot tier keeps them."""

    def __init__(self, hot: HotTier, monitor: HotMonitor) -> None:
        self._hot = hot
        self._monitor = monitor

    def among(self, ids: pa.Array) -> Booleans:
        """bool[n]. While the tier is away nothing is known: to count twice is better than to hold up a sender."""
        try:
            return self._hot.seen(self._monitor, ids)
        except RetryLater as error:
            _log.debug("duplicates of %s are told by this exporter's memory alone: %s", self._monitor.name, error)
            return np.zeros(len(ids), dtype=np.bool_)
