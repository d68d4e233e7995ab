"""What every source of bytes can do: give the next ones, say how far it is, be told how far is safe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

Positions = Mapping[str, str | int]
"""How far a source has been read, in its own terms; small, and made of JSON values only."""

NDJSON = "application/x-ndjson"
CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole records, as a decoder takes them.

    body       : the records; of CSV, the header first.
    media_type : `application/x-ndjson` or `text/csv`.
    start, end : bytes [start, end) of the source that the records come from.
    """

    body: bytes
    media_type: str
    start: int
    end: int


class Source(Protocol):
    """A source of records; one owner, one thread.

    Delivery is at least once: after a crash, `poll` gives again what was polled and never committed. A record is
    never split between two chunks, unless it is longer than the source allows.
    """

    def poll(self) -> Chunk | None:
        """The next records, in the order of the source, or None when there are none now. Never blocks.

        SourceUnavailable: nothing was taken, poll again later. SourceUnusable: polling again will not help.
        """

    def positions(self) -> Positions:
        """How far `poll` has read: what to commit once everything polled so far is safe."""

    def commit(self, positions: Positions) -> None:
        """Remembers that everything up to `positions` is safe. Idempotent; survives a crash once it returned."""

    def is_finished(self) -> bool:
        """Whether `poll` will never give anything again."""

    def close(self) -> None:
        """Lets go of what the source holds; commits nothing. Idempotent."""
