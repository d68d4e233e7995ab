"""Arrow IPC streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from exporter.batch import Decoded, RawRecords, Reason
from exporter.decode.acceptance import accept
from exporter.decode.arrow_messages import check_stream
from exporter.decode.arrow_values import absent_column, read_column
from exporter.decode.projection import PayloadField, Projection
from exporter.decode.reading import ROW_LIMIT, Reading
from exporter.errors import RejectedPayload

ROWS_A_BLOCK = 1024


class ArrowStreamDecoder:
    """Reads only the columns that the projection names, each without a copy where its type already fits."""

    def __init__(self, projection: Projection, row_limit: int = ROW_LIMIT) -> None:
        self._projection = projection
        self._row_limit = row_limit
        self._names = dict.fromkeys(projection.names())

    def decode(self, body: bytes) -> Decoded:
        check_stream(body, self._row_limit)
        try:
            batches = self._read(body)
            rows = sum(batch.num_rows for batch in batches)
            columns = _columns(batches)
            readings = {field.column: self._reading(field, columns, rows) for field in self._projection.fields}
        except (pa.ArrowException, OSError, ValueError) as error:
            raise RejectedPayload(Reason.MALFORMED, f"the body is no sound Arrow IPC stream: {error}") from error
        return accept(self._projection, readings, np.arange(rows), [], RawRecords(_raw_rows(batches)))

    def _read(self, body: bytes) -> list[Any]:
        names = pa.ipc.open_stream(body).schema.names
        wanted = [index for index, name in enumerate(names) if name in self._names]
        if len({names[index] for index in wanted}) < len(wanted):
            repeated = next(names[index] for index in wanted if names.count(names[index]) > 1)
            raise RejectedPayload(Reason.MALFORMED, f"column {repeated!r} stands twice in the schema")
        if not wanted:
            expected = ", ".join(self._names)
            raise RejectedPayload(Reason.MALFORMED, f"none of the monitor's fields is in the schema: {expected}")
        options = pa.ipc.IpcReadOptions(included_fields=wanted, use_threads=False)
        batches = list(pa.ipc.open_stream(body, options=options))
        for batch in batches:
            batch.validate(full=True)
        return batches

    def _reading(self, field: PayloadField, columns: Mapping[str, Any], rows: int) -> Reading:
        if field.name not in columns:
            return absent_column(rows, field.kind)
        return read_column(columns[field.name], field.kind, self._projection)


def _columns(batches: Sequence[Any]) -> dict[str, Any]:
    """One array for each name."""
    if not batches:
        return {}
    parts = zip(*(batch.columns for batch in batches), strict=True)
    return {name: _joined(arrays) for name, arrays in zip(batches[0].schema.names, parts, strict=True)}


def _joined(arrays: Sequence[Any]) -> Any:
    """One array; dictionaries of several batches become one."""
    if len(arrays) == 1:
        return arrays[0]
    joined = pa.chunked_array(arrays)
    if pa.types.is_dictionary(joined.type):
        joined = joined.unify_dictionaries()
    return joined.combine_chunks()


def _raw_rows(batches: Sequence[Any]) -> Callable[[int], bytes]:
    """Each row as a JSON object of the columns that were read, a block of rows at a time."""

    @lru_cache(maxsize=1)
    def block(start: int) -> list[bytes]:
        rows = pa.Table.from_batches(batches).slice(start, ROWS_A_BLOCK)
        columns = [_python_values(column) for column in rows.columns]
        names = rows.schema.names
        return [
            msgspec.json.encode(dict(zip(names, values, strict=True)), enc_hook=str)
            for values in zip(*columns, strict=True)
        ]

    return lambda row: block(row - row % ROWS_A_BLOCK)[row % ROWS_A_BLOCK]


def _python_values(column: Any) -> list[object]:
    """Times as text (Python has no nanoseconds). Lists are left out (a few bytes can stand for billions of nulls), and
    so is a column with a value that Python cannot hold.
    """
    if pa.types.is_nested(column.type):
        return [None] * len(column)
    try:
        if pa.types.is_temporal(column.type):
            return column.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]  # pyarrow has no types
        return [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in column.to_pylist()]
    except (pa.ArrowException, ValueError, ArithmeticError):
        return [None] * len(column)
