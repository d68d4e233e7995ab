"""The warm tier of one machine: a file that SQLite keeps consistent, with rows as compressed Arrow in it."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.entry import Kind, SequencedEntry
from exporter.archive.warm.file.connection import BUSY_S, WarmFile
from exporter.archive.warm.file.duties import Duties
from exporter.archive.warm.file.hours import count_rows, drop_hours, rows_on, stored_hours
from exporter.archive.warm.file.known_ids import KnownIds, first_of_each
from exporter.archive.warm.file.label_join import WarmJoin
from exporter.archive.warm.file.ledger import EmbeddedLedger
from exporter.archive.warm.file.partitions import (
    DAY_US,
    Partition,
    append_rows,
    drop_rows,
    newest_first,
    partition_for,
    partitions_of,
    read_rows,
    schema_of,
    take_rows,
)
from exporter.archive.warm.file.stored_rows import (
    MICROSECONDS,
    joined_batches,
    microseconds,
    one_batch,
    selected,
    stored_entries,
    table_of,
)
from exporter.archive.warm.file.tables import bring_up_to_date
from exporter.archive.warm.file.waiting_labels import drop_waiting, wait
from exporter.archive.warm.tier import Claim, Landed, Span, StoredHour
from exporter.clock import Clock
from exporter.errors import Fenced, LateRows

_READ_BY_POSITION = Kind.DEAD_LETTERS


def open_embedded(
    directory: Path, _clock: Clock, *, is_read_only: bool = False, busy_s: float = BUSY_S
) -> tuple[EmbeddedWarm, EmbeddedLedger]:
    """The tier in a folder, and the ledger in the same file; both are let go of by the tier's `close`.

    The process that uses them opens them: they do not outlive a fork.

    _clock       : not asked for anything; every kind of warm tier is opened with one.
    is_read_only : looks at the file of an exporter that may be running; whatever would change something fails.
    busy_s       : how long a call waits for another process before it raises RetryLater.
    """
    file = WarmFile(directory, is_read_only=is_read_only, busy_s=busy_s)
    duties = Duties(directory)
    return EmbeddedWarm(file, duties), EmbeddedLedger(file, duties)


class EmbeddedWarm:
    """A `WarmTier`."""

    def __init__(self, file: WarmFile, duties: Duties) -> None:
        self._file = file
        self._duties = duties
        self._known = KnownIds()
        self._join = WarmJoin(self._known)

    def migrate(self) -> None:
        with self._file.writing() as connection:
            bring_up_to_date(connection)

    def claim(self, origin: str) -> Claim:
        with self._file.writing() as connection:
            connection.execute(
                "insert into offsets values (?, 1, 0) on conflict (origin) do update set epoch = epoch + 1", (origin,)
            )
            return _claim_of(connection, origin)

    def land(self, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        with self._changing() as connection:
            current = _claim_of(connection, claim.origin)
            if current.epoch != claim.epoch:
                raise Fenced(
                    f"{claim.origin}: claim {claim.epoch} is over, somebody else holds claim {current.epoch};"
                    " this process must not land it any more"
                )
            fresh = [numbered for numbered in entries if numbered.sequence >= current.next_sequence]
            if not fresh:
                return Landed(current, {})
            rows = self._add_entries(connection, claim.origin, fresh)
            moved = Claim(claim.origin, claim.epoch, fresh[-1].sequence + 1)
            connection.execute(
                "update offsets set next_sequence = ? where origin = ?", (moved.next_sequence, claim.origin)
            )
            return Landed(moved, rows)

    def hours(self) -> Sequence[StoredHour]:
        with self._file.reading() as connection:
            return stored_hours(connection)

    def read(
        self, kind: Kind, monitor: str, span: Span, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        with self._file.snapshot() as connection:
            partitions = _within(partitions_of(connection, kind, monitor), span)
            schema = selected(schema_of(connection, partitions), columns)
            for partition in partitions:
                for _, rows in read_rows(connection, partition, schema, *_microseconds_of(span)):
                    yield rows

    def find(self, kind: Kind, monitor: str, ids: Sequence[str]) -> pa.Table:
        with self._file.reading() as connection:
            partitions = partitions_of(connection, kind, monitor)
            asked = pa.RecordBatch.from_pydict({"id": pa.array(dict.fromkeys(ids), pa.string())})
            if kind is _READ_BY_POSITION:
                parts = _with_ids(connection, partitions, asked.column("id"))
            else:
                hashes = self._known.hashes(connection, kind, asked)
                parts = []
                for partition in partitions if len(asked) else ():
                    _, numbers = self._known.find(connection, partition, hashes, asked)
                    parts += [take_rows(connection, partition, numbers)] if len(numbers) else []
            return table_of(kind, parts)

    def newest(self, kind: Kind, monitor: str, since: float, limit: int) -> pa.Table:
        since_us, earliest_us = _in_microseconds(since), -math.inf
        newest = table_of(kind, [])
        with self._file.reading() as connection:
            for partition in partitions_of(connection, kind, monitor):
                for last_time, rows in newest_first(connection, partition, since_us):
                    if newest.num_rows == limit and last_time <= earliest_us:
                        break
                    recent = rows.filter(pa.array(microseconds(rows) >= since_us))
                    newest = table_of(kind, [*newest.to_batches(), recent]).sort_by([("time", "descending")])[:limit]
                    earliest_us = microseconds(one_batch(newest))[-1] if newest.num_rows else -math.inf
                if newest.num_rows == limit:
                    break
        return newest.sort_by("time")

    def restore(self, kind: Kind, monitor: str, rows: Sequence[pa.RecordBatch]) -> int:
        filled = [batch for batch in rows if batch.num_rows]
        with self._changing() as connection:
            return sum(self._add_rows(connection, kind, monitor, joined_batches(kind, [batch])) for batch in filled)

    def join_labels(self, origins: Sequence[str], since: float, limit: int) -> pa.Table:
        with self._changing() as connection:
            return self._join.join(connection, origins, _in_microseconds(since), limit)

    def join_restored(self, monitor: str, span: Span) -> int:
        with self._changing() as connection:
            return self._join.join_restored(connection, monitor, _microseconds_of(span))

    def read_labelled(self, monitor: str, span: Span) -> Iterator[pa.RecordBatch]:
        with self._file.snapshot() as connection:
            partitions = _within(partitions_of(connection, Kind.PREDICTIONS, monitor), span)
            schema = schema_of(connection, partitions)
            label_type = self._join.label_type(connection, partitions)
            for partition in partitions:
                for numbers, rows in read_rows(connection, partition, schema, *_microseconds_of(span)):
                    yield self._join.with_labels(connection, partition, numbers, rows, label_type)

    def drop_day(self, kind: Kind, day: date, expected: Mapping[str, int]) -> None:
        number = (day - date(1970, 1, 1)).days
        with self._changing() as connection:
            for monitor, rows in expected.items():
                there = rows_on(connection, monitor, kind, number)
                if there != rows:
                    raise LateRows(f"{monitor} has {there} {kind.value} on {day.isoformat()}, not {rows}: look again")
                for partition in partitions_of(connection, kind, monitor):
                    if partition.day == number:
                        self._drop(connection, partition)
        self._file.give_back_space()

    def size_bytes(self) -> int:
        return self._file.size_bytes()

    def close(self) -> None:
        self._duties.close()
        self._file.close()

    def _add_entries(
        self, connection: sqlite3.Connection, origin: str, entries: Sequence[SequencedEntry]
    ) -> dict[tuple[str, Kind], int]:
        """Adds them monitor by monitor, in an order that is the same for everybody."""
        filled = [numbered for numbered in entries if numbered.entry.rows.num_rows]
        ordered = sorted(filled, key=_monitor_and_kind)
        added = {}
        for (monitor, kind), group in groupby(ordered, key=_monitor_and_kind):
            rows = stored_entries(kind, list(group), origin)
            added[monitor, kind] = self._add_rows(connection, kind, monitor, rows)
        return added

    def _add_rows(self, connection: sqlite3.Connection, kind: Kind, monitor: str, rows: pa.RecordBatch) -> int:
        """Adds those of the rows that are new; how many."""
        hashes = self._known.hashes(connection, kind, rows)
        days = microseconds(rows) // DAY_US
        if kind is Kind.LABELS:
            is_new = first_of_each(kind, hashes, rows)
            for partition in partitions_of(connection, kind, monitor):
                asked = np.flatnonzero(is_new)
                found, _ = self._known.find(connection, partition, hashes[asked], rows.take(pa.array(asked)))
                is_new[asked[found]] = False
            rows, hashes, days = rows.filter(pa.array(is_new)), hashes[is_new], days[is_new]
        added = 0
        for day in np.unique(days).tolist():
            is_on_day = days == day
            of_day = rows if is_on_day.all() else rows.filter(pa.array(is_on_day))
            partition = partition_for(connection, kind, monitor, day)
            added += self._add_to_day(connection, partition, of_day, hashes[is_on_day])
        return added

    def _add_to_day(
        self, connection: sqlite3.Connection, partition: Partition, rows: pa.RecordBatch, hashes: np.ndarray
    ) -> int:
        if partition.kind is not Kind.LABELS:
            is_new = first_of_each(partition.kind, hashes, rows)
            found, _ = self._known.find(connection, partition, hashes, rows)
            is_new[found] = False
            if not is_new.all():
                rows, hashes = rows.filter(pa.array(is_new)), hashes[is_new]
        if not rows.num_rows:
            return 0
        append_rows(connection, partition, rows)
        self._known.add(connection, partition, hashes)
        count_rows(connection, partition.monitor, partition.kind, microseconds(rows))
        if partition.kind is Kind.LABELS:
            numbers = np.arange(partition.rows, partition.rows + rows.num_rows)
            wait(connection, partition, rows, hashes, numbers)
        return int(rows.num_rows)

    def _drop(self, connection: sqlite3.Connection, partition: Partition) -> None:
        if partition.kind is Kind.PREDICTIONS:
            self._join.drop_predictions(connection, partition)
        if partition.kind is Kind.LABELS:
            drop_waiting(connection, partition)
        self._known.drop(connection, partition)
        drop_rows(connection, partition)
        drop_hours(connection, partition.monitor, partition.kind, partition.day)

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction over rows; when it fails, nothing that was kept in memory of it is trusted."""
        try:
            with self._file.writing() as connection:
                yield connection
        except BaseException:
            self._known.forget()
            raise


def _claim_of(connection: sqlite3.Connection, origin: str) -> Claim:
    found = connection.execute("select epoch, next_sequence from offsets where origin = ?", (origin,)).fetchone()
    return Claim(origin, *(found or (0, 0)))


def _monitor_and_kind(numbered: SequencedEntry) -> tuple[str, Kind]:
    return numbered.entry.monitor, numbered.entry.kind


def _microseconds_of(span: Span) -> tuple[int, int]:
    return _in_microseconds(span.start), _in_microseconds(span.end)


def _in_microseconds(seconds: float) -> int:
    """Within what a time can be, also for infinity."""
    earliest_us, latest_us = _EVER_US
    return round(min(max(seconds, earliest_us / MICROSECONDS), latest_us / MICROSECONDS) * MICROSECONDS)


def _within(partitions: Sequence[Partition], span: Span) -> list[Partition]:
    start_us, end_us = _microseconds_of(span)
    return [each for each in partitions if each.day * DAY_US < end_us and (each.day + 1) * DAY_US > start_us]


def _with_ids(connection: sqlite3.Connection, partitions: Sequence[Partition], ids: pa.Array) -> list[pa.RecordBatch]:
    """Those of all rows that have one of the ids, by looking at all of them."""
    schema = schema_of(connection, partitions)
    everything = (rows for each in partitions for _, rows in read_rows(connection, each, schema, *_EVER_US))
    return [rows.filter(pc.is_in(rows.column("id"), ids)) for rows in everything]


_EVER_US = (-(2**62), 2**62)
