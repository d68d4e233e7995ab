"""A state folder belongs to one exporter at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from exporter.errors import InvalidSettings

_LOCK = "lock"


def own_state(state: Path) -> int:
    """Takes the folder for as long as this process lives, not its children; InvalidSettings when another has it."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = os.open(state / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        message = f"--state {state}: cannot be written to: {error.strerror}; name another folder"
        raise InvalidSettings(message) from error
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        message = f"--state {state}: another exporter is using it; stop it, or name another folder"
        raise InvalidSettings(message) from error
    return lock
