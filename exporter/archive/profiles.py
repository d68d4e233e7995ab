"""Keeps a profile of every hour: closes windows, and revises them when rows or labels come late.

Nothing is told to the keeper. It compares what the warm tier has (its side counts) with what the profiles were built
from, and builds again what differs. So it is right after any crash, and harmless when two processes do it: profiles are
replaced only if they are still those that were looked at.

A window is *closed*, and gets its first profile, once the watermark has passed its end by the lateness: the watermark
is the timestamp of the monitor's newest prediction; ahead of the clock nothing closes. Where none comes any more, a
window is closed by the clock when its counts have stood still for a while. Closed windows are revised no more often
than their age allows, since labels may trickle in for days. A window that is older than the warm tier's retention gets
no first profile any more: it had one, which has moved on (`exporter.archive.profile_moving`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.archive.cold.restorations import Restorations, restorations_of
from exporter.archive.entry import Kind
from exporter.archive.kept_profiles import (
    KeptWindow,
    decode_kept,
    encode_kept,
    is_moved,
    is_same,
    rows_in_warm,
    updated,
)
from exporter.archive.latest_windows import WindowPublisher
from exporter.archive.ledger import Ledger, StoredProfile
from exporter.archive.measuring import measure
from exporter.archive.profile_index import ProfileIndex
from exporter.archive.recounting import Recounting
from exporter.archive.schema import TIME
from exporter.archive.warm.tier import Span, StoredHour, WarmTier
from exporter.errors import CorruptEntry
from exporter.monitor.spec import Monitor
from exporter.reference.document import Reference
from exporter.window.children import Child
from exporter.window.layout import Layout
from exporter.window.profile import Profile
from exporter.window.profile_builder import ProfileBuilder

DUTY = "profiles"
WINDOW_S = 3600
LONGEST_LATENESS_S = 3600.0
IDLE_S = 900.0
"""So long the counts of an hour must stand still for the clock to close its window."""
REVISION_PAUSE_S = 60.0
AGE_TO_PAUSE = 48
"""A window is revised at most so many times in the time that has passed since its end."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProfiledMonitor:
    """A monitor with the reference that its predictions are counted by."""

    monitor: Monitor
    reference: Reference | None

    @property
    def lateness_s(self) -> float:
        """How long after its end a window is waited for."""
        return min(self.monitor.spec.events.horizon.seconds, LONGEST_LATENESS_S)


@dataclass(slots=True)
class _Watched:
    """An hour as this process has seen it: its side counts, since when they are so, and when it was last built."""

    rows: int
    labelled: int
    since: float
    built_at: float | None = None


class ProfileKeeper:
    """One thread calls it, with connections of its own.

    publisher : is told of every change; None where no hot tier is shared.
    """

    def __init__(
        self,
        warm: WarmTier,
        ledger: Ledger,
        monitors: Sequence[ProfiledMonitor],
        publisher: WindowPublisher | None = None,
    ) -> None:
        self._warm = warm
        self._ledger = ledger
        self._monitors = {profiled.monitor.name: profiled for profiled in monitors}
        self._publisher = publisher
        self._index = ProfileIndex(ledger)
        self._watched: dict[tuple[str, int], _Watched] = {}

    def step(self, now: float) -> bool:
        """Brings at most one window up to date; whether there may be more to do at once. RetryLater."""
        if not self._ledger.elect(DUTY):
            self._index.forget()
            return False
        due = self._next_due(now)
        if due is None:
            return self._index.is_behind
        self._bring_up_to_date(due, now)
        return True

    def _next_due(self, now: float) -> StoredHour | None:
        """The oldest hour that is due."""
        hours = [
            hour
            for hour in self._warm.hours()
            if hour.kind is Kind.PREDICTIONS and hour.monitor in self._monitors and hour.rows
        ]
        self._index.learn([(hour.monitor, hour.start) for hour in hours])
        self._watch(hours, now)
        watermarks: dict[str, float] = {}
        restored: dict[str, Restorations] = {}
        for hour in sorted(hours, key=lambda hour: hour.start):
            if self._is_due(hour, now, watermarks):
                if hour.monitor not in restored:
                    restored[hour.monitor] = restorations_of(self._ledger, hour.monitor, now)
                if self._is_whole(hour, restored[hour.monitor]):
                    return hour
        return None

    def _is_whole(self, hour: StoredHour, restored: Restorations) -> bool:
        """Whether rows, and labels if there is a profile that could lose some, are not just coming back."""
        known, labels = self._index.get(hour.monitor, hour.start), self._monitors[hour.monitor].monitor.spec.labels
        if known is None or not known.revision or labels is None:
            return restored.is_whole(hour.start)
        return restored.is_whole(hour.start, hour.start + WINDOW_S + labels.maximum_delay.seconds)

    def _watch(self, hours: Sequence[StoredHour], now: float) -> None:
        watched = {}
        for hour in hours:
            key = (hour.monitor, hour.start)
            seen = self._watched.get(key) or _Watched(hour.rows, hour.labelled, now)
            if (seen.rows, seen.labelled) != (hour.rows, hour.labelled):
                seen.rows, seen.labelled, seen.since = hour.rows, hour.labelled, now
            watched[key] = seen
        self._watched = watched

    def _is_due(self, hour: StoredHour, now: float, watermarks: dict[str, float]) -> bool:
        known = self._index.get(hour.monitor, hour.start)
        if known is None or known.is_unreadable:
            return False
        if (known.rows, known.labelled) == (hour.rows, hour.labelled):
            return known.is_doubtful or not known.is_measured
        if known.revision:
            built_at = self._watched[hour.monitor, hour.start].built_at
            pause_s = max(REVISION_PAUSE_S, (now - hour.start - WINDOW_S) / AGE_TO_PAUSE)
            return built_at is None or now - built_at >= pause_s
        return self._is_closed(hour, now, watermarks)

    def _is_closed(self, hour: StoredHour, now: float, watermarks: dict[str, float]) -> bool:
        """Whether it is time for the first profile."""
        profiled, end = self._monitors[hour.monitor], hour.start + WINDOW_S
        closes_at = end + profiled.lateness_s
        if now < closes_at or end <= now - profiled.monitor.spec.retention.warm.seconds:
            return False
        if now - self._watched[hour.monitor, hour.start].since >= IDLE_S:
            return True
        if hour.monitor not in watermarks:
            watermarks[hour.monitor] = self._watermark(hour.monitor)
        return watermarks[hour.monitor] >= closes_at

    def _watermark(self, monitor: str) -> float:
        """The timestamp of the monitor's newest prediction."""
        since = max(start for name, start in self._watched if name == monitor)
        newest = self._warm.newest(Kind.PREDICTIONS, monitor, since, 1)
        if not newest.num_rows:
            return float(since)
        latest = newest["time"].cast(TIME).cast("int64")[-1].as_py() / 1e6
        return float(latest)

    def _bring_up_to_date(self, hour: StoredHour, now: float) -> None:
        stored = self._ledger.profiles(hour.monitor, Span(hour.start, hour.start + 1))
        revision = max((profile.revision for profile in stored), default=0)
        try:
            kept = decode_kept(stored)
            is_stale = is_moved(kept) or rows_in_warm(kept) != (hour.rows, hour.labelled)
            revised = self._revised(hour, kept, now) if is_stale else kept
            if revised is None:
                self._index.forget_window(hour.monitor, hour.start)
                return
        except CorruptEntry as error:
            _log.error("the profiles of %s, window from %d, stay as they are: %s", hour.monitor, hour.start, error)
            self._index.set_unreadable(hour.monitor, hour.start)
            return
        if not is_same(kept, revised):
            kept, revision = revised, revision + 1
            if not kept or not self._ledger.put_profiles(_stored(hour, kept, revision), replaces=revision - 1):
                self._index.forget_window(hour.monitor, hour.start)
                return
        if self._publisher is not None:
            self._publisher.publish(hour.monitor)
        profiled, wholes = self._monitors[hour.monitor], {child: each.whole for child, each in kept.items()}
        span = Span(hour.start, hour.start + WINDOW_S)
        self._ledger.put_measurements(measure(profiled.monitor, profiled.reference, span, revision, wholes))
        self._index.set(hour.monitor, hour.start, revision, kept)

    def _revised(self, hour: StoredHour, kept: KeptWindow, now: float) -> KeptWindow | None:
        """What is to be kept, from the rows that the warm tier has of the window; nothing when it has none.

        None where a restoration began or ended meanwhile: nobody knows whether these are all rows.
        """
        self._watched[hour.monitor, hour.start].built_at = now
        restored = restorations_of(self._ledger, hour.monitor, now)
        found = self._built(self._monitors[hour.monitor], Span(hour.start, hour.start + WINDOW_S))
        if restorations_of(self._ledger, hour.monitor, now) != restored or not self._is_whole(hour, restored):
            return None
        return updated(kept, found) if found else {}

    def _built(self, profiled: ProfiledMonitor, span: Span) -> Mapping[Child, Profile]:
        monitor = profiled.monitor
        recounting = Recounting(monitor)
        layout = Layout(monitor, profiled.reference)
        builder = ProfileBuilder(layout, self._index.children(monitor.name), recounting.absent, recounting.hidden)
        try:
            for rows in self._warm.read_labelled(monitor.name, span):
                builder.add(recounting.recount(rows))
        finally:
            recounting.close()
        return builder.profiles()


def _stored(hour: StoredHour, kept: KeptWindow, revision: int) -> list[StoredProfile]:
    return [
        StoredProfile(
            monitor=hour.monitor,
            model_version=child.model_version,
            segment=child.segment or "",
            start=hour.start,
            end=hour.start + WINDOW_S,
            revision=revision,
            rows=each.whole.rows,
            labelled=each.whole.labelled,
            payload=encode_kept(each),
        )
        for child, each in kept.items()
    ]
