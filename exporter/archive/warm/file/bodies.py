"""Rows as bytes: compressed Arrow streams of one batch."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa


class DamagedBody(Exception):
    """Bytes that are not what was written; `WarmFile` says where, and what to do."""


_WRITE = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)


def encode_rows(rows: pa.RecordBatch) -> memoryview:
    """The bytes of a batch; `decode_rows` needs nothing else to read it."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=_WRITE) as writer:
        writer.write_batch(rows)
    return memoryview(sink.getvalue())


def decode_rows(body: bytes, columns: Sequence[int] | None = None) -> pa.RecordBatch:
    """The batch, or only its columns at these places; DamagedBody when these bytes are none."""
    options = pa.ipc.IpcReadOptions(included_fields=columns, use_threads=False)
    try:
        with pa.ipc.open_stream(pa.py_buffer(body), options=options) as reader:
            return reader.read_next_batch()
    except (pa.ArrowException, OSError, StopIteration) as error:
        raise DamagedBody(f"rows of {len(body)} bytes cannot be read: {error}") from error
