"""Rows of a monitor from the cold files that the ledger has, with what is not wanted left in the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.cold.parquet import PLAIN_COLUMNS, ColdFileReader
from exporter.archive.cold.tier import ColdTier
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile, Ledger
from exporter.archive.schema import TIME
from exporter.archive.warm.tier import Span
from exporter.errors import KeyRemoved


@dataclass(frozen=True, slots=True)
class ColdQuery:
    """Which rows and columns are wanted; None: all columns, rows of any id."""

    kind: Kind
    monitor: str
    span: Span
    columns: Sequence[str] | None = None
    ids: Sequence[str] | None = None


class ColdRows:
    """The rows of a query. Files, row groups and columns that cannot matter are not fetched.

    Rows whose key was removed come with nulls in the columns that it sealed, unless an id is asked for.
    """

    def __init__(self, cold: ColdTier, ledger: Ledger, query: ColdQuery) -> None:
        self._query = query
        self._cold = cold
        self._files = ledger.cold_files(query.monitor, query.kind, query.span)

    def schema(self) -> pa.Schema:
        """The columns of all files, in the query's order where it names them; text where files disagree on a type.

        A column that is named and that no file has is left out.
        """
        fields: dict[str, pa.Field] = {}
        for file in self._files:
            for field in _schema_of(self._cold.open(file)):
                known = fields.setdefault(field.name, field)
                if known.type != field.type:
                    fields[field.name] = pa.field(field.name, pa.string())
        names = self._query.columns if self._query.columns is not None else list(fields)
        return pa.schema([fields[name] for name in names if name in fields])

    def batches(self, schema: pa.Schema | None = None) -> Iterator[pa.RecordBatch]:
        """Rows in the form of `schema`, by default that of all files; CorruptEntry when a file is missing or wrong."""
        schema = self.schema() if schema is None else schema
        for file in self._files:
            yield from self._batches_of(file, schema)

    def _batches_of(self, file: ColdFile, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        reader = self._cold.open(file)
        needed = [*schema.names, *(["time"] if self._is_cut(file) else []), *(["id"] if self._query.ids else [])]
        try:
            groups = self._groups(reader, file)
            for batch in reader.batches(needed, groups):
                yield _in_form(self._wanted(batch, file), schema)
        except KeyRemoved:
            if self._query.ids is None:
                plain = [name for name in needed if name in PLAIN_COLUMNS] or ["time"]
                for batch in reader.batches(plain, self._groups(reader, file)):
                    yield _in_form(self._wanted(batch, file), schema)

    def _is_cut(self, file: ColdFile) -> bool:
        """Whether the span begins or ends within the file's hour."""
        return file.hour < self._query.span.start or file.hour + 3600 > self._query.span.end

    def _groups(self, reader: ColdFileReader, file: ColdFile) -> list[int] | None:
        """Row groups that may matter; None: all."""
        found: set[int] | None = None
        if self._is_cut(file):
            start, end = (datetime.fromtimestamp(at, UTC) for at in (self._query.span.start, self._query.span.end))
            found = set(reader.groups("time", start, end))
        if self._query.ids is not None:
            with_ids = set(reader.groups_with_ids(self._query.ids))
            found = with_ids if found is None else found & with_ids
        return None if found is None else sorted(found)

    def _wanted(self, batch: pa.RecordBatch, file: ColdFile) -> pa.RecordBatch:
        keep = None
        if self._is_cut(file):
            start, end = (pa.scalar(round(at * 1e6), TIME) for at in (self._query.span.start, self._query.span.end))
            time = batch.column("time")
            keep = pc.and_(pc.greater_equal(time, start), pc.less(time, end))
        if self._query.ids is not None:
            is_wanted = pc.is_in(batch.column("id"), pa.array(self._query.ids, pa.string()))
            keep = is_wanted if keep is None else pc.and_(keep, is_wanted)
        return batch if keep is None else batch.filter(keep)


def _schema_of(reader: ColdFileReader) -> pa.Schema:
    try:
        return reader.schema()
    except KeyRemoved:
        return reader.plain_schema


def _in_form(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the columns of a schema, null where it has none."""
    names = batch.schema.names
    arrays = [
        batch.column(field.name).cast(field.type) if field.name in names else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
