"""The newest windows of each monitor: published to the hot tier as they change, and read from there.

The hot tier is a cache. What it does not have is read from the ledger and put there again, but only for a minute: the
keeper may have published a later revision since the ledger was asked, and that is not to be hidden for long.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from functools import cache

from exporter.archive.hot.tier import HotTier
from exporter.archive.hot.windows import HotWindows
from exporter.archive.kept_profiles import child_of, decode_kept
from exporter.archive.ledger import Ledger, StoredProfile, WindowRevision
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry, RetryLater
from exporter.window.profile import Profile

LATEST_WINDOWS = 24
"""So many of each monitor are in the hot tier."""

_PUT_BACK_S = 60.0
_READERS = 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadProfile:
    """A profile of the ledger, decoded; `profile` is None where its bytes cannot be read."""

    stored: StoredProfile
    profile: Profile | None


class WindowPublisher:
    """Belongs to the thread that keeps profiles. While the hot tier is away it remembers what is to be published.

    retention_s : by monitor, how long its windows stay in the hot tier.
    """

    def __init__(self, hot: HotTier, ledger: Ledger, retention_s: Mapping[str, float]) -> None:
        self._hot = HotWindows(hot)
        self._ledger = ledger
        self._retention_s = retention_s
        self._published: dict[str, dict[int, int]] = {}
        self._changed: set[str] = set()

    def publish(self, monitor: str) -> None:
        """To be called when a window of the monitor has new profiles; publishes them, or leaves that to `step`."""
        self._changed.add(monitor)
        self.step()

    def step(self) -> None:
        """Publishes what could not be published before."""
        for monitor in sorted(self._changed):
            try:
                self._publish(monitor)
            except RetryLater as error:
                _log.debug("the windows of %s are published later: %s", monitor, error)
                return
            self._changed.discard(monitor)

    def _publish(self, monitor: str) -> None:
        """Windows first, so that those in the list can be found."""
        ttl_s = self._retention_s[monitor]
        newest = self._ledger.newest_windows(monitor, LATEST_WINDOWS)
        known = self._published.get(monitor, {})
        published = self._published[monitor] = {
            window.start: window.revision for window in newest if known.get(window.start) == window.revision
        }
        for window in newest:
            if window.start not in published:
                profiles = self._ledger.profiles(monitor, Span(window.start, window.start + 1))
                self._hot.put_profiles(monitor, window.start, profiles, ttl_s)
                published[window.start] = window.revision
        self._hot.put_newest(monitor, newest, ttl_s)


class LatestWindows:
    """May be asked by any thread, a few at a time.

    hot         : None where there is none that the keeper publishes to.
    open_ledger : called for each reading that the hot tier cannot answer whole.
    """

    def __init__(self, hot: HotTier | None, open_ledger: Callable[[], AbstractContextManager[Ledger]]) -> None:
        self._hot = HotWindows(hot)
        self._open_ledger = open_ledger
        self._turns = threading.BoundedSemaphore(_READERS)

    def read(self, monitor: str, last: int) -> Sequence[ReadProfile]:
        """Profiles of the newest windows, at most `last` and LATEST_WINDOWS of them, newest first; none, where no
        window has closed. RetryLater when neither tier answers, or when others are being read already.
        """
        if not self._turns.acquire(blocking=False):
            raise RetryLater("windows are being read for others; try again in a second")
        try:
            with ExitStack() as opened:
                ledger = cache(lambda: opened.enter_context(self._open_ledger()))
                windows = self._newest(monitor, ledger)[:last]
                return [read for window in windows for read in self._read_window(monitor, window, ledger)]
        finally:
            self._turns.release()

    def _newest(self, monitor: str, ledger: Callable[[], Ledger]) -> Sequence[WindowRevision]:
        found = self._hot.newest(monitor)
        if found is None:
            found = ledger().newest_windows(monitor, LATEST_WINDOWS)
            with suppress(RetryLater):
                self._hot.put_newest(monitor, found, _PUT_BACK_S)
        return found

    def _read_window(self, monitor: str, window: WindowRevision, ledger: Callable[[], Ledger]) -> Sequence[ReadProfile]:
        """From the hot tier if it has this revision or a later one, and all of it can be read."""
        hot = [_decoded(each) for each in self._hot.profiles(monitor, window.start) or ()]
        if hot and all(each.profile is not None and each.stored.revision >= window.revision for each in hot):
            return hot
        stored = ledger().profiles(monitor, Span(window.start, window.start + 1))
        with suppress(RetryLater):
            self._hot.put_profiles(monitor, window.start, stored, _PUT_BACK_S)
        return [_decoded(each) for each in stored]


def _decoded(stored: StoredProfile) -> ReadProfile:
    try:
        return ReadProfile(stored, decode_kept([stored])[child_of(stored)].whole)
    except CorruptEntry as error:
        _log.error("a profile cannot be read: %s", error)
        return ReadProfile(stored, None)
