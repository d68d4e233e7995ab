"""Rows of the tables back in the archive's form, a few thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Copy, sql

from exporter.archive.schema import TIME
from exporter.archive.warm.postgres_connection import PatientConnection
from exporter.archive.warm.postgres_decoding import CopiedRows, as_array, rows_of
from exporter.archive.warm.postgres_encoding import FLOAT8, INT4, INT8, TRAILER
from exporter.archive.warm.postgres_names import RowLayout, ValueType
from exporter.archive.warm.postgres_rows import POSTGRES_EPOCH_US
from exporter.archive.warm.postgres_shape import OUTCOMES, RowShape

_CHUNK_ROWS = 8_192
_CHUNK_BYTES = 8 << 20

_NAMED = ("monitor", "source", "origin")
_TIMES = ("time", "received_at", "label_time")


def copied_batches(
    connection: PatientConnection, shape: RowShape, rest: sql.Composable, tables: Mapping[str, str] | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of `SELECT … <rest>`; the transaction must see one snapshot. Memory is that of a chunk.

    rest   : `FROM …`, in which the table of the rows is called r.
    tables : columns → alias of the table that they are taken from, where it is another.
    """
    names = NameTable(connection)
    columns = [sql.Identifier((tables or {}).get(name, "r"), name) for name in shape.wire_columns()]
    query = sql.SQL("COPY (SELECT {} {}) TO STDOUT (FORMAT binary)").format(sql.SQL(", ").join(columns), rest)
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        messages: list[bytes] = []
        size_bytes = 0
        for message in _messages(connection, copy):
            messages.append(message)
            size_bytes += len(message)
            if len(messages) >= _CHUNK_ROWS or size_bytes >= _CHUNK_BYTES:
                yield from _decoded(messages, shape, names)
                messages, size_bytes = [], 0
        yield from _decoded(messages, shape, names)


def _messages(connection: PatientConnection, copy: Copy) -> Iterator[bytes]:
    """One for each row; those that have come already are taken without the ceremony of waiting for them.

    What follows the trailer is left to psycopg, which then knows that the command has ended.
    """
    get = connection.pgconn.get_copy_data
    while waited_for := bytes(copy.read()):
        yield waited_for
        size, message = (0, TRAILER) if waited_for.endswith(TRAILER) else get(1)
        while size > 0 and message != TRAILER:
            yield bytes(message)
            size, message = get(1)


class NameTable:
    """Every name by its number, as one snapshot of the database sees them."""

    def __init__(self, connection: PatientConnection) -> None:
        rows = connection.execute("SELECT id, name FROM infranaut.names ORDER BY id").fetchall()
        self._numbers = np.array([number for number, _ in rows], np.int64)
        self._names = pa.array([name for _, name in rows], pa.string())

    def of(self, numbers: Any) -> Any:
        """An Arrow array of the names of int[n]."""
        return self._names.take(pa.array(np.searchsorted(self._numbers, numbers)))


def _decoded(messages: list[bytes], shape: RowShape, names: NameTable) -> Iterator[pa.RecordBatch]:
    """A batch for each layout among the rows."""
    data, starts = rows_of(messages)
    if not len(starts):
        return
    layouts, _ = CopiedRows(data, starts).number(INT4)
    for number in np.unique(layouts):
        yield _batch(CopiedRows(data, starts[layouts == number]), shape, shape.layouts[int(number)], names)


def _batch(rows: CopiedRows, shape: RowShape, layout: RowLayout, names: NameTable) -> pa.RecordBatch:
    read: dict[str, Any] = {}
    for name in shape.wire_columns():
        if name == "numbers":
            features = layout.names(ValueType.NUMBER)
            read |= zip(features, rows.numbers(len(features)), strict=True)
        elif name == "categories":
            features = layout.names(ValueType.CATEGORY)
            read |= zip(features, rows.texts(len(features)), strict=True)
        else:
            read[name] = _event_column(rows, name, names)
    count = len(read["layout"])
    return pa.RecordBatch.from_arrays([_column(read, field, count) for field in shape.schema], schema=shape.schema)


def _event_column(rows: CopiedRows, name: str, names: NameTable) -> Any:
    if name in _NAMED:
        return names.of(rows.number(INT4)[0])
    if name in _TIMES:
        values, is_present = rows.number(INT8)
        return as_array(values + POSTGRES_EPOCH_US, is_present).cast(TIME)
    if name == "sequence":
        return as_array(*rows.number(INT8))
    if name == "layout":
        return rows.number(INT4)[0]
    if name in OUTCOMES or name == "latency_seconds":
        return as_array(*rows.number(FLOAT8))
    return rows.text(pa.binary() if name == "raw" else pa.string())


def _column(read: Mapping[str, Any], field: pa.Field, count: int) -> Any:
    """One column of the batch, of the type that it has in all batches."""
    name = field.name
    if name not in read:
        return pa.nulls(count, field.type)
    if name == "id" and read["long_id"].null_count < count:
        return pc.coalesce(read["long_id"], read["id"])
    if name in OUTCOMES and field.type == pa.string():
        return pc.coalesce(read[f"{name}_class"], read[name].cast(pa.string()))
    return read[name] if read[name].type == field.type else read[name].cast(field.type)
