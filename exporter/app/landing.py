"""Lands what this exporter's spools hold, once the warm tier answers, and does what follows a landing."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from exporter.app.archive_board import ArchiveBoard, ArchiveTier
from exporter.app.journals import origin_of
from exporter.archive.entry import SequencedEntry
from exporter.archive.hot.leases import Leases
from exporter.archive.hot.opening import open_hot_tier
from exporter.archive.hot.tier import HotTier
from exporter.archive.identity import exporter_id
from exporter.archive.landing import Lander, recovered_watermark
from exporter.archive.late_labels import LabelledMonitor, LateLabels
from exporter.archive.opening import open_warm
from exporter.archive.recall import recall_predictions
from exporter.archive.slot_landing import LandingTools, SlotStatus
from exporter.archive.spool.disk import LocalDisk
from exporter.archive.spool.files import spool_bytes
from exporter.archive.spool.watermark import Watermark
from exporter.archive.warm.tier import Landed, WarmTier
from exporter.clock import Clock
from exporter.errors import RetryLater
from exporter.settings import ServeSettings
from exporter.window.label_join import LabelJoin
from exporter.window.shared import SharedMonitor

_OPEN_EVERY_S = 1.0
_LABELS_AGAIN_EVERY_S = 60.0
_LABELS_OF_SINK_EVERY_S = 2.0
_TELL_EVERY_S = 0.5
_REFILL_EVERY_S = 5.0

log = logging.getLogger(__name__)


class ExporterLanding:
    """A step machine; one thread. Whatever the tiers do, a step returns, and a later one goes on."""

    def __init__(
        self, monitors: Sequence[SharedMonitor], slot: int, settings: ServeSettings, board: ArchiveBoard, clock: Clock
    ) -> None:
        self._slot = slot
        self._settings = settings
        self._board = board
        self._clock = clock
        self._disk = LocalDisk()
        self._recallable = {
            shared.monitor.name: (shared, LabelJoin(shared, shared.counts.writer(slot))) for shared in monitors
        }
        self._hot: HotTier | None = open_hot_tier(settings.archive.hot, clock) if _is_hot_shared(settings) else None
        labelled = [
            LabelledMonitor(shared, join)
            for shared, join in self._recallable.values()
            if shared.monitor.spec.labels or settings.archive.hot.shared_duplicates
        ]
        again_every_s = _LABELS_OF_SINK_EVERY_S if settings.archive.ack == "sink" else _LABELS_AGAIN_EVERY_S
        self._late_labels = LateLabels(labelled, self._hot, self._origins, again_every_s)
        self._rate_limits = [shared.rate_limit for shared in monitors if shared.rate_limit is not None]
        self._warm: WarmTier | None = None
        self._lander: Lander | None = None
        self._complaint = ""
        self._is_hot_up = True
        self._waiting_since: float | None = None
        self._open_at = self._tell_at = self._refill_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the warm tier has answered so far."""
        return self._warm is not None

    def step(self) -> bool:
        """Lands and credits a bit; whether there may be more to do at once."""
        now = self._clock.now()
        warm, has_worked = self._open(now), False
        if warm is not None and self._lander is not None:
            has_worked = self._lander.step()
            try:
                if self._late_labels.is_due(now):
                    has_worked |= self._late_labels.step(warm, now)
                    self._report_up()
                self._refill_hot(warm, now)
            except RetryLater as error:
                self._complain(error)
        if not 0 <= now - self._tell_at < _TELL_EVERY_S:
            self._tell_at = now
            self._tell()
        return has_worked

    def recall(self) -> bool:
        """Fills the memory of monitors from the warm tier; whether that is done."""
        warm = self._open(self._clock.now())
        if warm is None:
            return False
        try:
            for name in list(self._recallable):
                recalled = recall_predictions(*self._recallable[name], warm, self._clock.now())
                del self._recallable[name]
                if recalled:
                    log.info("%s: %d predictions remembered from before", name, recalled)
        except RetryLater as error:
            self._complain(error)
        return not self._recallable

    @contextmanager
    def leases(self) -> Iterator[None]:
        """Meanwhile the rate limits of this machine take part in those that all replicas share."""
        if self._hot is None:
            yield
            return
        leases = Leases(self._hot, self._rate_limits)
        leases.start()
        try:
            yield
        finally:
            leases.stop()

    def close(self) -> None:
        self._tell()
        if self._lander is not None:
            self._lander.close()
        if self._warm is not None:
            self._warm.close()
        if self._hot is not None:
            self._hot.close()

    def _refill_hot(self, warm: WarmTier, now: float) -> None:
        if 0 <= now - self._refill_at < _REFILL_EVERY_S:
            return
        self._refill_at = now
        self._late_labels.refill_hot(warm, now)

    def _open(self, now: float) -> WarmTier | None:
        if self._warm is not None or 0 <= now - self._open_at < _OPEN_EVERY_S:
            return self._warm
        self._open_at = now
        warm, _ = open_warm(self._settings.archive.warm, self._settings.state, self._clock)
        try:
            warm.migrate()
        except RetryLater as error:
            warm.close()
            self._complain(error)
            return None
        tools = LandingTools(self._disk, warm, self._clock, random.Random(), self._follow)  # noqa: S311 - of pauses
        exporter = exporter_id(self._settings.state)
        self._report_up()
        self._warm, self._lander = warm, Lander(self._settings.spools, exporter, self._watermark_of, tools)
        return warm

    def _watermark_of(self, name: str) -> Watermark | None:
        """Of a slot of this exporter; what nobody has opened since the start is recovered first."""
        if not name.isdigit() or int(name) >= self._board.slots:
            return None
        mark = self._board.mark(int(name))
        if not mark.get():
            recovered = recovered_watermark(self._disk, self._settings.spools / name)
            if recovered is not None:
                mark.set(max(mark.get(), recovered.get()))
        return mark

    def _follow(self, entries: Sequence[SequencedEntry], landed: Landed) -> None:
        self._board.add_landed(self._slot, landed.rows, self._clock.now())
        self._report_up()
        self._late_labels.follow([sequenced.entry for sequenced in entries])

    def _origins(self) -> Sequence[str]:
        if self._settings.archive.ack == "sink":
            return [origin_of(self._settings, slot) for slot in range(self._board.slots)]
        return [] if self._lander is None else self._lander.origins

    def _tell(self) -> None:
        statuses = {} if self._lander is None else {status.slot: status for status in self._lander.status()}
        names = self._disk.folders(self._settings.spools)
        size_bytes = sum(spool_bytes(self._disk, self._settings.spools / name) for name in names)
        self._board.set_spool(size_bytes, self._oldest_at(names, statuses))
        self._board.set_quarantined(sum(status.set_aside + status.missing for status in statuses.values()))
        failures = [status.failure for status in statuses.values() if status.failure is not None]
        if failures:
            self._complain(RetryLater(failures[0]))
        self._tell_hot(is_up=self._hot is None or self._hot.is_up)

    def _tell_hot(self, *, is_up: bool) -> None:
        was_up, self._is_hot_up = self._is_hot_up, is_up
        self._board.set_up(ArchiveTier.HOT, is_up=is_up)
        if was_up and not is_up:
            log.error("the hot tier is away, the warm tier does its work: `infranaut tiers status` says why")
        elif is_up and not was_up:
            log.info("the hot tier answers again")

    def _oldest_at(self, names: Sequence[str], statuses: Mapping[str, SlotStatus]) -> float | None:
        """When the oldest entry that waits was received, or since when it has been known that some wait."""
        known = [status.oldest_at for status in statuses.values() if status.oldest_at is not None]
        if known:
            self._waiting_since = None
            return min(known)
        if not any(self._is_waiting(name, statuses.get(name)) for name in names):
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = self._clock.now()
        return self._waiting_since

    def _is_waiting(self, name: str, status: SlotStatus | None) -> bool:
        """Whether a spool may hold what has not landed; while the tier has not answered, nobody knows how far it is."""
        durable = self._board.mark(int(name)).get() if name.isdigit() and int(name) < self._board.slots else 0
        return durable > (0 if status is None or status.origin is None else status.landed_sequence)

    def _complain(self, error: RetryLater) -> None:
        self._board.set_up(ArchiveTier.WARM, is_up=False)
        if str(error) != self._complaint:
            self._complaint = str(error)
            log.error("the warm tier is away, rows wait in the spool: %s", error)

    def _report_up(self) -> None:
        self._board.set_up(ArchiveTier.WARM, is_up=True)
        if self._complaint:
            self._complaint = ""
            log.info("the warm tier answers again")


def _is_hot_shared(settings: ServeSettings) -> bool:
    """The memory of this exporter needs no tier: labels join in it as they come."""
    return settings.archive.hot.url is not None
