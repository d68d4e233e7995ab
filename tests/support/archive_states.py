"""A state folder with an archive in it, filled as an exporter fills it: rows land, and are moved as they get older."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from exporter.archive.cold.moving import Moved, Tiers, due_moves, move
from exporter.archive.configuration import ArchiveConfiguration
from exporter.archive.opening import Archive, open_archive
from exporter.archive.warm.tier import Claim
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Retention
from tests.support.archives import MONITOR, ORIGIN, a_stream, an_entry
from tests.support.batches import START_S
from tests.support.clocks import MovedClock

RETENTION = Retention(warm=Duration("30d"), cold=Duration("10y"))


@dataclass
class ArchiveState:
    """Each step opens the tiers and closes them again, as the exporter and the commands of a person do in turns."""

    state: Path
    configuration: ArchiveConfiguration = field(default_factory=ArchiveConfiguration)
    clock: MovedClock = field(default_factory=lambda: MovedClock(START_S))
    claims: dict[str, Claim] = field(default_factory=dict)

    @contextmanager
    def open(self) -> Iterator[Archive]:
        self.state.mkdir(parents=True, exist_ok=True)
        archive = open_archive(self.configuration, self.state, self.clock)
        try:
            archive.warm.migrate()
            yield archive
        finally:
            archive.close()

    def land(self, *rows: pa.RecordBatch, monitor: str = MONITOR, origin: str = ORIGIN) -> None:
        """Each of the rows as an entry of its own."""
        with self.open() as archive:
            claim = self.claims.get(origin) or archive.warm.claim(origin)
            first = max(1, claim.next_sequence)
            entries = a_stream(*(an_entry(each, monitor) for each in rows), first=first)
            self.claims[origin] = archive.warm.land(claim, entries).claim

    def move(self, at: float, retention: Mapping[str, Retention] | None = None) -> list[Moved]:
        """What is due at a time."""
        self.clock.now_s = at
        with self.open() as archive:
            tiers = Tiers(archive.warm, archive.ledger, archive.cold, self.clock)
            return move(tiers, due_moves(tiers, {MONITOR: RETENTION} if retention is None else retention))
