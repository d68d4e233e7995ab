"""Dead letters as rows of the archive."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pyarrow as pa

from exporter.archive.dead_letters import DeadLetter
from exporter.archive.entry import Entry, Kind
from exporter.archive.schema import DEAD_LETTER_SCHEMA


def dead_letter_entry(letters: Sequence[DeadLetter], received_at: float) -> Entry:
    """The entry of the rejects of one body, at least one."""
    first = letters[0]
    columns = [
        [str(letter.position) for letter in letters],
        [round(received_at * 1e6)] * len(letters),
        [letter.reason for letter in letters],
        [letter.detail for letter in letters],
        [letter.kind for letter in letters],
        [_raw(letter) for letter in letters],
    ]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, DEAD_LETTER_SCHEMA, strict=True)]
    rows = pa.RecordBatch.from_arrays(arrays, schema=DEAD_LETTER_SCHEMA)
    return Entry(first.monitor, Kind.DEAD_LETTERS, first.source, received_at, rows)


def _raw(letter: DeadLetter) -> bytes | None:
    if letter.raw is not None:
        return letter.raw.encode()
    return None if letter.raw_base64 is None else base64.b64decode(letter.raw_base64)
