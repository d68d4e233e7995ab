"""Where an ingest process writes what it has admitted, before it tells the sender so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from exporter.archive.entry import Entry

WhenKept = Callable[[Exception | None], object]
"""Told once: None when the entry is kept for good, else why it is not (or why nobody knows)."""


class Journal(Protocol):
    """Keeps entries in the order in which they were given. One thread calls it; it never blocks."""

    def append(self, entry: Entry, when_kept: WhenKept) -> None:
        """Takes an entry; `when_kept` is called from another thread, in order. RetryLater when there is no room."""

    @property
    def failure(self) -> Exception | None:
        """Why it keeps nothing any more; the process must end. None while all is well."""

    def close(self) -> None:
        """Keeps what it has taken, then lets go of everything."""


def wait_until_kept(keep: Callable[[WhenKept], None]) -> None:
    """Calls `keep` and waits until what it keeps is kept; raises why it is not."""
    settled = threading.Event()
    errors: list[Exception] = []

    def settle(error: Exception | None) -> None:
        if error is not None:
            errors.append(error)
        settled.set()

    keep(settle)
    settled.wait()
    if errors:
        raise errors[0]
