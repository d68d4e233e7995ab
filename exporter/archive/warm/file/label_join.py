"""Joins waiting labels to their predictions, once, and keeps which prediction has which label."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from exporter.archive.entry import Kind
from exporter.archive.schema import TIME
from exporter.archive.warm.file.hours import count_labelled
from exporter.archive.warm.file.known_ids import KnownIds
from exporter.archive.warm.file.partitions import DAY_US, Partition, partitions_of, schema_of, take_rows
from exporter.archive.warm.file.runs import KEY, ArrowForm, SortedRuns, newest_run, sorted_batch
from exporter.archive.warm.file.stored_rows import category_columns, conformed, microseconds, one_batch, union_schema
from exporter.archive.warm.file.waiting_labels import (
    HASH,
    ROW,
    WaitingPiece,
    labels_in,
    merge_small,
    note_searched,
    pieces_of,
    pieces_of_monitor,
    take_out,
    wait,
)
from exporter.batch import Booleans, Integers

_OF_THE_PREDICTION = ("time", "prediction", "model_version", "error")
_NOTHING_JOINED = pa.schema(
    [
        ("monitor", pa.string()),
        ("id", pa.string()),
        ("label", pa.float64()),
        ("label_time", TIME),
        ("time", TIME),
        ("prediction", pa.float64()),
        ("model_version", pa.string()),
        ("error", pa.string()),
    ]
)

_EVER_US = (-(2**63), 2**63 - 1)


@dataclass(frozen=True, slots=True)
class _Search:
    """Labels at or after `since_us`, at most `limit`, for predictions in a span; `newest` is the last run there is."""

    newest: int
    since_us: int = _EVER_US[0]
    limit: int = 2**63 - 1
    span_us: tuple[int, int] = _EVER_US


class WarmJoin:
    """Knows, by the number of a prediction's row, its label and the row that it came from."""

    def __init__(self, known: KnownIds) -> None:
        self._known = known
        self._runs = {
            pa.float64(): SortedRuns("labels: numbers", ArrowForm()),
            pa.string(): SortedRuns("labels: text", ArrowForm()),
        }

    def join(self, connection: sqlite3.Connection, origins: Sequence[str], since_us: int, limit: int) -> pa.Table:
        """What `WarmTier.join_labels` says, within the caller's transaction."""
        parts: list[pa.RecordBatch] = []
        newest = newest_run(connection)
        for piece in pieces_of(connection, origins, since_us):
            left = limit - sum(part.num_rows for part in parts)
            if left <= 0:
                break
            if piece.searched < newest:
                parts += self._join_piece(connection, piece, _Search(newest, since_us, left))
        merge_small(connection, origins)
        schema = union_schema([_NOTHING_JOINED, *(part.schema for part in parts)])
        return pa.Table.from_batches([conformed(part, schema) for part in parts], schema)

    def join_restored(self, connection: sqlite3.Connection, monitor: str, span_us: tuple[int, int]) -> int:
        """What `WarmTier.join_restored` says, within the caller's transaction."""
        search = _Search(newest_run(connection), span_us=span_us)
        pieces = [piece for piece in pieces_of_monitor(connection, monitor) if piece.searched < search.newest]
        return sum(part.num_rows for piece in pieces for part in self._join_piece(connection, piece, search))

    def with_labels(
        self,
        connection: sqlite3.Connection,
        partition: Partition,
        numbers: Integers,
        rows: pa.RecordBatch,
        label_type: pa.DataType,
    ) -> pa.RecordBatch:
        """Predictions, whose rows have these numbers, with the columns `label` and `label_time`."""
        parts = list(self._labels_of(connection, partition, int(numbers[0]), int(numbers[-1])))
        schema = pa.schema([(KEY, pa.int64()), ("label", label_type), ("label_time", TIME)])
        labels = one_batch(pa.Table.from_batches([conformed(part, schema) for part in parts], schema))
        known = labels.column(KEY).to_numpy()
        order = np.argsort(known)
        places = np.searchsorted(known, numbers, sorter=order)
        is_there = np.zeros(len(numbers), dtype=np.bool_)
        if len(known):
            places = order[np.minimum(places, len(known) - 1)]
            is_there = known[places] == numbers
        taken = pa.array(places, mask=~is_there)
        columns = [*rows.columns, labels.column("label").take(taken), labels.column("label_time").take(taken)]
        return pa.RecordBatch.from_arrays(columns, names=[*rows.schema.names, "label", "label_time"])

    def _labels_of(
        self, connection: sqlite3.Connection, partition: Partition, first: int, last: int
    ) -> Iterator[pa.RecordBatch]:
        for runs in self._runs.values():
            for run in runs.of(connection, partition.number):
                yield from runs.between(connection, run, first, last)

    def label_type(self, connection: sqlite3.Connection, partitions: Sequence[Partition]) -> pa.DataType:
        """Text if a label of these predictions is."""
        text = self._runs[pa.string()]
        has_text = any(text.of(connection, partition.number) for partition in partitions)
        return pa.string() if has_text else pa.float64()

    def drop_predictions(self, connection: sqlite3.Connection, partition: Partition) -> None:
        """Forgets what the predictions of a partition are joined to: those labels wait again."""
        for runs in self._runs.values():
            for run in runs.of(connection, partition.number):
                for page in runs.pages(connection, run):
                    self._wait_again(connection, partition.monitor, page)
            runs.drop(connection, partition.number)

    def _join_piece(self, connection: sqlite3.Connection, piece: WaitingPiece, search: _Search) -> list[pa.RecordBatch]:
        labels = labels_in(connection, piece)
        is_done, is_left = np.zeros((2, labels.num_rows), dtype=np.bool_)
        parts: list[pa.RecordBatch] = []
        is_open = microseconds(labels) >= search.since_us
        for partition in partitions_of(connection, Kind.PREDICTIONS, piece.monitor):
            rows = np.flatnonzero(is_open & ~is_done & ~is_left)
            room = search.limit - sum(part.num_rows for part in parts)
            if not len(rows) or room <= 0:
                break
            found, numbers = self._predictions_of(connection, partition, labels, rows, piece.searched)
            is_within = _are_within(connection, partition, numbers, search.span_us)
            is_left[found[~is_within]] = True
            found, numbers = found[is_within], numbers[is_within]
            is_new = ~self._are_joined(connection, partition, numbers)
            is_done[found[~is_new]] = True
            found, numbers = found[is_new][:room], numbers[is_new][:room]
            if len(found):
                is_done[found] = True
                parts.append(self._joined(connection, partition, piece, labels.take(pa.array(found)), numbers))
        if is_done.any():
            take_out(connection, piece, labels, is_done)
        elif is_open.all() and not is_left.any():
            note_searched(connection, piece, search.newest)
        return parts

    def _predictions_of(
        self, connection: sqlite3.Connection, partition: Partition, labels: pa.RecordBatch, rows: Integers, after: int
    ) -> tuple[Integers, Integers]:
        """Which of the labels in `rows` have a prediction there, in runs above `after`, and the number of its row."""
        asked = labels.take(pa.array(rows))
        hashes = asked.column(HASH).to_numpy()
        found, numbers = self._known.find(connection, partition, hashes, asked, after)
        return rows[found], numbers

    def _are_joined(self, connection: sqlite3.Connection, partition: Partition, numbers: Integers) -> Booleans:
        order = np.argsort(numbers)
        are_joined = np.zeros(len(numbers), dtype=np.bool_)
        for runs in self._runs.values():
            for run in runs.of(connection, partition.number) if len(numbers) else ():
                for needles, _ in runs.look_up(connection, run, numbers[order]):
                    are_joined[order[needles]] = True
        return are_joined

    def _joined(
        self,
        connection: sqlite3.Connection,
        partition: Partition,
        piece: WaitingPiece,
        labels: pa.RecordBatch,
        numbers: Integers,
    ) -> pa.RecordBatch:
        """Notes that the predictions with these numbers have these labels."""
        label, label_time = labels.column("label"), labels.column("time")
        columns = {
            KEY: numbers,
            "label": label,
            "label_time": label_time,
            "label_partition": np.full(len(numbers), piece.partition),
            "label_row": labels.column(ROW),
        }
        self._runs[label.type].add(connection, partition.number, sorted_batch(columns))
        categories = category_columns(schema_of(connection, [partition]))
        rows = take_rows(connection, partition, numbers, [*_OF_THE_PREDICTION, *categories])
        count_labelled(connection, partition.monitor, microseconds(rows))
        monitors = pa.repeat(pa.scalar(partition.monitor), len(numbers))
        return pa.RecordBatch.from_arrays(
            [monitors, labels.column("id"), label, label_time, *rows.columns],
            names=["monitor", "id", "label", "label_time", *rows.schema.names],
        )

    def _wait_again(self, connection: sqlite3.Connection, monitor: str, joined: pa.RecordBatch) -> None:
        kept = {partition.number: partition for partition in partitions_of(connection, Kind.LABELS, monitor)}
        of_partition = joined.column("label_partition").to_numpy()
        for number in np.unique(of_partition).tolist():
            if number not in kept:
                continue
            numbers = joined.column("label_row").to_numpy()[of_partition == number]
            labels = take_rows(connection, kept[number], numbers, ["id", "time", "label", "origin"])
            hashes = self._known.hashes(connection, Kind.LABELS, labels)
            wait(connection, kept[number], labels, hashes, numbers)


def _are_within(
    connection: sqlite3.Connection, partition: Partition, numbers: Integers, span_us: tuple[int, int]
) -> Booleans:
    """bool[n]: whether the `time` of the rows with these numbers lies in the span."""
    start_us, end_us = span_us
    first_us = partition.day * DAY_US
    if not len(numbers) or (start_us <= first_us and first_us + DAY_US <= end_us):
        return np.ones(len(numbers), dtype=np.bool_)
    if end_us <= first_us or first_us + DAY_US <= start_us:
        return np.zeros(len(numbers), dtype=np.bool_)
    times_us = microseconds(take_rows(connection, partition, numbers, ["time"]))
    return (start_us <= times_us) & (times_us < end_us)
