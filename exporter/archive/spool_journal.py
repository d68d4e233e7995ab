"""A journal whose entries are kept once they are flushed to this machine's disk: `ack: spool`."""

from __future__ import annotations

import time
from pathlib import Path

from exporter.archive.entry import Entry, encode_entry
from exporter.archive.journal import WhenKept
from exporter.archive.spool.limits import SpoolLimits
from exporter.archive.spool.watermark import Watermark
from exporter.archive.spool.writer import Spool, open_spool
from exporter.errors import DiskFailed, RetryLater

_LOCKED_FOR_S = 10.0
_LOOK_AGAIN_S = 0.1


class SpoolJournal:
    """Writes to one spool folder, which nobody else may write to meanwhile."""

    def __init__(self, directory: Path, durable: Watermark, limits: SpoolLimits) -> None:
        """RetryLater when a process of an earlier life does not let go of the folder."""
        self._spool = _open_when_free(directory, durable, limits)
        self._failure: Exception | None = None

    def append(self, entry: Entry, when_kept: WhenKept) -> None:
        self._spool.append(encode_entry(entry), lambda outcome: self._tell(outcome, when_kept))

    @property
    def failure(self) -> Exception | None:
        return self._failure

    def close(self) -> None:
        self._spool.close()

    def _tell(self, outcome: int | Exception, when_kept: WhenKept) -> None:
        if isinstance(outcome, DiskFailed):
            self._failure = outcome
        when_kept(outcome if isinstance(outcome, Exception) else None)


def _open_when_free(directory: Path, durable: Watermark, limits: SpoolLimits) -> Spool:
    deadline = time.monotonic() + _LOCKED_FOR_S
    while True:
        try:
            return open_spool(directory, durable, limits)
        except RetryLater:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_AGAIN_S)
