"""Signals that end a command in order: what it started and wrote is cleaned up before it is gone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SignalHandler = Callable[[int, FrameType | None], None] | signal.Handlers


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """SIGTERM and SIGINT raise KeyboardInterrupt inside the block, so that it is left in order."""
    with handling_signals(_interrupt):
        yield


@contextmanager
def handling_signals(handler: SignalHandler) -> Iterator[None]:
    """SIGTERM and SIGINT are handled so inside the block, and as before after it."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)
