"""Turns a chunk of a data file into a batch, with the words that the decoders have for single values.

Unlike a live event, a row of a reference needs no id and no timestamp: training data seldom has them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from exporter.batch import PREDICTION, Batch, Booleans
from exporter.decode import scalars
from exporter.decode.projection import Kind, PayloadField, Projection
from exporter.decode.reading import Reading
from exporter.decode.text_values import numbers_in, times_in
from exporter.reference.data import DataChunk

_NUMBERS = frozenset({Kind.NUMBER, Kind.SCORE, Kind.TIMESTAMP})


def read_batch(projection: Projection, chunk: DataChunk, is_text: bool) -> tuple[Batch, Booleans]:
    """The canonical columns of a chunk, absent ones filled with nothing; and where the prediction's type was wrong."""
    readings = {field.column: _read(field, projection, chunk, is_text) for field in projection.fields}
    columns = {name: _as_array(reading.values) for name, reading in readings.items()}
    mistyped = {name: reading.mistyped for name, reading in readings.items() if reading.mistyped is not None}
    wrong = mistyped.get(PREDICTION, np.zeros(chunk.rows, dtype=np.bool_))
    features = {name: mask for name, mask in mistyped.items() if not name.startswith("@")}
    return Batch(pa.RecordBatch.from_pydict(columns), np.arange(chunk.rows), features), wrong


def _read(field: PayloadField, projection: Projection, chunk: DataChunk, is_text: bool) -> Reading:
    values = chunk.columns.get(field.name)
    if values is None:
        values = pa.nulls(chunk.rows)
    if field.kind is Kind.TIMESTAMP:
        return _times(values, projection.units_per_second)
    if field.kind in _NUMBERS:
        return _numbers(values, is_text)
    return _texts(values)


def _as_array(values: Any) -> Any:
    return pa.array(values) if isinstance(values, np.ndarray) else values


def _numbers(values: Any, is_text: bool) -> Reading:
    if isinstance(values, list):
        return Reading(*scalars.numbers(values))
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _numbers(values.dictionary_decode(), is_text)
    if pa.types.is_null(kind):
        return Reading(np.full(len(values), np.nan))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Reading(values.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False))
    if is_text:
        return numbers_in(values)
    return Reading(np.full(len(values), np.nan), _present(values))


def _texts(values: Any) -> Reading:
    if isinstance(values, list):
        texts, mistyped = scalars.categories(values)
        return Reading(scalars.text_array(texts), mistyped)
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _texts(values.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_null(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return Reading(values.cast(pa.string()))
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return Reading(values.cast(pa.string()))
    if pa.types.is_floating(kind):
        distinct = values.dictionary_encode()
        texts, _ = scalars.categories(distinct.dictionary.to_pylist())
        return Reading(pa.DictionaryArray.from_arrays(distinct.indices, scalars.text_array(texts)).dictionary_decode())
    return Reading(pa.nulls(len(values), pa.string()), _present(values))


def _times(values: Any, units_per_second: float) -> Reading:
    if isinstance(values, list):
        values = scalars.text_array([None if value is None else str(value) for value in values])
    kind = values.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        microseconds = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).cast(pa.float64())
        return Reading(microseconds.fill_null(np.nan).to_numpy(zero_copy_only=False) / 1e6)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return times_in(values.cast(pa.string()), units_per_second)
    numbers = _numbers(values, is_text=False)
    return Reading(numbers.values / units_per_second, numbers.mistyped)


def _present(values: Any) -> Booleans:
    present: Booleans = values.is_valid().to_numpy(zero_copy_only=False)
    return present
