"""The rows of a monitor and kind on one UTC day, by number, as compressed chunks."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from exporter.archive.entry import Kind
from exporter.archive.warm.file.bodies import decode_rows, encode_rows
from exporter.archive.warm.file.merging import tail_to_merge
from exporter.archive.warm.file.stored_rows import conformed, microseconds, one_batch, selected, union_schema
from exporter.batch import Integers

DAY_US = 86_400 * 1_000_000

_FANOUT = 16
_FULL_CHUNK_ROWS = 4_096
_LARGEST_CHUNK_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class Partition:
    """rows: how many it has ever had; their numbers are below it."""

    number: int
    monitor: str
    kind: Kind
    day: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Chunk:
    chunk: int
    first_row: int
    rows: int
    layout: int
    first_time: int
    last_time: int


def partitions_of(connection: sqlite3.Connection, kind: Kind, monitor: str) -> list[Partition]:
    """All days of a monitor, the newest first."""
    found = connection.execute(
        "select partition, monitor, kind, day, rows from partitions where kind = ? and monitor = ? order by day desc",
        (kind.value, monitor),
    )
    return [Partition(number, name, Kind(of), day, rows) for number, name, of, day, rows in found]


def partition_for(connection: sqlite3.Connection, kind: Kind, monitor: str, day: int) -> Partition:
    """The partition of a day, made when there is none."""
    key = (kind.value, monitor, day)
    query = "select partition, rows from partitions where kind = ? and monitor = ? and day = ?"
    found = connection.execute(query, key).fetchone()
    if found is None:
        connection.execute("insert into partitions (kind, monitor, day, rows) values (?, ?, ?, 0)", key)
        found = connection.execute(query, key).fetchone()
    return Partition(found[0], monitor, kind, day, found[1])


def append_rows(connection: sqlite3.Connection, partition: Partition, rows: pa.RecordBatch) -> None:
    """Adds rows, at least one, numbered from `partition.rows` on."""
    size = math.ceil(rows.num_rows / math.ceil(rows.num_rows / _LARGEST_CHUNK_ROWS))
    for start in range(0, rows.num_rows, size):
        _write_chunk(connection, partition.number, partition.rows + start, rows.slice(start, size))
    connection.execute(
        "update partitions set rows = ? where partition = ?", (partition.rows + rows.num_rows, partition.number)
    )
    chunks = _chunks(connection, partition.number, partition.rows - 2 * _FANOUT * _FULL_CHUNK_ROWS)
    tail = tail_to_merge([chunk.rows for chunk in chunks], _FANOUT, _FULL_CHUNK_ROWS)
    if tail:
        _merge(connection, partition.number, chunks[-tail:])


def drop_rows(connection: sqlite3.Connection, partition: Partition) -> None:
    connection.execute("delete from chunks where partition = ?", (partition.number,))
    connection.execute("delete from partitions where partition = ?", (partition.number,))


def schema_of(connection: sqlite3.Connection, partitions: Sequence[Partition]) -> pa.Schema:
    """One schema for all rows of some partitions."""
    layouts: set[int] = set()
    for partition in partitions:
        query = "select distinct layout from chunks where partition = ?"
        layouts |= {layout for (layout,) in connection.execute(query, (partition.number,))}
    return union_schema(_layout(connection, layout) for layout in sorted(layouts))


def read_rows(
    connection: sqlite3.Connection,
    partition: Partition,
    schema: pa.Schema,
    start_us: int,
    end_us: int,
) -> Iterator[tuple[Integers, pa.RecordBatch]]:
    """Rows with `time` in [start, end) and their numbers, in batches with this schema; it need not have `time`."""
    for chunk in _chunks(connection, partition.number):
        if chunk.last_time < start_us or chunk.first_time >= end_us:
            continue
        numbers = np.arange(chunk.first_row, chunk.first_row + chunk.rows)
        is_whole = start_us <= chunk.first_time and chunk.last_time < end_us
        rows = _read_chunk(connection, chunk, schema.names if is_whole else [*schema.names, "time"])
        if not is_whole:
            times = microseconds(rows)
            is_within = (times >= start_us) & (times < end_us)
            rows, numbers = rows.filter(pa.array(is_within)), numbers[is_within]
        if rows.num_rows:
            yield numbers, conformed(rows, schema)


def take_rows(
    connection: sqlite3.Connection, partition: Partition, numbers: Integers, columns: Sequence[str] | None = None
) -> pa.RecordBatch:
    """The rows with these numbers, each of which must be there, in their order."""
    unique, positions = np.unique(numbers, return_inverse=True)
    chunks = _chunks(connection, partition.number)
    of_chunk = np.searchsorted([chunk.first_row for chunk in chunks], unique, side="right") - 1
    parts = []
    for index in np.unique(of_chunk):
        chunk = chunks[index]
        rows = _read_chunk(connection, chunk, columns)
        parts.append(rows.take(pa.array(unique[of_chunk == index] - chunk.first_row)))
    schema = selected(union_schema(part.schema for part in parts), columns)
    whole = pa.Table.from_batches([conformed(part, schema) for part in parts], schema)
    return one_batch(whole).take(pa.array(positions))


def newest_first(
    connection: sqlite3.Connection, partition: Partition, since_us: int
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Whole chunks with rows at or after `since`, and each one's last time, the latest first."""
    for chunk in sorted(_chunks(connection, partition.number), key=lambda chunk: -chunk.last_time):
        if chunk.last_time < since_us:
            return
        yield chunk.last_time, _read_chunk(connection, chunk, None)


def _write_chunk(connection: sqlite3.Connection, partition: int, first_row: int, rows: pa.RecordBatch) -> None:
    times = microseconds(rows)
    layout = _layout_number(connection, rows.schema)
    span = int(times.min()), int(times.max())
    connection.execute(
        "insert into chunks (partition, first_row, rows, layout, first_time, last_time, body)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        (partition, first_row, rows.num_rows, layout, *span, encode_rows(rows)),
    )


def _merge(connection: sqlite3.Connection, partition: int, chunks: Sequence[_Chunk]) -> None:
    parts = [_read_chunk(connection, chunk, None) for chunk in chunks]
    schema = union_schema(part.schema for part in parts)
    whole = one_batch(pa.Table.from_batches([conformed(part, schema) for part in parts]))
    connection.executemany("delete from chunks where chunk = ?", [(chunk.chunk,) for chunk in chunks])
    _write_chunk(connection, partition, chunks[0].first_row, whole)


def _chunks(connection: sqlite3.Connection, partition: int, from_row: int = 0) -> list[_Chunk]:
    found = connection.execute(
        "select chunk, first_row, rows, layout, first_time, last_time from chunks"
        " where partition = ? and first_row >= ? order by first_row",
        (partition, from_row),
    )
    return [_Chunk(*row) for row in found]


def _read_chunk(connection: sqlite3.Connection, chunk: _Chunk, columns: Sequence[str] | None) -> pa.RecordBatch:
    body = connection.execute("select body from chunks where chunk = ?", (chunk.chunk,)).fetchone()[0]
    if columns is None:
        return decode_rows(body)
    names = _layout(connection, chunk.layout).names
    wanted = [names.index(name) for name in dict.fromkeys(columns) if name in names]
    # Without any column a batch would not know how many rows it has.
    return decode_rows(body, wanted or [0])


def _layout_number(connection: sqlite3.Connection, schema: pa.Schema) -> int:
    body = schema.serialize().to_pybytes()
    query = "select layout from layouts where body = ?"
    found = connection.execute(query, (body,)).fetchone()
    if found is None:
        connection.execute("insert into layouts (body) values (?)", (body,))
        found = connection.execute(query, (body,)).fetchone()
    return int(found[0])


def _layout(connection: sqlite3.Connection, layout: int) -> pa.Schema:
    return _parsed(connection.execute("select body from layouts where layout = ?", (layout,)).fetchone()[0])


@lru_cache(maxsize=1_024)
def _parsed(layout: bytes) -> pa.Schema:
    return pa.ipc.read_schema(pa.py_buffer(layout))
