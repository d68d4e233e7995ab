"""The exposition process: `/metrics`, the landing page and the read API, from the counts of all processes."""

from __future__ import annotations

import asyncio
import platform
import socket
from collections.abc import Mapping, Sequence

import numpy as np
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from exporter import __version__, catalog
from exporter.api.views import ExporterView, MonitorView
from exporter.api.web import WebApplication
from exporter.api.windows import add_windows
from exporter.app.archive_board import ArchiveBoard, ArchiveTier
from exporter.app.configuration import Configuration
from exporter.app.process import ParentLine
from exporter.app.reload import ReloadChannel
from exporter.app.server import serve_until_stopped
from exporter.app.status import Status
from exporter.app.view import MonitorWatch
from exporter.app.window_reading import latest_windows
from exporter.catalog import Metric
from exporter.clock import Clock, SystemClock
from exporter.expose.audience import Audience
from exporter.expose.exposition import Exposition
from exporter.expose.families import Part, Samples
from exporter.expose.monitor_samples import MonitorSamples
from exporter.settings import ServeSettings
from exporter.window.label_columns import LabelPairs

_NOTE_EVERY_S = 1.0


def run_exposer(
    configuration: Configuration,
    listener: socket.socket,
    ingest_url: str,
    settings: ServeSettings,
    status: Status,
    board: ArchiveBoard,
    channel: ReloadChannel,
    parent: ParentLine,
) -> None:
    """Answers scrapes and people until told to stop."""
    exposer = Exposer(configuration, ingest_url, settings, status, board, channel, SystemClock())

    async def note() -> None:
        parent.say_ready()
        while True:
            exposer.note()
            await asyncio.sleep(_NOTE_EVERY_S)

    application = WebApplication(exposer)
    with latest_windows(settings, SystemClock()) as reader:
        add_windows(application.pages, [shared.monitor.name for shared in configuration.monitors], reader)
        serve_until_stopped(application, listener, settings.stop_after_s, note, parent.say_closed)


class Exposer:
    """An `ExporterState` over shared memory."""

    def __init__(
        self,
        configuration: Configuration,
        ingest_url: str,
        settings: ServeSettings,
        status: Status,
        board: ArchiveBoard,
        channel: ReloadChannel,
        clock: Clock,
    ) -> None:
        digests = {item.name: item.sha256 for item in configuration.loaded.monitors}
        self._configuration = configuration
        self._ingest_url = ingest_url
        self._settings = settings
        self._status = status
        self._board = board
        self._channel = channel
        self._clock = clock
        self._audience = Audience()
        self._samples = {
            shared.monitor.name: MonitorSamples(shared, digests[shared.monitor.name], self._audience)
            for shared in configuration.monitors
        }
        self._watches = {shared.monitor.name: MonitorWatch(shared) for shared in configuration.monitors}
        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self._exposition = Exposition(registry)
        self._parts = [
            Part("exporter", self._own_samples),
            *(Part(f"monitor {name}", samples.collect) for name, samples in self._samples.items()),
        ]

    def note(self) -> None:
        """To be called every second or so: what the drift of the last window is told from."""
        now = self._clock.now()
        for watch in self._watches.values():
            watch.note(now)

    def exporter(self) -> ExporterView:
        ready, wanted = self._status.workers
        return ExporterView(
            version=__version__,
            ingest_url=self._ingest_url,
            workers_ready=ready,
            workers_wanted=wanted,
            is_reload_successful=self._status.is_reload_successful,
            reloaded_at=self._status.reloaded_at,
            warnings=self._configuration.warnings,
        )

    def monitors(self) -> Sequence[MonitorView]:
        return [view for name in self._watches if (view := self.monitor(name)) is not None]

    def monitor(self, name: str) -> MonitorView | None:
        watch = self._watches.get(name)
        return None if watch is None else watch.view(self._clock.now(), self._samples[name].series())

    def is_ready(self) -> bool:
        return self._status.is_ready

    def reload(self) -> list[str]:
        return self._channel.ask()

    def exposition(self, accept: str, accept_encoding: str, scraper: str | None) -> tuple[bytes, Mapping[str, str]]:
        self._audience.enter(scraper, self._clock.now())
        rendered = self._exposition.render(self._parts, accept, accept_encoding)
        return rendered.body, rendered.headers

    def _own_samples(self) -> list[Samples]:
        status = self._status
        polls = [status.poll(index, source.collector) for index, source in enumerate(self._configuration.sources)]
        build = (("version", __version__), ("python_version", platform.python_version()))
        return [
            _own(catalog.BUILD_INFO, [(build, 1.0)]),
            _own(catalog.CONFIG_HASH, [((), status.config_hash)]),
            _own(catalog.CONFIG_LAST_RELOAD_SUCCESSFUL, [((), float(status.is_reload_successful))]),
            _own(catalog.CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP, [((), status.reloaded_at)]),
            _own(
                catalog.COLLECTOR_SUCCESS, [((("collector", poll.name),), float(poll.is_successful)) for poll in polls]
            ),
            _own(catalog.COLLECTOR_DURATION, [((("collector", poll.name),), poll.duration_s) for poll in polls]),
            *([] if self._settings.archive.ack == "none" else self._archive_samples()),
        ]

    def _archive_samples(self) -> list[Samples]:
        board = self._board
        rows = [((("kind", kind.value),), float(count)) for kind, count in board.landed_rows.items()]
        tiers = [((("tier", tier.name.lower()),), float(board.is_up(tier))) for tier in ArchiveTier]
        return [
            _own(catalog.SPOOL_SIZE, [((), board.spool_size_bytes)]),
            _own(catalog.SPOOL_LIMIT, [((), float(self._settings.archive.spool.limit.bytes))]),
            _own(catalog.SPOOL_LAG, [((), board.spool_lag_s(self._clock.now()))]),
            _own(catalog.ARCHIVE_ROWS, rows),
            _own(catalog.ARCHIVE_QUARANTINED, [((), float(board.quarantined))]),
            _own(catalog.ARCHIVE_LAST_LANDING_TIMESTAMP, [((), board.landed_at)]),
            _own(catalog.TIER_UP, tiers),
        ]


def _own(metric: Metric, points: Sequence[tuple[LabelPairs, float]]) -> Samples:
    tails = tuple(labels for labels, _ in points)
    return Samples(metric, "exporter", ((),), tails, np.array([value for _, value in points], dtype=np.float64))
