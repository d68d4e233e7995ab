"""Turns a chunk of a data file into a batch, as the decoders turn live events into one.

Unlike a live event, a row of a reference needs no id and no timestamp: training data seldom has them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from exporter.batch import PREDICTION, Batch, Booleans
from exporter.decode import scalars
from exporter.decode.arrow_values import absent_column, read_column
from exporter.decode.projection import FieldKind, PayloadField, Projection
from exporter.decode.reading import Reading
from exporter.decode.text_values import times_in
from exporter.errors import InvalidReference, RejectedPayload
from exporter.reference.data import DataChunk


def read_batch(projection: Projection, chunk: DataChunk) -> tuple[Batch, Booleans]:
    """The canonical columns of a chunk, absent ones filled with nothing; and where the prediction's type was wrong."""
    readings = {field.column: _read(field, projection, chunk) for field in projection.fields}
    columns = {name: _as_array(reading.values) for name, reading in readings.items()}
    mistyped = {name: reading.mistyped for name, reading in readings.items() if reading.mistyped is not None}
    wrong = mistyped.get(PREDICTION, np.zeros(chunk.rows, dtype=np.bool_))
    features = {name: mask for name, mask in mistyped.items() if not name.startswith("@")}
    return Batch(pa.RecordBatch.from_pydict(columns), np.arange(chunk.rows), features), wrong


def _read(field: PayloadField, projection: Projection, chunk: DataChunk) -> Reading:
    values = chunk.columns.get(field.name)
    if values is None:
        return absent_column(chunk.rows, field.kind)
    if isinstance(values, list):
        return _read_json(values, field.kind, projection)
    try:
        return read_column(values, field.kind, projection)
    except (RejectedPayload, pa.ArrowException) as error:
        raise InvalidReference(f"column {field.name!r}: {error}") from error


def _read_json(values: list[Any], kind: FieldKind, projection: Projection) -> Reading:
    if kind in {FieldKind.NUMBER, FieldKind.SCORE}:
        return Reading(*scalars.numbers(values))
    if kind is FieldKind.TIMESTAMP:
        numbers, mistyped = scalars.numbers(values)
        if mistyped is None:
            return Reading(numbers / projection.units_per_second)
        texts = [None if value is None else str(value) for value in values]
        return times_in(scalars.text_array(texts), projection.units_per_second)
    texts, mistyped = (scalars.identifiers if kind is FieldKind.ID else scalars.categories)(values)
    return Reading(scalars.text_array(texts), mistyped)


def _as_array(values: Any) -> Any:
    return pa.array(values) if isinstance(values, np.ndarray) else values
