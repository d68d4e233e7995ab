"""Loopback addresses for servers that a test starts."""

from __future__ import annotations

import contextlib
import random
import socket

_TRIES = 200
_LOWEST, _HIGHEST = 10_000, 32_000
"""Below what Linux takes for outgoing connections, one of which could hold the port while its server is down."""


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listened on a moment ago."""
    rng = random.SystemRandom()
    for _ in range(_TRIES):
        port = rng.randrange(_LOWEST, _HIGHEST)
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"no free port in {_TRIES} tries between {_LOWEST} and {_HIGHEST}")
