"""Lets processes that write to one file take turns, in the order in which they came; SQLite's own lock knows no order.

Whoever waits for the file holds the place behind it: a process that has just written must get that place first, so it
cannot take the file again before the one that waits. The kernel frees both when their holder ends.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from exporter.errors import RetryLater

_LOOK_EVERY_S = 0.001


class Turns:
    """Whose turn it is to write to the file of a folder.

    patience_s : how long a turn is waited for before it is RetryLater.
    """

    def __init__(self, directory: Path, patience_s: float) -> None:
        self._directory = directory
        self._patience_s = patience_s
        self._next = (directory / "next.lock").open("w")
        self._writing = (directory / "writing.lock").open("w")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The file is this one's to write to."""
        deadline_s = time.monotonic() + self._patience_s
        self._take(self._next, deadline_s)
        try:
            self._take(self._writing, deadline_s)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._writing, fcntl.LOCK_UN)

    def close(self) -> None:
        self._next.close()
        self._writing.close()

    def _take(self, lock: IO[str], deadline_s: float) -> None:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    raise RetryLater(
                        f"{self._directory}: other processes have been writing to the warm tier for"
                        f" {self._patience_s:g} s"
                    ) from None
                time.sleep(_LOOK_EVERY_S)
            else:
                return
