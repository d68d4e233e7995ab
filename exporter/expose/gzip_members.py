"""Compresses an exposition in pieces that are kept: gzip members may follow one another (RFC 1952, 2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import is_
from typing import NamedTuple

from isal import igzip

_LEVEL = 1
SERIES_PER_MEMBER = 256
"""Smaller pieces are gathered up to this many series. Series, not bytes: their number hardly ever changes, so the
boundaries stay where they are when a value gains a digit."""


PieceKey = tuple[str, str]
"""A family's name, and an owner."""


class PackedText:
    """Text that is hardly ever read, compressed until it is: `bytes(packed)`."""

    __slots__ = ("_compressed",)

    def __init__(self, text: bytes) -> None:
        self._compressed = igzip.compress(text, _LEVEL)

    def __bytes__(self) -> bytes:
        text: bytes = igzip.decompress(self._compressed)  # type: ignore[no-untyped-call]  # not annotated
        return text


Text = bytes | PackedText


class Piece(NamedTuple):
    """Consecutive lines; unchanged text is the same object at the next scrape."""

    key: PieceKey
    text: Text
    series: int


@dataclass(frozen=True, slots=True)
class _Member:
    texts: tuple[Text, ...]
    compressed: bytes


class GzipMembers:
    """Keeps the members of the last scrape. Not thread-safe."""

    def __init__(self) -> None:
        self._members: dict[PieceKey, _Member] = {}
        self.compressions = 0

    def compress(self, pieces: Sequence[Piece]) -> bytes:
        """A gzip stream of all pieces in order; a member is made again only when a piece in it is another object."""
        members: dict[PieceKey, _Member] = {}
        for group in _groups(pieces):
            key = group[0].key
            texts = tuple(piece.text for piece in group)
            kept = self._members.get(key)
            if kept is None or len(kept.texts) != len(texts) or not all(map(is_, kept.texts, texts)):
                kept = _Member(texts, igzip.compress(b"".join(map(bytes, texts)), _LEVEL, mtime=0))
                self.compressions += 1
            members[key] = kept
        self._members = members
        return b"".join(member.compressed for member in members.values())


def _groups(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    group: list[Piece] = []
    series = 0
    for piece in pieces:
        group.append(piece)
        series += piece.series
        if series >= SERIES_PER_MEMBER:
            yield group
            group, series = [], 0
    if group:
        yield group
