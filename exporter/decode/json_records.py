"""The careful path: records of JSON one at a time, so that a bad one costs no other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from exporter.batch import Reject
from exporter.decode.json_columns import JsonColumns
from exporter.decode.json_events import JsonEvents
from exporter.decode.json_faults import OUT_OF_RANGE, explain, too_long
from exporter.decode.reading import RECORD_LIMIT_BYTES

TOGETHER_BYTES = 1 << 16
"""So much text is held as Python objects at a time, which may take 20 times as much."""

REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that it cannot read."""


def add_carefully(
    records: Iterable[tuple[int, memoryview]], events: JsonEvents, columns: JsonColumns, rejects: list[Reject]
) -> None:
    """Adds the records (with their positions) that can be read, and sets aside the others."""
    read: list[Any] = []
    size_bytes = 0
    for position, record in records:
        if len(record) > RECORD_LIMIT_BYTES:
            rejects.append(too_long(position, bytes(record[:RECORD_LIMIT_BYTES]), len(record)))
            continue
        try:
            read.append(_read(record, events))
        except REFUSALS as error:
            rejects.append(explain(position, bytes(record), error))
        size_bytes += len(record)
        if size_bytes >= TOGETHER_BYTES:
            columns.add(read, events.sources, is_strict=False)
            read, size_bytes = [], 0
    columns.add(read, events.sources, is_strict=False)


def _read(record: memoryview, events: JsonEvents) -> Any:
    try:
        return events.loose.decode(record)
    except msgspec.ValidationError as error:
        if OUT_OF_RANGE not in str(error):
            raise
    return events.patient.decode(record)
