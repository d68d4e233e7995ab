"""NDJSON: one JSON object a line."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from exporter.batch import Decoded, Integers, RawRecords, Reason, Reject
from exporter.decode.acceptance import accept
from exporter.decode.json_columns import JsonColumns
from exporter.decode.json_events import JsonEvents, JsonEventsByOrder
from exporter.decode.json_records import REFUSALS, add_carefully
from exporter.decode.projection import Projection
from exporter.decode.reading import RECORD_LIMIT_BYTES, ROW_LIMIT
from exporter.errors import RejectedPayload

CHUNK_BYTES = 96 << 10
"""Events are decoded and turned into columns this much at a time: more leaves the cache, less pays for calls."""

LINES_WORTH_ORDERING = 256

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NEWLINE, _OPEN, _CLOSE = b"\n{}"


class JsonLinesDecoder:
    """Decodes a chunk of lines at a time; a chunk with anything wrong in it is read again line by line.

    A line that is exactly one object is told without parsing it: it begins with `{` and ends with `}`, and the chunk
    holds as many objects as lines. (An object left open by such a line cannot go on with the `{` of the next.)
    So rows are lines, also where several senders' lines were put together into one body.
    """

    def __init__(self, projection: Projection, row_limit: int = ROW_LIMIT) -> None:
        self._projection = projection
        self._row_limit = row_limit
        self._events = JsonEventsByOrder(projection)

    def decode(self, body: bytes) -> Decoded:
        body = body.removeprefix(BYTE_ORDER_MARK)
        if b"\r" in body:
            body = body.replace(b"\r\n", b"\n")
        lines = _Lines(body, self._row_limit)
        events = self._events.declared
        if len(lines) >= LINES_WORTH_ORDERING:
            events = self._events.like(lines[0])
        columns, rejects = JsonColumns(self._projection, len(lines)), list[Reject]()
        for start, stop in lines.chunks():
            if not _add_quickly(lines, start, stop, events, columns):
                records = ((position, lines.view(position, position + 1)) for position in range(start, stop))
                add_carefully(records, events, columns, rejects)
        positions = np.arange(len(lines))
        if rejects:
            positions = np.delete(positions, [reject.position for reject in rejects])
        return accept(self._projection, columns.readings(), positions, rejects, RawRecords(lines.__getitem__))


def _add_quickly(lines: _Lines, start: int, stop: int, events: JsonEvents, columns: JsonColumns) -> bool:
    """Adds a chunk of lines, or says that it takes more care."""
    if not lines.is_tidy[start:stop].all():
        return False
    try:
        found = events.strict.decode_lines(lines.view(start, stop))
    except REFUSALS:
        return False
    if len(found) != stop - start:
        return False
    columns.add(found, events.sources, is_strict=True)
    return True


class _Lines:
    """Where the lines of a body begin and end; those of nothing but white space are none.

    is_tidy : bool[n], lines that begin with `{`, end with `}` and are not too long.
    """

    def __init__(self, body: bytes, limit: int) -> None:
        self._body = body
        self._view = memoryview(body)
        characters = np.frombuffer(body, dtype=np.uint8)
        ends = np.append(_newlines(characters, limit), len(body))
        starts = np.empty_like(ends)
        starts[0] = 0
        starts[1:] = ends[:-1] + 1
        if not (ends > starts).all():
            starts, ends = starts[ends > starts], ends[ends > starts]
        tidy = (characters[starts] == _OPEN) & (characters[ends - 1] == _CLOSE)
        if not tidy.all():
            blank = [line for line in np.flatnonzero(~tidy) if body[starts[line] : ends[line]].isspace()]
            starts, ends, tidy = np.delete(starts, blank), np.delete(ends, blank), np.delete(tidy, blank)
        self.is_tidy = tidy & (ends - starts <= RECORD_LIMIT_BYTES)
        self._starts, self._ends = starts, ends

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, position: int) -> bytes:
        return bytes(self.view(position, position + 1))

    def view(self, start: int, stop: int) -> memoryview:
        return self._view[self._starts[start] : self._ends[stop - 1]]

    def chunks(self) -> list[tuple[int, int]]:
        """Runs of lines of about CHUNK_BYTES each."""
        marks = np.searchsorted(self._starts, np.arange(0, len(self._body), CHUNK_BYTES))
        return list(pairwise(np.unique([0, *marks, len(self)]).tolist()))


def _newlines(characters: npt.NDArray[np.uint8], limit: int) -> Integers:
    """int64[n], where the newlines are; block by block, so that the comparison stays in the cache."""
    blocks, count = [np.empty(0, dtype=np.int64)], 0
    for start in range(0, len(characters), CHUNK_BYTES):
        block = np.flatnonzero(characters[start : start + CHUNK_BYTES] == _NEWLINE) + start
        blocks.append(block)
        count += len(block)
        if count > limit:
            raise RejectedPayload(Reason.TOO_LARGE, f"more than {limit:,} lines in the body", status=413)
    return np.concatenate(blocks)
