"""Keeps profiles up to date and moves what is due from tier to tier, in a thread beside the landing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import ExitStack

from exporter.app.archive_board import ArchiveBoard, ArchiveTier
from exporter.archive.cold.moving import Tiers, due_moves, move
from exporter.archive.cold.tier import open_cold
from exporter.archive.hot.opening import shared_hot_tier
from exporter.archive.latest_windows import WindowPublisher
from exporter.archive.opening import open_warm
from exporter.archive.profile_moving import ProfileMover
from exporter.archive.profiles import ProfiledMonitor, ProfileKeeper
from exporter.clock import Clock
from exporter.errors import RetryLater
from exporter.settings import ServeSettings
from exporter.window.shared import SharedMonitor

_PAUSE_S = 2.0
_MOVE_EVERY_S = 60.0
_AFTER_FAILURE_S = 60.0
_STOP_WITHIN_S = 10.0
_MOVES = "moves"
_PROBE = "probe"

log = logging.getLogger(__name__)


class Caretaker:
    """Of all exporters over one warm tier, the one that is elected does the work; each step is safe to end anywhere."""

    def __init__(
        self, monitors: Sequence[SharedMonitor], settings: ServeSettings, board: ArchiveBoard, clock: Clock
    ) -> None:
        self._profiled = [ProfiledMonitor(shared.monitor, shared.reference) for shared in monitors]
        self._retention = {shared.monitor.name: shared.monitor.spec.retention for shared in monitors}
        self._hot_retention_s = {name: retention.hot.seconds for name, retention in self._retention.items()}
        self._settings = settings
        self._board = board
        self._clock = clock
        self._stop = threading.Event()
        self._complaint = ""
        self._move_at = 0.0
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the step that is under way, or leaves it to its fate when that takes long."""
        self._stop.set()
        self._thread.join(_STOP_WITHIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._care()
            except RetryLater as error:
                self._complain(str(error))
                self._stop.wait(_PAUSE_S)
            except Exception:
                log.exception("profiles and moves rest for %g s", _AFTER_FAILURE_S)
                self._stop.wait(_AFTER_FAILURE_S)

    def _care(self) -> None:
        """Works until it is stopped, or a tier is away."""
        with ExitStack() as opened:
            archive = self._settings.archive
            warm, ledger = open_warm(archive.warm, self._settings.state, self._clock)
            opened.callback(warm.close)
            tiers = Tiers(warm, ledger, open_cold(archive.cold, self._settings.state, self._clock), self._clock)
            hot = opened.enter_context(shared_hot_tier(archive.hot, self._clock))
            self._care_for(tiers, None if hot is None else WindowPublisher(hot, ledger, self._hot_retention_s))

    def _care_for(self, tiers: Tiers, publisher: WindowPublisher | None) -> None:
        tiers.warm.migrate()
        keeper = ProfileKeeper(tiers.warm, tiers.ledger, self._profiled, publisher)
        mover = ProfileMover(tiers.ledger, tiers.cold.store if tiers.cold else None, self._profiled)
        while not self._stop.is_set():
            now = self._clock.now()
            if keeper.step(now) or mover.step(now):
                continue
            if publisher is not None:
                publisher.step()
            self._move_when_due(tiers)
            self._complaint = ""
            self._stop.wait(_PAUSE_S)

    def _move_when_due(self, tiers: Tiers) -> None:
        now = self._clock.now()
        if 0 <= now - self._move_at < _MOVE_EVERY_S:
            return
        self._move_at = now
        self._probe_cold(tiers)
        if not tiers.ledger.elect(_MOVES):
            return
        for action in due_moves(tiers, self._retention):
            if self._stop.is_set():
                return
            (moved,) = move(tiers, [action])
            if moved.outcome == "left":
                log.warning("not moved: %s: %s", action, moved.detail)

    def _probe_cold(self, tiers: Tiers) -> None:
        if tiers.cold is None:
            return
        self._board.set_up(ArchiveTier.COLD, is_up=False)
        tiers.cold.store.size(_PROBE)
        self._board.set_up(ArchiveTier.COLD, is_up=True)

    def _complain(self, message: str) -> None:
        if message != self._complaint:
            self._complaint = message
            log.error("profiles and moves wait: %s", message)
