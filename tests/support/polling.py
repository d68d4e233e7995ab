"""Waiting for something to come true, with a deadline instead of a fixed sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(get: Callable[[], T | None], deadline_s: float, what: str) -> T:
    """The first true value of `get`, asked every 50 ms; AssertionError with `what` and the last one at the deadline."""
    end_s = time.monotonic() + deadline_s
    while not (value := get()):
        if time.monotonic() > end_s:
            raise AssertionError(f"{what}: not within {deadline_s:g} s; last seen: {value!r}")
        time.sleep(0.05)
    return value
