"""An ingest process: the HTTP routes and the pipelines behind them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from exporter.api.documentation import ingest_documentation
from exporter.api.ingest import IngestApplication
from exporter.app.archive_board import ArchiveBoard
from exporter.app.feeding import open_feeding
from exporter.app.process import ParentLine
from exporter.app.server import serve_until_stopped
from exporter.app.status import Status
from exporter.settings import ServeSettings
from exporter.window.shared import SharedMonitor

_TICK_S = 0.1


def run_worker(
    monitors: Sequence[SharedMonitor],
    slot: int,
    listener: socket.socket,
    settings: ServeSettings,
    status: Status,
    board: ArchiveBoard,
    parent: ParentLine,
) -> None:
    """Takes predictions and labels until told to stop; then counts what waits."""
    feeding = open_feeding(monitors, slot, settings, board)
    pages = ingest_documentation(lambda: status.is_ready)
    application = IngestApplication(feeding.pipelines, pages, settings.body_limit_bytes, settings.in_flight_bytes)

    async def tick() -> None:
        parent.say_ready()
        while True:
            await asyncio.sleep(_TICK_S)
            feeding.tick()

    try:
        serve_until_stopped(application, listener, settings.stop_after_s, tick, parent.say_closed)
    finally:
        feeding.close()
