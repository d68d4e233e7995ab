"""Rows of a file that can be cut, timed and sent, in the three forms that files come in."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from exporter.batch import Floats
from exporter.cli.replaying.timestamps import UNITS_A_SECOND, Unit, like, to_seconds

ARROW_STREAM = "application/vnd.apache.arrow.stream"


@dataclass(frozen=True, slots=True)
class TimeField:
    """Which field holds the timestamp, and the unit of those that are numbers."""

    name: str
    unit: Unit


class Rows(Protocol):
    """Some rows of one file, in order."""

    @property
    def media_type(self) -> str: ...

    def __len__(self) -> int: ...

    def cut(self, start: int, stop: int) -> Self:
        """Rows [start, stop)."""

    def seconds(self, field: TimeField) -> Floats:
        """float64[n]: the timestamps in seconds since the epoch, NaN where a row has none."""

    def with_seconds(self, field: TimeField, seconds: Floats) -> Self:
        """The same rows at other times; a row without a timestamp is left as it is."""

    def body(self) -> bytes:
        """What is posted."""


@dataclass(frozen=True, slots=True)
class JsonRows:
    """Lines of NDJSON. One that is no JSON object is sent as it is: saying so is up to the server."""

    lines: Sequence[bytes]
    media_type: str = "application/x-ndjson"

    def __len__(self) -> int:
        return len(self.lines)

    def cut(self, start: int, stop: int) -> JsonRows:
        return JsonRows(self.lines[start:stop])

    def seconds(self, field: TimeField) -> Floats:
        return np.array([to_seconds(_object(line).get(field.name), field.unit) for line in self.lines])

    def with_seconds(self, field: TimeField, seconds: Floats) -> JsonRows:
        return JsonRows([_shifted(line, field, at) for line, at in zip(self.lines, seconds.tolist(), strict=True)])

    def body(self) -> bytes:
        return b"\n".join(self.lines) + b"\n"


@dataclass(frozen=True, slots=True)
class CsvRows:
    """Records of CSV as text fields, with their header."""

    header: Sequence[str]
    records: Sequence[Sequence[str]]
    media_type: str = "text/csv"

    def __len__(self) -> int:
        return len(self.records)

    def cut(self, start: int, stop: int) -> CsvRows:
        return CsvRows(self.header, self.records[start:stop])

    def seconds(self, field: TimeField) -> Floats:
        if field.name not in self.header:
            return np.full(len(self), np.nan)
        column = self.header.index(field.name)
        values = (record[column] if column < len(record) else None for record in self.records)
        return np.array([to_seconds(value, field.unit) for value in values])

    def with_seconds(self, field: TimeField, seconds: Floats) -> CsvRows:
        if field.name not in self.header:
            return self
        column = self.header.index(field.name)
        records = [list(record) for record in self.records]
        for record, at in zip(records, seconds.tolist(), strict=True):
            if column < len(record) and at == at:  # noqa: PLR0124 - NaN is the one that differs from itself
                record[column] = str(like(record[column], at, field.unit))
        return CsvRows(self.header, records)

    def body(self) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.header, *self.records])
        return text.getvalue().encode(errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class ArrowRows:
    """Columns, as Parquet and Arrow files hold them."""

    columns: pa.RecordBatch
    media_type: str = ARROW_STREAM

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def cut(self, start: int, stop: int) -> ArrowRows:
        return ArrowRows(self.columns.slice(start, stop - start))

    def seconds(self, field: TimeField) -> Floats:
        if field.name not in self.columns.schema.names:
            return np.full(len(self), np.nan)
        column = self.columns.column(field.name)
        if pa.types.is_timestamp(column.type):
            column = pc.divide(pc.cast(pc.cast(column, pa.timestamp("us"), safe=False), pa.int64()), 1e6)
        elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            column = pc.divide(pc.cast(column, pa.float64(), safe=False), UNITS_A_SECOND[field.unit])
        else:
            return np.array([to_seconds(value, field.unit) for value in column.to_pylist()])
        seconds: Floats = column.to_numpy(zero_copy_only=False)
        return seconds

    def with_seconds(self, field: TimeField, seconds: Floats) -> ArrowRows:
        if field.name not in self.columns.schema.names:
            return self
        index = self.columns.schema.get_field_index(field.name)
        column = self.columns.schema.field(index)
        return ArrowRows(self.columns.set_column(index, column, _arrow_times(seconds, column.type, field.unit)))

    def body(self) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.columns.schema) as writer:
            writer.write_batch(self.columns)
        return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _shifted(line: bytes, field: TimeField, seconds: float) -> bytes:
    record = _object(line)
    if field.name not in record or seconds != seconds:  # noqa: PLR0124 - NaN is the one that differs from itself
        return line
    return orjson.dumps(record | {field.name: like(record[field.name], seconds, field.unit)})


def _arrow_times(seconds: Floats, kind: pa.DataType, unit: Unit) -> pa.Array:
    """`seconds` as an Arrow array of the type that the column had; null where NaN."""
    if pa.types.is_timestamp(kind):
        return pc.cast(_whole(seconds * 1e6), pa.timestamp("us", kind.tz)).cast(kind, safe=False)
    if pa.types.is_integer(kind):
        return _whole(seconds * UNITS_A_SECOND[unit]).cast(kind)
    if pa.types.is_floating(kind):
        return pa.array(seconds * UNITS_A_SECOND[unit], from_pandas=True).cast(kind)
    texts = [None if at != at else str(like("", at, unit)) for at in seconds.tolist()]  # noqa: PLR0124 - NaN
    return pa.array(texts, pa.string()).cast(kind)


def _whole(values: Floats) -> pa.Array:
    return pc.cast(pc.round(pa.array(values, from_pandas=True)), pa.int64(), safe=False)
