"""Turns the first Ctrl-C into a wish to stop, so that the batch under way is still answered and counted."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

INTERRUPTED = 130
"""The exit code of a command that a person ended."""


class Interruption:
    """Whether a person asked to stop; its pauses end early then."""

    def __init__(self) -> None:
        self._asked = Event()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        self._asked.set()

    def pause(self, seconds: float) -> None:
        """Waits; returns at once when it was asked to stop."""
        self._asked.wait(seconds)

    @contextmanager
    def by_signal(self) -> Iterator[None]:
        """SIGINT and SIGTERM ask to stop; a second one stops at once. Main thread only."""

        def handle(number: int, frame: FrameType | None) -> None:
            if self.is_asked:
                signal.default_int_handler(number, frame)
            self.ask()

        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
