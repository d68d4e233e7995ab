"""Finds the elements of a JSON array without reading them, so that each can be read alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exporter.batch import Booleans, Integers, Reason
from exporter.errors import RejectedPayload

SIZE_LIMIT_BYTES = 16 << 20
"""Finding elements takes up to 30 times the body's size in memory."""

_QUOTE, _BACKSLASH, _COMMA = b'"\\,'
_OPENING, _CLOSING = b"[{", b"]}"


@dataclass(frozen=True, slots=True)
class Elements:
    """The bytes from starts[i] to ends[i] hold element i, with the white space around it."""

    starts: Integers
    ends: Integers

    def __len__(self) -> int:
        return len(self.starts)


def find_elements(body: bytes) -> Elements:
    """The elements of the array that is the body; RejectedPayload when its brackets or quotes do not match."""
    if len(body) > SIZE_LIMIT_BYTES:
        raise _malformed(
            f"one of its elements is malformed, and it is too large to look for it (over {SIZE_LIMIT_BYTES:,} bytes);"
            " send NDJSON, where a bad record costs no other"
        )
    characters = np.frombuffer(body, dtype=np.uint8)
    is_open, is_close = np.isin(characters, list(_OPENING)), np.isin(characters, list(_CLOSING))
    is_structure = (is_open | is_close | (characters == _COMMA)) & ~_inside_text(characters)
    places = np.flatnonzero(is_structure)
    depths = np.cumsum(is_open[places].astype(np.int8) - is_close[places].astype(np.int8), dtype=np.int32)
    closed = np.flatnonzero(depths == 0)
    if not len(closed):
        raise _malformed("the array does not end: a bracket, a brace or a quote is left open")
    last = places[closed[0]]
    if body[last + 1 :].strip():
        raise _malformed(f"the array ends at byte {last}, and something follows it")
    cuts = places[(depths == 1) & (characters[places] == _COMMA)]
    cuts = cuts[cuts < last]
    starts = np.concatenate([places[:1] + 1, cuts + 1])
    ends = np.append(cuts, last)
    if len(starts) == 1 and not body[starts[0] : ends[0]].strip():
        starts, ends = starts[:0], ends[:0]
    return Elements(starts, ends)


def _inside_text(characters: npt.NDArray[np.uint8]) -> Booleans:
    """bool[n]: whether a character is part of a text, its opening quote included."""
    quotes = characters == _QUOTE
    slashes = np.flatnonzero(characters == _BACKSLASH)
    if len(slashes):
        breaks = np.flatnonzero(np.diff(slashes) != 1)
        first, last = slashes[np.append(0, breaks + 1)], slashes[np.append(breaks, len(slashes) - 1)]
        escaped = last[(last - first) % 2 == 0] + 1
        quotes[escaped[escaped < len(quotes)]] = False
    inside: Booleans = np.logical_xor.accumulate(quotes)
    return inside


def _malformed(detail: str) -> RejectedPayload:
    return RejectedPayload(Reason.MALFORMED, f"the body is no array of JSON objects: {detail}")
