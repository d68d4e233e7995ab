"""The collector process: polls the sources that monitors name and feeds their pipelines."""

from __future__ import annotations

import hashlib
import logging
import signal
import threading
import time
from collections.abc import Mapping

from collectors.errors import CollectorError
from collectors.file import LineFile
from collectors.source import Chunk, Source
from exporter.app.archive_board import ArchiveBoard
from exporter.app.configuration import Configuration, SourceOfMonitor
from exporter.app.feeding import open_feeding
from exporter.app.process import ParentLine
from exporter.app.status import Status
from exporter.errors import RejectedPayload, RetryLater
from exporter.pipeline import Payload, Pipeline
from exporter.settings import ServeSettings
from exporter.window.memory import SharedLock

_IDLE_S = 0.1
_RETRY_S = 5.0

log = logging.getLogger(__name__)


def run_collectors(
    configuration: Configuration,
    slot: int,
    settings: ServeSettings,
    status: Status,
    board: ArchiveBoard,
    turn: SharedLock,
    parent: ParentLine,
) -> None:
    """Polls every source in turn until told to stop; what was polled is counted, then its position committed.

    `turn` is held for as long as it polls: after a reload the new process begins where the old one ended.
    """
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    feeding = open_feeding(configuration.monitors, slot, settings, board)
    parent.say_ready()
    with turn:
        feeds = [
            _Feed(_open(source, settings), source, index, feeding.pipelines, status)
            for index, source in enumerate(configuration.sources)
        ]
        while not stop.is_set():
            is_busy = [feed.poll() for feed in feeds]
            feeding.tick()
            if not any(is_busy):
                stop.wait(_IDLE_S)
        for feed in feeds:
            feed.close()
    feeding.close()


class _Feed:
    """One source and the pipeline that it feeds."""

    def __init__(
        self, source: Source, wanted: SourceOfMonitor, index: int, pipelines: Mapping[str, Pipeline], status: Status
    ) -> None:
        self._source = source
        self._wanted = wanted
        self._index = index
        self._pipeline = pipelines[wanted.monitor]
        self._status = status
        self._retry_at = 0.0
        self._untaken: Chunk | None = None
        self._complaint = ""

    def poll(self) -> bool:
        """Takes one chunk, if there is one; whether there was. A failing source is left alone for a while."""
        started = time.monotonic()
        if started < self._retry_at:
            return False
        try:
            chunk = self._untaken or self._source.poll()
            if chunk is not None:
                self._untaken = chunk
                self._take(chunk)
                self._source.commit(self._source.positions())
                self._untaken = None
        except (CollectorError, RetryLater, OSError) as error:
            self._fail(str(error), started)
            return False
        self._complaint = ""
        self._status.set_poll(self._index, is_successful=True, duration_s=time.monotonic() - started)
        return chunk is not None

    def close(self) -> None:
        self._source.close()

    def _take(self, chunk: Chunk) -> None:
        """Counts a chunk to the end, so that its position may be committed; a rejected one is in the dead letters."""
        payload = Payload(chunk.body, chunk.media_type, source="file")
        is_labels = self._wanted.source.kind == "labels"
        try:
            receipt = (self._pipeline.take_labels if is_labels else self._pipeline.take_predictions)(payload)
            if receipt.rejects:
                first = receipt.rejects[0]
                log.warning(
                    "%s: %d records rejected, the first: %s", self._wanted.path, len(receipt.rejects), first.detail
                )
        except RejectedPayload as error:
            log.warning("%s: bytes %d to %d rejected: %s", self._wanted.path, chunk.start, chunk.end, error)
        self._pipeline.count_pending()

    def _fail(self, message: str, started: float) -> None:
        self._retry_at = started + _RETRY_S
        self._status.set_poll(self._index, is_successful=False, duration_s=time.monotonic() - started)
        if message != self._complaint:
            self._complaint = message
            log.error("collector %s: %s; trying again every %d s", self._wanted.collector, message, _RETRY_S)


def _open(wanted: SourceOfMonitor, settings: ServeSettings) -> Source:
    name = hashlib.sha256(str(wanted.path).encode()).hexdigest()[:16]
    positions = settings.state / "positions" / f"{wanted.monitor}-{name}.json"
    positions.parent.mkdir(parents=True, exist_ok=True)
    return LineFile(wanted.path, follow=wanted.source.follow, positions_path=positions)
