"""Sorted runs: what belongs to a key, written in order and read by key, without a write for each key.

Keys that come in no order cost a B-tree a page for each key. Here what comes at once is sorted and written as one run
(O'Neil et al., The log-structured merge-tree, 1996); a key is looked up in every run of its partition, and small runs
become one. A run is cut into pages, whose first keys, its fences, tell which page a key may be in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from exporter.archive.warm.file.bodies import DamagedBody, decode_rows, encode_rows
from exporter.archive.warm.file.merging import tail_to_merge
from exporter.archive.warm.file.stored_rows import conformed, one_batch, union_schema
from exporter.batch import Integers

KEY = "key"
PAGE_ROWS = 4_096

_FANOUT = 8
_LARGEST_MERGED = 8**6


class PageForm(Protocol):
    """How a page of a run is written."""

    def encode(self, page: pa.RecordBatch) -> bytes | memoryview: ...

    def decode(self, body: bytes) -> pa.RecordBatch: ...


@dataclass(frozen=True, slots=True)
class SortedRun:
    """fences: int64[pages], the first key of each page."""

    number: int
    rows: int
    first_page: int
    fences: Integers


class SortedRuns:
    """The runs of one purpose; each batch has the int64 column `KEY`."""

    def __init__(self, purpose: str, form: PageForm) -> None:
        self._purpose = purpose
        self._form = form

    def of(self, connection: sqlite3.Connection, partition: int, after: int = 0) -> list[SortedRun]:
        """The runs of a partition with numbers above `after`."""
        found = connection.execute(
            "select run, rows, first_page, fences from runs where partition = ? and purpose = ? and run > ?"
            " order by run",
            (partition, self._purpose, after),
        )
        return [SortedRun(number, rows, page, np.frombuffer(fences, np.int64)) for number, rows, page, fences in found]

    def add(self, connection: sqlite3.Connection, partition: int, rows: pa.RecordBatch) -> None:
        """Adds rows, ordered by their key, as a run; at least one."""
        self._write(connection, partition, rows)
        runs = self._sizes(connection, partition)
        if tail := tail_to_merge([rows for _, rows in runs], _FANOUT, _LARGEST_MERGED):
            self._merge(connection, partition, runs[-tail][0])

    def look_up(
        self, connection: sqlite3.Connection, run: SortedRun, keys: Integers
    ) -> Iterator[tuple[Integers, pa.RecordBatch]]:
        """Which of n sorted keys are in the run: their indices, and the row of each; several where it has several."""
        pages, starts = np.unique(np.searchsorted(run.fences, keys, side="right") - 1, return_index=True)
        for page, start, end in zip(pages.tolist(), starts, [*starts[1:], len(keys)], strict=True):
            if page < 0:
                continue
            rows = self._page(connection, run.first_page + page)
            needles, places = _matches(rows.column(KEY).to_numpy(), keys[start:end])
            if len(needles):
                yield needles + start, rows.take(pa.array(places))

    def between(
        self, connection: sqlite3.Connection, run: SortedRun, first: int, last: int
    ) -> Iterator[pa.RecordBatch]:
        """Rows with keys from `first` to `last`, both inclusive."""
        start = max(int(np.searchsorted(run.fences, first, side="right")) - 1, 0)
        end = int(np.searchsorted(run.fences, last, side="right"))
        for page in range(start, end):
            rows = self._page(connection, run.first_page + page)
            keys = rows.column(KEY).to_numpy()
            low, high = np.searchsorted(keys, first, side="left"), np.searchsorted(keys, last, side="right")
            if low < high:
                yield rows.slice(low, high - low)

    def pages(self, connection: sqlite3.Connection, run: SortedRun) -> Iterator[pa.RecordBatch]:
        """All rows of a run, in order."""
        return (self._page(connection, run.first_page + page) for page in range(len(run.fences)))

    def drop(self, connection: sqlite3.Connection, partition: int) -> None:
        """Forgets the runs of a partition."""
        for run in self.of(connection, partition):
            self._delete(connection, run)

    def _sizes(self, connection: sqlite3.Connection, partition: int) -> list[tuple[int, int]]:
        query = "select run, rows from runs where partition = ? and purpose = ? order by run"
        return list(connection.execute(query, (partition, self._purpose)))

    def _merge(self, connection: sqlite3.Connection, partition: int, first: int) -> None:
        runs = self.of(connection, partition, after=first - 1)
        parts = [page for run in runs for page in self.pages(connection, run)]
        schema = union_schema(part.schema for part in parts)
        whole = one_batch(pa.Table.from_batches([conformed(part, schema) for part in parts]))
        order = np.argsort(whole.column(KEY).to_numpy(), kind="stable")
        for run in runs:
            self._delete(connection, run)
        self._write(connection, partition, whole.take(pa.array(order)))

    def _write(self, connection: sqlite3.Connection, partition: int, rows: pa.RecordBatch) -> None:
        keys = rows.column(KEY).to_numpy()
        cuts = _cuts(keys)
        [[first_page]] = connection.execute("select coalesce(max(page), 0) + 1 from pages")
        bodies = (
            (first_page + page, self._form.encode(rows.slice(start, end - start)))
            for page, (start, end) in enumerate(zip(cuts, [*cuts[1:], len(keys)], strict=True))
        )
        connection.executemany("insert into pages (page, body) values (?, ?)", bodies)
        connection.execute(
            "insert into runs (partition, purpose, rows, first_page, fences) values (?, ?, ?, ?, ?)",
            (partition, self._purpose, len(keys), first_page, keys[cuts].astype(np.int64).tobytes()),
        )

    def _delete(self, connection: sqlite3.Connection, run: SortedRun) -> None:
        last = run.first_page + len(run.fences)
        connection.execute("delete from pages where page >= ? and page < ?", (run.first_page, last))
        connection.execute("delete from runs where run = ?", (run.number,))

    def _page(self, connection: sqlite3.Connection, page: int) -> pa.RecordBatch:
        return self._form.decode(connection.execute("select body from pages where page = ?", (page,)).fetchone()[0])


def newest_run(connection: sqlite3.Connection) -> int:
    """The greatest number that a run has ever had."""
    found = connection.execute("select seq from sqlite_sequence where name = 'runs'").fetchone()
    return int(found[0]) if found else 0


def _cuts(keys: Integers) -> list[int]:
    """Where pages begin; equal keys are never apart."""
    even = np.arange(0, len(keys), PAGE_ROWS)
    return np.unique(np.searchsorted(keys, keys[even], side="left")).tolist()  # type: ignore[no-any-return]


def _matches(sorted_keys: Integers, needles: Integers) -> tuple[Integers, Integers]:
    """Pairs of a needle's index and the place of a key equal to it."""
    left = np.searchsorted(sorted_keys, needles, side="left")
    counts = np.searchsorted(sorted_keys, needles, side="right") - left
    found = np.repeat(np.arange(len(needles)), counts)
    offsets = np.arange(len(found)) - np.repeat(np.cumsum(counts) - counts, counts)
    return found, np.repeat(left, counts) + offsets


class PlainForm:
    """Pages of the keys and one more int64 column, as they stand in memory."""

    def __init__(self, column: str) -> None:
        self._schema = pa.schema([(KEY, pa.int64()), (column, pa.int64())])

    def encode(self, page: pa.RecordBatch) -> bytes:
        return b"".join(column.to_numpy().astype(np.int64).tobytes() for column in page.columns)

    def decode(self, body: bytes) -> pa.RecordBatch:
        if len(body) % 16:
            raise DamagedBody(f"a page of {len(body)} bytes is not one of pairs of 64-bit numbers")
        values = np.frombuffer(body, np.int64).reshape(2, -1)
        return pa.RecordBatch.from_arrays([pa.array(column) for column in values], schema=self._schema)


class ArrowForm:
    """Pages of any columns."""

    def encode(self, page: pa.RecordBatch) -> memoryview:
        return encode_rows(page)

    def decode(self, body: bytes) -> pa.RecordBatch:
        return decode_rows(body)


def sorted_batch(columns: dict[str, Sequence[int] | Integers | pa.Array]) -> pa.RecordBatch:
    """Columns, one of them `KEY`, ordered by it."""
    rows = pa.RecordBatch.from_pydict(columns)
    return rows.take(pa.array(np.argsort(rows.column(KEY).to_numpy(), kind="stable")))
