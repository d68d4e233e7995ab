"""An ingest process: the HTTP routes and the pipelines behind them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence

from exporter.api.documentation import ingest_documentation
from exporter.api.ingest import IngestApplication
from exporter.app.process import ParentLine
from exporter.app.server import serve_until_stopped
from exporter.app.status import Status
from exporter.archive.dead_letters import DeadLetters
from exporter.clock import SystemClock
from exporter.pipeline import Pipeline
from exporter.settings import ServeSettings
from exporter.window.shared import SharedMonitor

_TICK_S = 0.1


def run_worker(
    monitors: Sequence[SharedMonitor],
    slot: int,
    listener: socket.socket,
    settings: ServeSettings,
    status: Status,
    parent: ParentLine,
) -> None:
    """Takes predictions and labels until told to stop; then counts what waits."""
    dead_letters = DeadLetters(settings.state / "dead-letters", SystemClock())
    pipelines = open_pipelines(monitors, slot, settings, dead_letters)
    application = IngestApplication(
        pipelines,
        ingest_documentation(lambda: status.is_ready),
        settings.body_limit_bytes,
        settings.in_flight_bytes,
    )

    async def tick() -> None:
        parent.say_ready()
        while True:
            await asyncio.sleep(_TICK_S)
            for pipeline in pipelines.values():
                pipeline.tick()

    try:
        serve_until_stopped(application, listener, settings.stop_after_s, tick, parent.say_closed)
    finally:
        for pipeline in pipelines.values():
            pipeline.close()


def open_pipelines(
    monitors: Sequence[SharedMonitor], slot: int, settings: ServeSettings, dead_letters: DeadLetters
) -> Mapping[str, Pipeline]:
    """A pipeline for each monitor, all writing to one slot."""
    return {
        shared.monitor.name: Pipeline(shared, slot, SystemClock(), dead_letters, settings.body_limit_bytes)
        for shared in monitors
    }
