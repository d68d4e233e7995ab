"""Exporters without processes: each has memory of its own, all land in one warm tier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.archive.entry import Entry, SequencedEntry
from exporter.archive.hot.taken_ids import TakenIds
from exporter.archive.hot.tier import HotTier, hot_monitor
from exporter.archive.late_labels import LabelledMonitor, LateLabels
from exporter.archive.recall import recall_predictions
from exporter.archive.warm.embedded import open_embedded
from exporter.archive.warm.tier import Claim, WarmTier
from exporter.monitor.spec import Monitor
from exporter.window.label_join import LabelJoin
from tests.support.clocks import MovedClock
from tests.support.journals import HeldJournal
from tests.support.pipelines import WatchedPipeline, a_pipeline

AGAIN_EVERY_S = 60.0
_SECOND_SLOT = 1


@dataclass(slots=True)
class Replica:
    """One life of one exporter; its journal is landed when a test says so."""

    watched: WatchedPipeline
    journal: HeldJournal
    warm: WarmTier
    late_labels: LateLabels
    origin: str
    _claim: Claim | None = None
    _landed: int = 0

    def land(self) -> None:
        """Lands what was kept since the last time, and lets late labels follow it."""
        entries: list[Entry] = self.journal.kept[self._landed :]
        claim = self._claim or self.warm.claim(self.origin)
        sequenced = [SequencedEntry(claim.next_sequence + number, entry) for number, entry in enumerate(entries)]
        self._claim = self.warm.land(claim, sequenced).claim
        self._landed = len(self.journal.kept)
        self.late_labels.follow(entries)

    def recall(self) -> int:
        """What a start does before the first row is taken."""
        return recall_predictions(self.watched.shared, self._join(), self.warm, self.watched.clock.now())

    def find_late(self) -> None:
        """Credits in the warm tier until nothing is due."""
        while self.late_labels.step(self.warm, self.watched.clock.now()):
            continue

    def value(self, name: str, **labels: str) -> float:
        """0 where there is no such series."""
        try:
            return self.watched.value(name, **labels)
        except KeyError:
            return 0.0

    def _join(self) -> LabelJoin:
        return LabelJoin(self.watched.shared, self.watched.shared.counts.writer(_SECOND_SLOT))


@contextmanager
def replicas(
    folder: Path,
    monitor: Monitor,
    names: Sequence[str],
    hot: HotTier | None = None,
    *,
    shares_duplicates: bool = False,
) -> Iterator[list[Replica]]:
    """A replica for each name; one with the name of an earlier one is that exporter, started again."""
    taken = TakenIds(hot, hot_monitor(monitor)) if hot is not None and shares_duplicates else None
    clock = MovedClock()
    warm, _ = open_embedded(folder / "warm", clock)
    warm.migrate()
    made = []
    for number, name in enumerate(names):
        journal = HeldJournal()
        watched = a_pipeline(folder / str(number), monitor, clock=clock, journal=journal, taken=taken)
        join = LabelJoin(watched.shared, watched.shared.counts.writer(_SECOND_SLOT))
        late = LateLabels([LabelledMonitor(watched.shared, join)], hot, lambda name=name: [name], AGAIN_EVERY_S)  # type: ignore[misc]
        made.append(Replica(watched, journal, warm, late, name))
    try:
        yield made
    finally:
        warm.close()


def an_event(name: str, at_s: float, **fields: Any) -> dict[str, Any]:
    return {"id": name, "ts": at_s, "score": 0.75, "age": 30, "region": "north", "version": "v2", **fields}
