"""Ways to keep predictions in a file, each known once: the warm tier's own, and those that it was chosen over."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa

from exporter.archive.entry import Entry, Kind, SequencedEntry
from exporter.archive.warm.embedded import open_embedded
from exporter.archive.warm.tier import Span
from exporter.clock import SystemClock
from exporter.window.hashing import hash_text

MONITOR, ORIGIN = "credit", "exporter/0"
EVER = Span(0, 1e11)


class WarmRival(Protocol):
    """Lands rows in one durable transaction, those known by their id left out, and gives them back."""

    folder: Path

    def land(self, batches: Sequence[pa.RecordBatch]) -> None: ...

    def find(self, identifier: str) -> pa.Table: ...

    def scan(self) -> int:
        """All rows, as Arrow; how many."""

    def close(self) -> None: ...


class EmbeddedRival:
    """The warm tier itself: provenance, side counts and offsets with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tier, _ = open_embedded(folder, SystemClock())
        self._tier.migrate()
        self._claim = self._tier.claim(ORIGIN)

    def land(self, batches: Sequence[pa.RecordBatch]) -> None:
        first = self._claim.next_sequence
        entries = [Entry(MONITOR, Kind.PREDICTIONS, "http", 0.0, batch) for batch in batches]
        numbered = [SequencedEntry(first + index, entry) for index, entry in enumerate(entries)]
        self._claim = self._tier.land(self._claim, numbered).claim

    def find(self, identifier: str) -> pa.Table:
        return self._tier.find(Kind.PREDICTIONS, MONITOR, [identifier])

    def scan(self) -> int:
        return sum(batch.num_rows for batch in self._tier.read(Kind.PREDICTIONS, MONITOR, EVER))

    def close(self) -> None:
        self._tier.close()


class SqliteRows:
    """A table with a column for each column, its key the id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._connection = _sqlite(folder / "rows.sqlite")
        self._columns: list[str] = []

    def land(self, batches: Sequence[pa.RecordBatch]) -> None:
        connection = self._connection
        self._columns = batches[0].schema.names
        names = ", ".join(f'"{name}"' for name in self._columns)
        connection.execute(f"create table if not exists predictions ({names}, primary key (id)) without rowid")
        connection.execute("begin immediate")
        for batch in batches:
            columns = [_plain(column).to_pylist() for column in batch.columns]
            marks = ", ".join("?" * len(columns))
            insert = f"insert or ignore into predictions values ({marks})"
            connection.executemany(insert, zip(*columns, strict=True))
        connection.execute("commit")

    def find(self, identifier: str) -> pa.Table:
        return self._table("where id = ?", [identifier])

    def scan(self) -> int:
        return len(self._table("", []))

    def close(self) -> None:
        self._connection.close()

    def _table(self, where: str, values: Sequence[str]) -> pa.Table:
        rows = self._connection.execute(f"select * from predictions {where}", values).fetchall()
        return pa.Table.from_pydict(dict(zip(self._columns, zip(*rows, strict=True), strict=True)))


class SqliteIdTable:
    """The same Arrow chunks as the tier's, with a table of ids' hashes instead of sorted runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._connection = _sqlite(folder / "ids.sqlite")
        self._connection.execute("create table if not exists chunks (chunk integer primary key, body blob)")
        self._connection.execute("create table if not exists ids (hash integer primary key, chunk integer)")

    def land(self, batches: Sequence[pa.RecordBatch]) -> None:
        connection = self._connection
        rows = pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
        connection.execute("begin immediate")
        [[chunk]] = connection.execute("select coalesce(max(chunk), 0) + 1 from chunks")
        hashes = hash_text(rows.column("id"), 1).view("i8")
        hashes.sort()
        pairs = ((key, chunk) for key in hashes.tolist())
        added = connection.executemany("insert or ignore into ids values (?, ?)", pairs).rowcount
        assert added == rows.num_rows, "every id is new here; else those that are not would be left out"
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
        with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
            writer.write_batch(rows)
        connection.execute("insert into chunks values (?, ?)", (chunk, memoryview(sink.getvalue())))
        connection.execute("commit")

    def find(self, identifier: str) -> pa.Table:
        key = int(hash_text(pa.array([identifier]), 1).view("i8")[0])
        query = "select body from chunks where chunk = (select chunk from ids where hash = ?)"
        [[body]] = self._connection.execute(query, (key,))
        table = pa.ipc.open_stream(body).read_all()
        return table.filter(pa.compute.equal(table["id"], identifier))

    def scan(self) -> int:
        bodies = self._connection.execute("select body from chunks")
        return sum(len(pa.ipc.open_stream(body).read_all()) for (body,) in bodies)

    def close(self) -> None:
        self._connection.close()


class DuckTable:
    """A table of DuckDB, its key the id, on one thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._connection = duckdb.connect(str(folder / "rows.duckdb"), config={"threads": 1})

    def land(self, batches: Sequence[pa.RecordBatch]) -> None:
        rows = pa.Table.from_batches(batches)
        connection = self._connection
        connection.register("landing", rows)
        if not connection.execute("select 1 from duckdb_tables() where table_name = 'predictions'").fetchone():
            connection.execute("create table predictions as select * from landing limit 0")
            connection.execute("alter table predictions add primary key (id)")
        connection.execute("begin")
        connection.execute("insert or ignore into predictions select * from landing")
        connection.execute("commit")

    def find(self, identifier: str) -> pa.Table:
        return self._connection.sql(
            "select * from predictions where id = $id", params={"id": identifier}
        ).to_arrow_table()

    def scan(self) -> int:
        return len(self._connection.sql("select * from predictions").to_arrow_table())

    def close(self) -> None:
        self._connection.close()


def _sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma page_size = 16384")
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    return connection


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
