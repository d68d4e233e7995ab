"""What simulated senders send: bodies of a few predictions, as bytes that tell which body and attempt they are."""

from __future__ import annotations

import re
from functools import lru_cache

import pyarrow as pa

from exporter.archive.entry import Entry, Kind
from exporter.errors import CorruptEntry

_PAYLOAD = re.compile(rb"<(\d+)/(\d+)>(#*)")
_LONGEST_PADDING = 90


def payload_of(number: int, attempt: int) -> bytes:
    """The spool's entry for one attempt to send a body; lengths differ from body to body."""
    padding = number * 37 % _LONGEST_PADDING if number % 3 else 0
    return b"<%d/%d>%s" % (number, attempt, b"#" * padding)


def decode_body(payload: bytes) -> Entry:
    """As `decode_entry`, for these."""
    found = _PAYLOAD.fullmatch(payload)
    if found is None or payload != payload_of(int(found[1]), int(found[2])):
        raise CorruptEntry(f"{payload!r} is no body")
    return _entry_of(int(found[1]))


@lru_cache(maxsize=4096)
def ids_of(number: int) -> list[str]:
    """The ids of a body's rows."""
    return [f"{number}.{row}" for row in range(1 + number % 3)]


def number_of(entry: Entry) -> int:
    """Which body an entry is."""
    return int(entry.received_at)


@lru_cache(maxsize=4096)
def _entry_of(number: int) -> Entry:
    rows = pa.RecordBatch.from_pydict({"id": pa.array(ids_of(number))})
    return Entry("credit", Kind.PREDICTIONS, "http", float(number), rows)
