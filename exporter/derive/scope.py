"""The names that a monitor's SQL may use, and how each turns into a DuckDB column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from exporter.batch import ERROR, ID, LATENCY, MODEL_VERSION, PREDICTION, TIMESTAMP, Batch, Floats
from exporter.monitor.spec import Monitor

Kind = Literal["number", "category", "timestamp"]

SQL_TYPES: dict[Kind, str] = {"number": "DOUBLE", "category": "VARCHAR", "timestamp": "TIMESTAMP"}
ARROW_TYPES: dict[Kind, pa.DataType] = {
    "number": pa.float64(),
    "category": pa.string(),
    "timestamp": pa.timestamp("us"),
}


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """A name in SQL, and the column of the batch behind it; a timestamp is in UTC."""

    name: str
    source: str
    kind: Kind


def readable_columns(monitor: Monitor) -> Mapping[str, SqlColumn]:
    """By name: the features that come in the payload, and the fields of the event under their payload names.

    A feature's name goes before a payload's; a derived feature is not among them.
    """
    spec, events = monitor.spec, monitor.spec.events
    given = {name: feature for name, feature in spec.features.items() if feature.sql is None}
    columns = [SqlColumn(name, name, feature.type) for name, feature in given.items()]
    columns += [SqlColumn(feature.field, name, feature.type) for name, feature in given.items() if feature.field]
    prediction: Kind = "category" if spec.model.task == "multiclass" else "number"
    fields: list[tuple[str | None, str, Kind]] = [
        (events.id, ID, "category"),
        (events.timestamp, TIMESTAMP, "timestamp"),
        (events.prediction, PREDICTION, prediction),
        (events.latency_seconds, LATENCY, "number"),
        (events.model_version, MODEL_VERSION, "category"),
        (events.error, ERROR, "category"),
    ]
    columns += [SqlColumn(name, source, kind) for name, source, kind in fields if name]
    by_name: dict[str, SqlColumn] = {}
    for column in columns:
        by_name.setdefault(column.name, column)
    return by_name


def match_name(name: str, known: Iterable[str]) -> list[str]:
    """The known names that SQL means by `name`: SQL does not tell upper case from lower."""
    folded = name.casefold()
    return [candidate for candidate in known if candidate.casefold() == folded]


def sql_batch(batch: Batch, columns: Iterable[SqlColumn]) -> Any:
    """The columns as DuckDB should see them: a missing number is null, not NaN."""
    arrays, fields = [], []
    for column in columns:
        arrays.append(_sql_column(batch, column))
        fields.append(pa.field(column.name, ARROW_TYPES[column.kind]))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _sql_column(batch: Batch, column: SqlColumn) -> Any:
    if not batch.has(column.source):
        return pa.nulls(len(batch), ARROW_TYPES[column.kind])
    if column.kind == "timestamp":
        return _microseconds(batch.number(column.source))
    values = batch.column(column.source)
    if column.kind == "category":
        return values if values.type == pa.string() else values.cast(pa.string())
    numbers = batch.number(column.source)
    missing = np.isnan(numbers)
    return pa.array(numbers, mask=missing) if missing.any() else values


def _microseconds(seconds: Floats) -> Any:
    """Null where it is no date; validation has its own word on such rows."""
    scaled = np.rint(seconds * 1e6)
    is_date = np.abs(scaled) < 2.0**62
    if is_date.all():
        return pa.array(scaled.astype(np.int64), type=pa.timestamp("us"))
    return pa.array(np.where(is_date, scaled, 0.0).astype(np.int64), type=pa.timestamp("us"), mask=~is_date)
