"""Labels that have no prediction yet, in pieces, so that a landing writes one and a join rewrites only what it took."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from exporter.archive.warm.file.bodies import decode_rows, encode_rows
from exporter.archive.warm.file.partitions import Partition
from exporter.archive.warm.file.stored_rows import conformed, microseconds, one_batch, union_schema
from exporter.batch import Booleans, Integers

HASH, ROW = "hash", "row"

_PIECE_ROWS = 8_192
_SMALL_ROWS = 1_024
_MANY_PIECES = 16
_COLUMNS = ("id", "time", "label")
_SELECT = "select waiting, monitor, partition, origin, searched, rows from waiting"


@dataclass(frozen=True, slots=True)
class WaitingPiece:
    """Labels of one partition and origin.

    searched : they are known not to be among the predictions of runs up to this one.
    """

    number: int
    monitor: str
    partition: int
    origin: str
    searched: int
    rows: int


def wait(
    connection: sqlite3.Connection, partition: Partition, labels: pa.RecordBatch, hashes: Integers, numbers: Integers
) -> None:
    """Adds labels with the numbers of their rows; they may be of several origins."""
    columns = [labels.column(name) for name in _COLUMNS]
    rows = pa.RecordBatch.from_arrays([pa.array(hashes), pa.array(numbers), *columns], names=[HASH, ROW, *_COLUMNS])
    origins = labels.column("origin").dictionary_encode()
    codes = origins.indices.to_numpy()
    for code, origin in enumerate(origins.dictionary.to_pylist()):
        of_origin = rows if len(origins.dictionary) == 1 else rows.filter(pa.array(codes == code))
        _write(connection, WaitingPiece(0, partition.monitor, partition.number, origin, 0, 0), of_origin)


def pieces_of(connection: sqlite3.Connection, origins: Sequence[str], since_us: int) -> list[WaitingPiece]:
    """Pieces in which a label is at or after `since`, as they came."""
    query = f"{_SELECT} where origin in ({_marks(origins)}) and last_time >= ? order by waiting"
    return [WaitingPiece(*row) for row in connection.execute(query, (*origins, since_us))]


def pieces_of_monitor(connection: sqlite3.Connection, monitor: str) -> list[WaitingPiece]:
    """Of all origins, as they came."""
    query = f"{_SELECT} where monitor = ? order by waiting"
    return [WaitingPiece(*row) for row in connection.execute(query, (monitor,))]


def labels_in(connection: sqlite3.Connection, piece: WaitingPiece) -> pa.RecordBatch:
    """Columns `HASH`, `ROW`, `id`, `time` and `label`."""
    query = "select body from waiting_bodies where waiting = ?"
    return decode_rows(connection.execute(query, (piece.number,)).fetchone()[0])


def take_out(connection: sqlite3.Connection, piece: WaitingPiece, labels: pa.RecordBatch, is_done: Booleans) -> None:
    """Takes labels out of their piece."""
    _delete(connection, piece)
    if not is_done.all():
        _write(connection, piece, labels.filter(pa.array(~is_done)))


def note_searched(connection: sqlite3.Connection, piece: WaitingPiece, run: int) -> None:
    """Notes that the piece has been compared with all predictions in runs up to `run`."""
    connection.execute("update waiting set searched = ? where waiting = ?", (run, piece.number))


def merge_small(connection: sqlite3.Connection, origins: Sequence[str]) -> None:
    """Makes one of many small pieces of a partition and origin that have been compared with the same runs."""
    query = f"{_SELECT} where origin in ({_marks(origins)}) and rows < ? order by waiting"
    groups: defaultdict[tuple[int, str, int], list[WaitingPiece]] = defaultdict(list)
    for piece in (WaitingPiece(*row) for row in connection.execute(query, (*origins, _SMALL_ROWS))):
        groups[piece.partition, piece.origin, piece.searched].append(piece)
    for pieces in groups.values():
        if len(pieces) >= _MANY_PIECES:
            _merge(connection, pieces)


def drop_waiting(connection: sqlite3.Connection, partition: Partition) -> None:
    """Forgets the labels of a partition."""
    connection.execute(
        "delete from waiting_bodies where waiting in (select waiting from waiting where partition = ?)",
        (partition.number,),
    )
    connection.execute("delete from waiting where partition = ?", (partition.number,))


def _merge(connection: sqlite3.Connection, pieces: Sequence[WaitingPiece]) -> None:
    parts = [labels_in(connection, piece) for piece in pieces]
    schema = union_schema(part.schema for part in parts)
    for piece in pieces:
        _delete(connection, piece)
    _write(connection, pieces[0], one_batch(pa.Table.from_batches([conformed(part, schema) for part in parts])))


def _write(connection: sqlite3.Connection, like: WaitingPiece, labels: pa.RecordBatch) -> None:
    """One piece or several, so that none is large."""
    for start in range(0, labels.num_rows, _PIECE_ROWS):
        rows = labels.slice(start, _PIECE_ROWS)
        last_time = int(np.max(microseconds(rows)))
        key = (like.monitor, like.partition, like.origin, last_time, like.searched, rows.num_rows)
        added = connection.execute(
            "insert into waiting (monitor, partition, origin, last_time, searched, rows) values (?, ?, ?, ?, ?, ?)",
            key,
        )
        connection.execute("insert into waiting_bodies values (?, ?)", (added.lastrowid, encode_rows(rows)))


def _delete(connection: sqlite3.Connection, piece: WaitingPiece) -> None:
    connection.execute("delete from waiting where waiting = ?", (piece.number,))
    connection.execute("delete from waiting_bodies where waiting = ?", (piece.number,))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
