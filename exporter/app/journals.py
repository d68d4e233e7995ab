"""Opens the journal of one slot, as the settings ask."""

from __future__ import annotations

from exporter.app.archive_board import ArchiveBoard
from exporter.archive.identity import exporter_id
from exporter.archive.journal import Journal
from exporter.archive.opening import open_warm
from exporter.archive.sink_journal import SinkJournal
from exporter.archive.spool.limits import SpoolLimits
from exporter.archive.spool_journal import SpoolJournal
from exporter.archive.warm.tier import WarmTier
from exporter.clock import Clock, SystemClock
from exporter.settings import ServeSettings


def open_journal(slot: int, settings: ServeSettings, board: ArchiveBoard) -> Journal | None:
    """None when nothing is archived."""
    archive = settings.archive
    if archive.ack == "none":
        return None
    if archive.ack == "sink":
        clock = SystemClock()
        return SinkJournal(
            lambda: _open_warm(settings, clock),
            origin_of(settings, slot),
            lambda landed: board.add_landed(slot, landed.rows, clock.now()),
        )
    spool_bytes = archive.spool.limit.bytes // settings.writers
    limits = SpoolLimits(spool_bytes, min(archive.spool.file.bytes, spool_bytes // 2))
    return SpoolJournal(settings.spool_of(slot), board.mark(slot), limits)


def _open_warm(settings: ServeSettings, clock: Clock) -> WarmTier:
    warm, _ = open_warm(settings.archive.warm, settings.state, clock)
    warm.migrate()
    return warm


def origin_of(settings: ServeSettings, slot: int) -> str:
    """The name under which a slot's entries land."""
    return f"{exporter_id(settings.state)}/{slot:02d}"
