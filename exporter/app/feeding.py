"""The pipelines of one process, and the journal that they all write to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from exporter.app.archive_board import ArchiveBoard
from exporter.app.journals import open_journal
from exporter.archive.dead_letter_rows import dead_letter_entry
from exporter.archive.dead_letters import DeadLetter, DeadLetters
from exporter.archive.hot.opening import open_hot_tier
from exporter.archive.hot.taken_ids import TakenIds
from exporter.archive.hot.tier import HotTier, hot_monitor
from exporter.archive.identity import pseudonym_key
from exporter.archive.journal import Journal
from exporter.archive.keeping import Keeping
from exporter.clock import SystemClock
from exporter.errors import InfranautError
from exporter.pipeline import Pipeline
from exporter.settings import ServeSettings
from exporter.window.shared import SharedMonitor

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feeding:
    """Pipelines by the name of their monitor; `journal` is None when nothing is archived.

    hot : where ids are looked up that other exporters may have taken; None where that is not asked for.
    """

    pipelines: Mapping[str, Pipeline]
    journal: Journal | None
    hot: HotTier | None

    def tick(self) -> None:
        """What is due; raises why nothing can be kept any more."""
        for pipeline in self.pipelines.values():
            pipeline.tick()
        if self.journal is not None and self.journal.failure is not None:
            raise self.journal.failure

    def close(self) -> None:
        """Counts what waits, and keeps what was taken."""
        for pipeline in self.pipelines.values():
            pipeline.close()
        if self.journal is not None:
            self.journal.close()
        if self.hot is not None:
            self.hot.close()


def open_feeding(monitors: Sequence[SharedMonitor], slot: int, settings: ServeSettings, board: ArchiveBoard) -> Feeding:
    """A pipeline for each monitor, all writing to one slot of the counts and to one journal."""
    clock = SystemClock()
    journal = open_journal(slot, settings, board)
    on_letters = _leave_alone if journal is None else _keeper_of_letters(journal)
    dead_letters = DeadLetters(settings.state / "dead-letters", clock, on_letters=on_letters)
    hot = open_hot_tier(settings.archive.hot, clock) if settings.archive.hot.shared_duplicates else None
    key = b"" if journal is None else pseudonym_key(settings.pseudonym_key)
    pipelines = {
        shared.monitor.name: Pipeline(
            shared,
            slot,
            clock,
            dead_letters,
            settings.body_limit_bytes,
            journal,
            None if journal is None else Keeping(shared.monitor, key),
            None if hot is None else TakenIds(hot, hot_monitor(shared.monitor)),
        )
        for shared in monitors
    }
    return Feeding(pipelines, journal, hot)


def _leave_alone(_letters: Sequence[DeadLetter], _now: float) -> None:
    """Nothing is archived; the files hold them."""


def _keeper_of_letters(journal: Journal) -> Callable[[Sequence[DeadLetter], float], None]:
    """Dead letters go to the archive too; one that cannot stays in its file."""

    def keep(letters: Sequence[DeadLetter], now: float) -> None:
        try:
            journal.append(dead_letter_entry(letters, now), lambda _error: None)
        except InfranautError as error:
            log.debug("dead letters of %s are not archived: %s", letters[0].monitor, error)

    return keep
