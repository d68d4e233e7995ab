"""What the profiles in the ledger were built from, remembered, so that comparing does not read them all each time."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporter.archive.kept_profiles import KeptWindow, child_of, decode_kept, is_moved, rows_in_warm
from exporter.archive.ledger import Ledger
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry
from exporter.window.children import Child

WINDOWS_A_LOOK = 50

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """The profiles of one monitor and window.

    revision       : 0 where there are none.
    rows, labelled : what the side counts are if nothing has come since.
    is_measured    : whether the measurements of this revision have been stored.
    is_doubtful    : whether equal counts may be those of other rows: what is late now may have come after what was
                     late then had left.
    is_unreadable  : whether one of them cannot be read, so that none can be revised.
    """

    revision: int = 0
    rows: int = 0
    labelled: int = 0
    is_measured: bool = True
    is_doubtful: bool = False
    is_unreadable: bool = False


class ProfileIndex:
    """Belongs to the one process that keeps profiles, and is forgotten when another has taken over."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._windows: dict[tuple[str, int], KnownWindow] = {}
        self._children: dict[str, dict[Child, None]] = {}
        self.is_behind = False
        """Whether there are windows that it has not looked at yet."""

    def learn(self, windows: Sequence[tuple[str, int]]) -> None:
        """Looks at windows (monitor, start) that it does not know, some at a time, and forgets those not named."""
        unknown = [window for window in windows if window not in self._windows]
        self._windows = {window: self._windows[window] for window in windows if window in self._windows}
        for window in unknown[:WINDOWS_A_LOOK]:
            self._windows[window] = self._look(*window)
        self.is_behind = len(unknown) > WINDOWS_A_LOOK

    def get(self, monitor: str, start: int) -> KnownWindow | None:
        """None where it has not been looked at."""
        return self._windows.get((monitor, start))

    def children(self, monitor: str) -> Iterable[Child]:
        """The model versions and segments that have had a profile, in the order in which they were seen."""
        return tuple(self._children.get(monitor, ()))

    def set(self, monitor: str, start: int, revision: int, kept: KeptWindow) -> None:
        """Notes what has been stored and measured."""
        self._windows[monitor, start] = KnownWindow(revision, *rows_in_warm(kept))
        self._children.setdefault(monitor, {}).update(dict.fromkeys(kept))

    def set_unreadable(self, monitor: str, start: int) -> None:
        """Notes that its profiles cannot be brought up to date."""
        self._windows[monitor, start] = KnownWindow(is_unreadable=True)

    def forget_window(self, monitor: str, start: int) -> None:
        """To be looked at again."""
        self._windows.pop((monitor, start), None)

    def forget(self) -> None:
        """Everything is to be looked at again."""
        self._windows.clear()

    def _look(self, monitor: str, start: int) -> KnownWindow:
        span = Span(start, start + 1)
        profiles = self._ledger.profiles(monitor, span)
        if not profiles:
            return KnownWindow()
        self._children.setdefault(monitor, {}).update({child_of(profile): None for profile in profiles})
        revision = max(profile.revision for profile in profiles)
        measured = {measurement.revision for measurement in self._ledger.measurements(monitor, span)}
        try:
            kept = decode_kept(profiles)
        except CorruptEntry as error:
            _log.error("a profile is left as it is, and is not revised: %s", error)
            return KnownWindow(is_unreadable=True)
        return KnownWindow(revision, *rows_in_warm(kept), revision in measured, is_moved(kept))
