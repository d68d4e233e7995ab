"""A JSON array of objects, or one object."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from exporter.batch import Decoded, Integers, RawRecords, Reason, Reject
from exporter.decode.acceptance import accept
from exporter.decode.json_columns import JsonColumns
from exporter.decode.json_elements import Elements, find_elements
from exporter.decode.json_events import JsonEvents, JsonEventsByOrder
from exporter.decode.json_lines import BYTE_ORDER_MARK, LINES_WORTH_ORDERING
from exporter.decode.json_records import REFUSALS, add_carefully
from exporter.decode.projection import Projection
from exporter.decode.reading import ROW_LIMIT
from exporter.errors import RejectedPayload

EVENTS_A_CHUNK = 128
_BRACES = b"{"[0]


class JsonArrayDecoder:
    """Decodes the array at once; one with anything wrong in it is cut into its elements, and these are read alone."""

    def __init__(self, projection: Projection, row_limit: int = ROW_LIMIT) -> None:
        self._projection = projection
        self._row_limit = row_limit
        self._events = JsonEventsByOrder(projection)

    def decode(self, body: bytes) -> Decoded:
        body = body.removeprefix(BYTE_ORDER_MARK).strip()
        if body[:1] == b"{":
            return self._decode_elements(body, Elements(np.array([0]), np.array([len(body)])), self._events.declared)
        if body[:1] != b"[":
            detail = "the body is empty" if not body else f"the body begins with {body[:1]!r}"
            raise RejectedPayload(Reason.MALFORMED, f"{detail}; expected an array of JSON objects, or one object")
        events = self._events_of(body)
        found = self._decode_quickly(body, events)
        if found is None:
            return self._decode_elements(body, find_elements(body), events)
        columns = JsonColumns(self._projection, len(found))
        for start in range(0, len(found), EVENTS_A_CHUNK):
            columns.add(found[start : start + EVENTS_A_CHUNK], events.sources, is_strict=True)
        return self._accept(columns, np.arange(len(found)), [], _raw_elements(body))

    def _events_of(self, body: bytes) -> JsonEvents:
        """Decoders in the order of the first element's fields, where there are elements enough to be worth it."""
        end = body.find(b"}") + 1
        is_worth_it = len(body) > end * LINES_WORTH_ORDERING
        return self._events.like(body[1:end]) if is_worth_it else self._events.declared

    def _decode_quickly(self, body: bytes, events: JsonEvents) -> list[Any] | None:
        """The events; None when it takes more care. At most as many are built as the body has opening braces."""
        if np.count_nonzero(np.frombuffer(body, dtype=np.uint8) == _BRACES) > self._row_limit:
            raise self._too_many()
        try:
            return events.strict_array.decode(body)  # type: ignore[no-any-return]  # a list of a type made at run time
        except REFUSALS:
            return None

    def _decode_elements(self, body: bytes, elements: Elements, events: JsonEvents) -> Decoded:
        if len(elements) > self._row_limit:
            raise self._too_many()
        columns, rejects = JsonColumns(self._projection, len(elements)), list[Reject]()
        view = memoryview(body)
        spans = zip(elements.starts.tolist(), elements.ends.tolist(), strict=True)
        records = ((position, view[start:end]) for position, (start, end) in enumerate(spans))
        add_carefully(records, events, columns, rejects)
        positions = np.delete(np.arange(len(elements)), [reject.position for reject in rejects])
        return self._accept(columns, positions, rejects, lambda position: _record(body, elements, position))

    def _accept(
        self, columns: JsonColumns, positions: Integers, rejects: list[Reject], raw: Callable[[int], bytes]
    ) -> Decoded:
        return accept(self._projection, columns.readings(), positions, rejects, RawRecords(raw))

    def _too_many(self) -> RejectedPayload:
        return RejectedPayload(Reason.TOO_LARGE, f"more than {self._row_limit:,} objects in the body", status=413)


def _raw_elements(body: bytes) -> Callable[[int], bytes]:
    """Finds the elements of a sound array when the first of them is asked for."""
    elements = cache(lambda: find_elements(body))
    return lambda position: _record(body, elements(), position)


def _record(body: bytes, elements: Elements, position: int) -> bytes:
    return body[elements.starts[position] : elements.ends[position]].strip()
