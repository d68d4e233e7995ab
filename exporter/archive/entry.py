"""What is archived at once: the rows that one body brought, as bytes that tell everything about themselves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec
import pyarrow as pa

from exporter.errors import CorruptEntry


class Kind(StrEnum):
    """What rows are; each kind has a schema and a table of its own (`exporter.archive.schema`)."""

    PREDICTIONS = "predictions"
    LABELS = "labels"
    DEAD_LETTERS = "dead_letters"


@dataclass(frozen=True, slots=True)
class Entry:
    """Rows of one monitor that are kept, or not, as one.

    source      : what brought them, as in the label `source`.
    received_at : seconds since the epoch.
    rows        : in the archive's form, without the columns of `exporter.archive.schema.PROVENANCE`.
    """

    monitor: str
    kind: Kind
    source: str
    received_at: float
    rows: pa.RecordBatch


@dataclass(frozen=True, slots=True)
class SequencedEntry:
    """An entry with its number in its origin; numbers grow and are never used twice, but some may be left out."""

    sequence: int
    entry: Entry


class _Header(msgspec.Struct, array_like=True):
    monitor: str
    kind: str
    source: str
    received_at: float


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Header)
_LENGTH_BYTES = 4


def encode_entry(entry: Entry) -> bytes:
    """A header, and the rows as an Arrow IPC stream; `decode_entry` needs nothing else to read it."""
    header = _ENCODER.encode(_Header(entry.monitor, entry.kind.value, entry.source, entry.received_at))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, entry.rows.schema) as writer:
        writer.write_batch(entry.rows)
    return b"".join((len(header).to_bytes(_LENGTH_BYTES, "little"), header, sink.getvalue()))


def decode_entry(payload: bytes) -> Entry:
    """The entry that was encoded; CorruptEntry when these bytes are none."""
    try:
        body = _LENGTH_BYTES + int.from_bytes(payload[:_LENGTH_BYTES], "little")
        header = _DECODER.decode(payload[_LENGTH_BYTES:body])
        with pa.ipc.open_stream(pa.py_buffer(payload)[body:]) as reader:
            rows = reader.read_next_batch()
        return Entry(header.monitor, Kind(header.kind), header.source, header.received_at, rows)
    except (msgspec.MsgspecError, pa.ArrowException, StopIteration, ValueError) as error:
        raise CorruptEntry(f"an archived entry of {len(payload)} bytes cannot be read: {error}") from error
