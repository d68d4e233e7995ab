"""Reads the tiers of an archive for queries, and finds out which columns there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import pyarrow as pa

from exporter.archive.cold.parquet import PLAIN_COLUMNS, ColdFileReader
from exporter.archive.cold.tier import ColdTier
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.query.hours import HoursOf, PlannedHour, Rowset
from exporter.archive.query.reading_ahead import THREADS, read_ahead
from exporter.archive.query.sought import Sought
from exporter.archive.query.views import merged
from exporter.archive.schema import archived_name
from exporter.archive.warm.tier import Span, StoredHour, WarmTier
from exporter.errors import InvalidSettings, KeyRemoved
from exporter.monitor.spec import Monitor

_SMALL_VALUES = 2_000_000
_VALUES_AHEAD = 8_000_000
"""Values, of 8 bytes or more, in the files that are read at once."""


@dataclass(frozen=True, slots=True)
class _OpenedFile:
    """A cold file with its footer read, the row groups that are wanted (None: all), and how many rows these have."""

    reader: ColdFileReader
    groups: Sequence[int] | None
    rows: int


class ArchiveReader:
    """A `TierReader`, for one thread."""

    def __init__(self, warm: WarmTier, cold: ColdTier | None) -> None:
        self._warm = warm
        self._cold = cold
        self._sealed: list[int] = []

    @property
    def sealed_rows(self) -> int:
        """Rows that came without the columns whose key was taken away."""
        return sum(self._sealed)

    def hours(self) -> Sequence[StoredHour]:
        return self._warm.hours()

    def warm_rows(self, rowset: Rowset, span: Span, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        monitor, kind = rowset
        return self._warm.read(kind, monitor, span, columns)

    def found_warm(self, rowset: Rowset, ids: Sequence[str]) -> Iterator[pa.RecordBatch]:
        monitor, kind = rowset
        yield from self._warm.find(kind, monitor, ids).to_batches()

    def cold_rows(
        self, files: Sequence[ColdFile], columns: Sequence[str], wanted: Sought | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Several footers at once, then small files several at once, since a store takes its time for each request.

        Of large ones a batch at a time.
        """

        def read(file: _OpenedFile) -> Iterable[pa.RecordBatch]:
            batches = self._rows_of(file, columns)
            return list(batches) if file.rows * len(columns) <= _SMALL_VALUES else batches

        def weight(file: _OpenedFile) -> int:
            return min(file.rows * len(columns), _SMALL_VALUES)

        opened = read_ahead(files, lambda file: self._open(file, wanted), lambda _: 1, THREADS)
        for batches in read_ahead((file for file in opened if file.rows), read, weight, _VALUES_AHEAD):
            yield from batches

    def schemas(self, hours: HoursOf, monitors: Mapping[str, Monitor]) -> dict[Rowset, pa.Schema]:
        """Columns of the rows in warm, of the newest cold file of each month, and of the monitors."""
        rowsets = dict.fromkeys([*hours, *((name, kind) for name in monitors for kind in _kinds_of(monitors[name]))])
        found = {}
        for monitor, kind in rowsets:
            of_monitor = [columns_of(monitors[monitor])] if kind == Kind.PREDICTIONS and monitor in monitors else []
            parts = [*of_monitor, *self._stored_schemas((monitor, kind), hours.get((monitor, kind), ()))]
            found[monitor, kind] = merged(parts, kind)
        return found

    def _open(self, file: ColdFile, wanted: Sought | None) -> _OpenedFile:
        reader = self._opened_cold().open(file)
        if wanted is None:
            return _OpenedFile(reader, None, file.rows)
        try:
            groups = wanted.groups(reader)
        except KeyRemoved:
            return _OpenedFile(reader, None, file.rows)
        return _OpenedFile(reader, groups, reader.rows_of(groups))

    def _rows_of(self, file: _OpenedFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Of a file whose key was taken away, the columns that are not sealed."""
        try:
            yield from file.reader.batches(columns, file.groups)
        except KeyRemoved:
            self._sealed.append(file.rows)
            plain = [name for name in columns if name in PLAIN_COLUMNS] or PLAIN_COLUMNS[:1]
            yield from file.reader.batches(plain, file.groups)

    def _stored_schemas(self, rowset: Rowset, hours: Sequence[PlannedHour]) -> Iterator[pa.Schema]:
        warm = [hour for hour in hours if hour.warm_rows]
        if warm:
            span = Span(warm[0].span.start, warm[-1].span.end)
            yield from (batch.schema for batch in islice(self._warm.read(rowset[1], rowset[0], span), 1))
        by_month = {_month(file.hour): file for hour in hours for file in hour.files}
        yield from read_ahead(by_month.values(), self._file_schema, lambda _: 1, THREADS)

    def _file_schema(self, file: ColdFile) -> pa.Schema:
        reader = self._opened_cold().open(file)
        try:
            return reader.schema()
        except KeyRemoved:
            return reader.plain_schema

    def _opened_cold(self) -> ColdTier:
        if self._cold is None:
            raise InvalidSettings("rows lie in the cold tier, which is off: set archive.cold.enabled")
        return self._cold


def columns_of(monitor: Monitor) -> pa.Schema:
    """The columns of a monitor's predictions that its file tells."""
    is_text = monitor.spec.model.task == "multiclass"
    fields = [pa.field("prediction", pa.string() if is_text else pa.float64())]
    for name, feature in monitor.spec.features.items():
        if name not in monitor.spec.privacy.drop:
            fields.append(pa.field(archived_name(name), pa.float64() if feature.type == "number" else pa.string()))
    return pa.schema(fields)


def _kinds_of(monitor: Monitor) -> list[Kind]:
    return [Kind.PREDICTIONS, Kind.LABELS] if monitor.spec.labels else [Kind.PREDICTIONS]


def _month(hour: int) -> str:
    return f"{datetime.fromtimestamp(hour, UTC):%Y-%m}"
