"""Moves profiles from the ledger to the cold store once their rows have left warm, and deletes them in the end."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.store import ObjectStore
from exporter.archive.ledger import Ledger
from exporter.archive.profile_files import profile_files, put_profiles
from exporter.archive.profiles import DUTY, ProfiledMonitor
from exporter.archive.warm.tier import Span

_LONGEST_KEPT_S = 20 * 365 * DAY_S


class ProfileMover:
    """Called by the thread, and over the connections, of the `ProfileKeeper`: nobody revises what is being moved.

    store : None: there is no cold tier, and profiles are dropped when their rows are.
    """

    def __init__(self, ledger: Ledger, store: ObjectStore | None, monitors: Sequence[ProfiledMonitor]) -> None:
        self._ledger = ledger
        self._store = store
        self._monitors = [profiled.monitor for profiled in monitors]
        self._next_day: dict[str, float] = {}
        self._deleted_until: dict[str, float] = {}

    def step(self, now: float) -> bool:
        """Moves the profiles of at most one day of one monitor; whether there may be more to do at once. RetryLater."""
        if not self._ledger.elect(DUTY):
            self._next_day.clear()
            return False
        for monitor in self._monitors:
            retention = monitor.spec.retention
            if self._move_a_day(monitor.name, now - retention.warm.seconds):
                return True
            self._delete(monitor.name, now - retention.cold.seconds)
        return False

    def _move_a_day(self, monitor: str, before: float) -> bool:
        """The oldest day that ended before; a crash on the way leaves it in both places, and so it is moved again."""
        day = self._next_day.get(monitor, (before - _LONGEST_KEPT_S) // DAY_S * DAY_S)
        while day + DAY_S <= before:
            profiles = self._ledger.profiles(monitor, Span(day, day + DAY_S))
            day += DAY_S
            if profiles:
                if self._store is not None:
                    put_profiles(self._store, profiles)
                self._ledger.drop_profiles(monitor, day + 1)
                return True
            self._next_day[monitor] = day
        return False

    def _delete(self, monitor: str, before: float) -> None:
        """Files of days that ended before, looked for once a day."""
        if self._store is None or before < self._deleted_until.get(monitor, 0.0) + DAY_S:
            return
        for name, day in list(profile_files(self._store, monitor)):
            if day + DAY_S <= before:
                self._store.delete(name)
        self._deleted_until[monitor] = before
