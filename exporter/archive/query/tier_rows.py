"""The rows of one monitor and kind over both tiers, as a dataset that DuckDB asks for columns and conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.dataset as ds

from exporter.archive.ledger import ColdFile
from exporter.archive.query.found_rows import COLUMNS, KINDS, FoundRows
from exporter.archive.query.hours import PlannedHour, Rowset, Run, is_still_warm, runs
from exporter.archive.query.overlap import ENTRY, Overlap, RowKeys
from exporter.archive.query.pruning import between, surviving
from exporter.archive.query.sought import Sought, sought
from exporter.archive.warm.tier import Span, StoredHour
from exporter.errors import InfranautError, LateRows


class TierReader(Protocol):
    """Reads what lies in one place. Calls block; what is away raises RetryLater."""

    def hours(self) -> Sequence[StoredHour]:
        """The side counts as they are now."""

    def warm_rows(self, rowset: Rowset, span: Span, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns that are not known are left out."""

    def found_warm(self, rowset: Rowset, ids: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Rows with one of these ids and all their columns, of any time, by an index."""

    def cold_rows(
        self, files: Sequence[ColdFile], columns: Sequence[str], wanted: Sought | None = None
    ) -> Iterator[pa.RecordBatch]:
        """As `warm_rows`, file by file; rows that are not wanted may be left out."""


class TierRows(ds.Dataset):  # type: ignore[misc] # pyarrow comes without types
    """Its base is what DuckDB looks for; `schema` and `scanner` are all that it uses of it.

    failures : gets what ends a scan, since DuckDB passes on no more than the words of it.
    """

    def __init__(
        self,
        rowset: Rowset,
        hours: Sequence[PlannedHour],
        schema: pa.Schema,
        reader: TierReader,
        failures: list[InfranautError],
        span: Span | None = None,
    ) -> None:
        self._rowset = rowset
        self._hours = hours
        self._schema = schema
        self._reader = reader
        self._failures = failures
        self._always = between(span.start, span.end) if span else None

    @property
    def schema(self) -> pa.Schema:
        return self._schema

    def scanner(self, columns: Sequence[str] | None = None, filter: Any = None, **_: Any) -> _Scan:  # noqa: A002 - Arrow's word
        """Rows that meet the condition, of which only these columns are read."""
        conditions = [condition for condition in (self._always, filter) if condition is not None]
        condition = reduce(and_, conditions) if conditions else None
        wanted = self._schema.names if columns is None else list(columns)
        hours = surviving(self._hours, self._schema, condition)
        asked = sought(condition, self._schema)
        return _Scan(self._rowset, hours, self._schema, self._reader, self._failures, wanted, asked)


@dataclass(frozen=True, slots=True)
class _Scan:
    rowset: Rowset
    hours: Sequence[PlannedHour]
    schema: pa.Schema
    reader: TierReader
    failures: list[InfranautError]
    columns: Sequence[str]
    sought: Sought | None

    def to_reader(self) -> pa.RecordBatchReader:
        projected = pa.schema([self.schema.field(name) for name in self.columns])
        return pa.RecordBatchReader.from_batches(projected, self._told())

    def _told(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._batches()
        except InfranautError as error:
            self.failures.append(error)
            raise

    def _batches(self) -> Iterator[pa.RecordBatch]:
        needed = {*self.columns, *(self.sought.columns if self.sought is not None else ())}
        fields = [field for field in self.schema if field.name in needed]
        for batch in self._rows([field.name for field in fields]):
            table = pa.Table.from_batches([conformed(batch, pa.schema(fields))])
            met = table if self.sought is None else table.filter(self.sought.condition)
            yield from met.select(self.columns).to_batches()
        self._check_that_nothing_has_left()

    def _rows(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        if self.sought is not None and self.sought.ids is not None and self.rowset[1] in KINDS:
            yield from self._find(self.sought.ids, columns)
        else:
            for run in runs(self.hours):
                yield from self._read(run, columns)

    def _find(self, ids: Sequence[str], columns: list[str]) -> Iterator[pa.RecordBatch]:
        """By index and statistics; an hour for which these are not enough is read."""
        found, needed = FoundRows(self.hours, ids), _together(columns, COLUMNS)
        if any(hour.warm_rows for hour in self.hours):
            for batch in self.reader.found_warm(self.rowset, ids):
                found.add_warm(batch)
        files = [file for hour in self.hours for file in hour.files]
        for batch in self.reader.cold_rows(files, needed, self.sought):
            found.add_cold(batch)
        yield from found.batches()
        for hour in found.doubtful_hours:
            yield from self._read_both(hour, columns)

    def _read(self, run: Run, columns: list[str]) -> Iterator[pa.RecordBatch]:
        if run.where == "warm":
            yield from self.reader.warm_rows(self.rowset, run.span, columns)
        elif run.where == "cold":
            yield from self.reader.cold_rows([file for hour in run.hours for file in hour.files], columns, self.sought)
        else:
            for hour in run.hours:
                yield from self._read_both(hour, columns)

    def _read_both(self, hour: PlannedHour, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """What is warm, then what is cold alone."""
        overlap, keys = Overlap(hour), RowKeys(self.rowset[1])
        for batch in self.reader.warm_rows(self.rowset, hour.span, _together(columns, ENTRY)):
            overlap.see(batch)
            yield batch
        missing = overlap.files_to_read()
        whole = [file for file in missing if not overlap.is_in_part(file)]
        yield from self.reader.cold_rows(whole, columns, self.sought)
        in_part = [file for file in missing if overlap.is_in_part(file)]
        if in_part:
            keys.learn(self.reader.warm_rows(self.rowset, hour.span, keys.columns), overlap.rows)
            for batch in self.reader.cold_rows(in_part, _together(columns, keys.columns), self.sought):
                yield keys.unknown(batch)

    def _check_that_nothing_has_left(self) -> None:
        """What is in both tiers is found in the cold one once it has left the warm one; the rest is looked for."""
        planned = [hour for hour in self.hours if hour.where == "warm"]
        if planned and not is_still_warm(planned, self.reader.hours(), self.rowset):
            raise LateRows("rows left the warm tier while the query read them; run it again")


def conformed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with exactly these columns: null where it has none, cast where it has another type."""
    arrays = []
    for field in schema:
        at = batch.schema.get_field_index(field.name)
        column = batch.column(at) if at >= 0 else pa.nulls(batch.num_rows, field.type)
        arrays.append(column if column.type == field.type else column.cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _together(columns: Sequence[str], more: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*columns, *more]))
