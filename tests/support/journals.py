"""A journal that keeps entries when a test says so."""

from __future__ import annotations

from exporter.archive.entry import Entry
from exporter.archive.journal import WhenKept
from exporter.errors import RetryLater


class HeldJournal:
    """Holds every entry until `release`; refuses them while `is_full`."""

    def __init__(self) -> None:
        self.kept: list[Entry] = []
        self.is_full = False
        self.is_held = False
        self._held: list[tuple[Entry, WhenKept]] = []

    def append(self, entry: Entry, when_kept: WhenKept) -> None:
        if self.is_full:
            raise RetryLater("full")
        self._held.append((entry, when_kept))
        if not self.is_held:
            self.release()

    def release(self) -> None:
        """Keeps what is held, in order."""
        held, self._held = self._held, []
        for entry, when_kept in held:
            self.kept.append(entry)
            when_kept(None)

    def fail(self, error: Exception) -> None:
        """Keeps nothing of what is held."""
        held, self._held = self._held, []
        for _, when_kept in held:
            when_kept(error)

    @property
    def failure(self) -> Exception | None:
        return None

    def close(self) -> None:
        self.release()
