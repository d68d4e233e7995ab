"""Which ids a partition has, and in which rows: exactly, since a hash is only a hint and the row itself decides."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.entry import Kind
from exporter.archive.warm.file.id_filter import IdFilter, IdFilters
from exporter.archive.warm.file.partitions import Partition, take_rows
from exporter.archive.warm.file.runs import KEY, PlainForm, SortedRuns, sorted_batch
from exporter.batch import Booleans, Integers
from exporter.window.hashing import hash_text

IDENTITY: Mapping[Kind, tuple[str, ...]] = {
    Kind.PREDICTIONS: ("id",),
    Kind.LABELS: ("id",),
    Kind.DEAD_LETTERS: ("id", "origin", "sequence"),
}
"""The columns that a row is known by."""

_ROW = "row"
_LOOK_UP_COSTS_ROWS = 1_000
_FILTERS_BYTES = 256 * 2**20
_MULTIPLIERS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))


class KnownIds:
    """An index over the rows of all partitions, and filters in memory over those that are written to.

    Whatever was added in a transaction that failed must be forgotten (`forget`): its row numbers will be given again.
    """

    def __init__(self) -> None:
        self._runs = SortedRuns("ids", PlainForm(_ROW))
        self._filters = IdFilters(_FILTERS_BYTES)
        self._looked_up: defaultdict[int, int] = defaultdict(int)
        self._seed: int | None = None

    def hashes(self, connection: sqlite3.Connection, kind: Kind, rows: pa.RecordBatch) -> Integers:
        """int64[n] of what the rows are known by."""
        seed = self._hash_seed(connection)
        hashes = hash_text(rows.column("id"), seed)
        if kind is Kind.DEAD_LETTERS:
            hashes ^= hash_text(rows.column("origin"), seed) * _MULTIPLIERS[0]
            hashes ^= rows.column("sequence").to_numpy().astype(np.uint64) * _MULTIPLIERS[1]
        return hashes.view(np.int64)

    def add(self, connection: sqlite3.Connection, partition: Partition, hashes: Integers) -> None:
        """Adds the hashes of rows numbered from `partition.rows` on."""
        numbers = np.arange(partition.rows, partition.rows + len(hashes))
        self._runs.add(connection, partition.number, sorted_batch({KEY: hashes, _ROW: numbers}))
        known = self._filters.get(partition.number)
        if known is not None and known.rows == partition.rows:
            known.add(hashes)
            known.rows += len(hashes)

    def find(
        self,
        connection: sqlite3.Connection,
        partition: Partition,
        hashes: Integers,
        identities: pa.RecordBatch,
        after_run: int = 0,
    ) -> tuple[Integers, Integers]:
        """Pairs of the index of one that is there and the number of its row, in runs above `after_run`."""
        asked = np.arange(len(hashes))
        if after_run == 0:
            asked = self._perhaps_known(connection, partition, hashes)
        ordered = asked[np.argsort(hashes[asked])]
        found, numbers = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for run in self._runs.of(connection, partition.number, after_run) if len(ordered) else ():
            for needles, rows in self._runs.look_up(connection, run, hashes[ordered]):
                found.append(ordered[needles])
                numbers.append(rows.column(_ROW).to_numpy())
        return self._verified(connection, partition, identities, np.concatenate(found), np.concatenate(numbers))

    def drop(self, connection: sqlite3.Connection, partition: Partition) -> None:
        self._runs.drop(connection, partition.number)

    def forget(self) -> None:
        """Gives up what is kept in memory."""
        self._filters.clear()

    def _perhaps_known(self, connection: sqlite3.Connection, partition: Partition, hashes: Integers) -> Integers:
        known = self._filter(connection, partition, len(hashes))
        return np.arange(len(hashes)) if known is None else np.flatnonzero(known.may_hold(hashes))

    def _filter(self, connection: sqlite3.Connection, partition: Partition, asked: int) -> IdFilter | None:
        """The partition's filter, once looking up without one has cost as much as making it."""
        known = self._filters.get(partition.number)
        if known is None:
            self._looked_up[partition.number] += asked
            if self._looked_up[partition.number] * _LOOK_UP_COSTS_ROWS < partition.rows:
                return None
        if known is None or partition.rows > known.room:
            known = IdFilter(2 * partition.rows, _FILTERS_BYTES)
            self._filters.put(partition.number, known)
        if known.rows < partition.rows:
            self._fill(connection, partition, known)
        return known

    def _fill(self, connection: sqlite3.Connection, partition: Partition, known: IdFilter) -> None:
        """Adds the rows that it lacks, which are in the last runs, with some that it has."""
        until = 0
        for run in self._runs.of(connection, partition.number):
            until += run.rows
            if until > known.rows:
                for page in self._runs.pages(connection, run):
                    known.add(page.column(KEY).to_numpy())
        known.rows = partition.rows

    def _verified(
        self,
        connection: sqlite3.Connection,
        partition: Partition,
        identities: pa.RecordBatch,
        found: Integers,
        numbers: Integers,
    ) -> tuple[Integers, Integers]:
        if not len(found):
            return found, numbers
        columns = IDENTITY[partition.kind]
        there = take_rows(connection, partition, numbers, columns)
        is_same = np.ones(len(found), dtype=np.bool_)
        for column in columns:
            asked = identities.column(column).take(pa.array(found))
            is_same &= pc.equal(asked, there.column(column)).to_numpy(zero_copy_only=False)
        return found[is_same], numbers[is_same]

    def _hash_seed(self, connection: sqlite3.Connection) -> int:
        if self._seed is None:
            [[seed]] = connection.execute("select value from secrets where name = 'hash_seed'")
            self._seed = int(seed) & 0xFFFF_FFFF_FFFF_FFFF
        return self._seed


def first_of_each(kind: Kind, hashes: Integers, rows: pa.RecordBatch) -> Booleans:
    """bool[n]: whether no earlier row of the batch is known by the same."""
    order = np.argsort(hashes, kind="stable")
    is_equal = hashes[order[1:]] == hashes[order[:-1]]
    is_first = np.ones(len(hashes), dtype=np.bool_)
    if not is_equal.any():
        return is_first
    tied = order[np.append(False, is_equal) | np.append(is_equal, False)]
    known = set()
    for row, identity in zip(tied.tolist(), _identities(kind, rows, tied), strict=True):
        is_first[row] = identity not in known
        known.add(identity)
    return is_first


def _identities(kind: Kind, rows: pa.RecordBatch, numbers: Integers) -> Sequence[tuple[object, ...]]:
    columns = [rows.column(name).take(pa.array(numbers)).to_pylist() for name in IDENTITY[kind]]
    return list(zip(*columns, strict=True))
