"""Duties that one process on this machine has at a time; the kernel frees those of a process that ends."""

from __future__ import annotations

import fcntl
import hashlib
from contextlib import suppress
from pathlib import Path
from typing import IO


class Duties:
    """A lock on a file for each duty that is held."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._held: dict[str, IO[str]] = {}

    def take(self, duty: str) -> bool:
        """Whether this object holds it from now on."""
        if duty in self._held:
            return True
        name = hashlib.sha256(duty.encode()).hexdigest()[:16]
        lock = (self._directory / f"duty-{name}.lock").open("w")
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._held[duty] = lock
            return True
        lock.close()
        return False

    def close(self) -> None:
        """Lets go of all of them."""
        for lock in self._held.values():
            lock.close()
        self._held.clear()
