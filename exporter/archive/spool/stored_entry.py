"""An entry as it stands in a spool."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry's bytes, its number, and the name of the spool file that it stands in."""

    sequence: int
    payload: bytes
    file: str
