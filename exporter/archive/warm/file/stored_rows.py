"""The form that rows are stored and read in: one order of columns, and one type for each over all that are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from exporter.archive.entry import Kind, SequencedEntry
from exporter.archive.schema import DEAD_LETTER_SCHEMA, EVENT_COLUMNS, PROVENANCE, TIME
from exporter.batch import Integers

_WHERE_UNKNOWN: Mapping[str, pa.DataType] = {
    "time": TIME,
    "prediction": pa.float64(),
    "latency_seconds": pa.float64(),
    "label": pa.float64(),
    "raw": pa.binary(),
}
_STORED_TYPES = {pa.string(), pa.float64(), pa.int64(), pa.binary(), TIME}
_EVENT_NAMES = {name for names in EVENT_COLUMNS.values() for name in names}
_PROVENANCE_NAMES = {field.name for field in PROVENANCE}

MICROSECONDS = 1_000_000
NO_COLUMNS = pa.schema([])


def stored_entries(kind: Kind, entries: Sequence[SequencedEntry], origin: str) -> pa.RecordBatch:
    """Rows of entries of one monitor and kind as one batch, in order, with where they came from."""
    rows = joined_batches(kind, [numbered.entry.rows for numbered in entries])
    counts = [numbered.entry.rows.num_rows for numbered in entries]
    received_at = [round(numbered.entry.received_at * MICROSECONDS) for numbered in entries]
    provenance = (
        pa.array(np.repeat(received_at, counts)).cast(TIME),
        pa.array([numbered.entry.source for numbered in entries]).take(pa.array(np.repeat(range(len(counts)), counts))),
        pa.repeat(pa.scalar(origin), rows.num_rows),
        pa.array(np.repeat([numbered.sequence for numbered in entries], counts), pa.int64()),
    )
    known = [name for name in rows.schema.names if name not in _PROVENANCE_NAMES]
    schema = pa.schema([*(rows.schema.field(name) for name in known), *PROVENANCE])
    return pa.RecordBatch.from_arrays([*(rows.column(name) for name in known), *provenance], schema=schema)


def joined_batches(kind: Kind, batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """All rows as one batch in the form that they are stored in."""
    if any(batch.schema != batches[0].schema for batch in batches[1:]):
        schema = union_schema([stored_schema(kind, batch.schema) for batch in batches])
        batches = [conformed(batch, schema) for batch in batches]
    else:
        schema = stored_schema(kind, batches[0].schema)
    return conformed(one_batch(pa.Table.from_batches(batches)), schema)


def table_of(kind: Kind, parts: Sequence[pa.RecordBatch]) -> pa.Table:
    """All rows in one schema, with every column of their kind also where there are none."""
    everywhere = pa.schema([*stored_schema(kind), *PROVENANCE])
    schema = union_schema([everywhere, *(part.schema for part in parts)])
    return pa.Table.from_batches([conformed(part, schema) for part in parts], schema)


def one_batch(table: pa.Table) -> pa.RecordBatch:
    """The table's rows as one batch, also when there are none; OverflowError for more text than one can hold."""
    batches = table.combine_chunks().to_batches()
    if len(batches) > 1:
        raise OverflowError(f"{table.num_rows} rows hold more than 2 GiB of text: land fewer at once")
    return batches[0] if batches else conformed(None, table.schema)


def union_schema(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """Every column of the schemas; one that is a number here and a category there is text."""
    types: dict[str, pa.DataType] = {}
    for schema in schemas:
        for field in schema:
            known = types.setdefault(field.name, field.type)
            types[field.name] = field.type if known == field.type else pa.string()
    ordered = [name for name in types if name not in _PROVENANCE_NAMES]
    ordered += [field.name for field in PROVENANCE if field.name in types]
    return pa.schema([(name, types[name]) for name in ordered])


def conformed(batch: pa.RecordBatch | None, schema: pa.Schema) -> pa.RecordBatch:
    """The rows (None: no rows) with exactly the columns of the schema, null where they have none."""
    if batch is not None and batch.schema == schema:
        return batch
    rows = 0 if batch is None else batch.num_rows
    names = set() if batch is None else set(batch.schema.names)
    arrays = [
        _as_type(batch.column(field.name), field.type)  # type: ignore[union-attr]  # names is empty without a batch
        if field.name in names
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def selected(schema: pa.Schema, columns: Sequence[str] | None) -> pa.Schema:
    """The schema of some columns, in their order; one that nobody has sent is null."""
    if columns is None:
        return schema
    known = set(schema.names)
    return pa.schema([schema.field(name) if name in known else pa.field(name, pa.null()) for name in columns])


def microseconds(rows: pa.RecordBatch, column: str = "time") -> Integers:
    """int64[n], times since the epoch."""
    return rows.column(column).cast(pa.int64()).to_numpy()  # type: ignore[no-any-return]


def category_columns(schema: pa.Schema) -> list[str]:
    """The features of a prediction that are text."""
    known = _EVENT_NAMES | _PROVENANCE_NAMES
    return [field.name for field in schema if field.type == pa.string() and field.name not in known]


def stored_schema(kind: Kind, schema: pa.Schema = NO_COLUMNS) -> pa.Schema:
    """The schema that rows with this one are stored in: every column of their kind, none of another type."""
    present = set(schema.names)
    event_columns = EVENT_COLUMNS[kind]
    fields = [pa.field(name, _type_of(schema, name, present)) for name in event_columns]
    fields += [
        pa.field(field.name, _stored_type(field.type))
        for field in schema
        if field.name not in event_columns and field.name not in _PROVENANCE_NAMES
    ]
    return pa.schema([*fields, *(field for field in PROVENANCE if field.name in present)])


def _type_of(schema: pa.Schema, name: str, present: set[str]) -> pa.DataType:
    if name in DEAD_LETTER_SCHEMA.names and name not in present:
        return DEAD_LETTER_SCHEMA.field(name).type
    if name not in present:
        return _WHERE_UNKNOWN.get(name, pa.string())
    return _stored_type(schema.field(name).type)


def _stored_type(given: pa.DataType) -> pa.DataType:
    if given in _STORED_TYPES:
        return given
    if pa.types.is_floating(given) or pa.types.is_integer(given) or pa.types.is_null(given):
        return pa.float64()
    return TIME if pa.types.is_timestamp(given) else pa.string()


def _as_type(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    return column if column.type == wanted else column.cast(wanted)
