"""What the columns of the tables of rows are, and how rows in the archive's form become bytes for COPY."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.entry import Kind
from exporter.archive.schema import TIME, UNUSABLE
from exporter.archive.warm.postgres_encoding import FLOAT8, INT4, INT8, CopyRows, storable
from exporter.archive.warm.postgres_names import RowLayout, ValueType

_COMMON = ("layout", "monitor", "source", "origin", "sequence", "received_at", "time")
COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.PREDICTIONS: (
        *_COMMON,
        *("prediction", "latency_seconds", "numbers"),
        *("id", "long_id", "prediction_class", "model_version", "error", UNUSABLE, "categories"),
    ),
    Kind.LABELS: (*_COMMON, "label", "id", "long_id", "label_class"),
    Kind.DEAD_LETTERS: (*_COMMON, "id", "long_id", "reason", "detail", "body_kind", "raw"),
}
"""The columns of each kind's table in the order in which they are written: those of fixed size stand together."""

KEYS: Mapping[Kind, tuple[str, ...]] = {
    Kind.PREDICTIONS: ("monitor", "id"),
    Kind.LABELS: ("monitor", "id"),
    Kind.DEAD_LETTERS: ("origin", "sequence", "id"),
}
"""What a row is known by, within its day."""

POSTGRES_EPOCH_US = 946_684_800_000_000
"""2000-01-01, from which PostgreSQL counts."""

_LONGEST_KEY = 512
_CHUNK_BYTES = 4 << 20
_BYTES_BESIDE_FEATURES = 400
_BYTES_A_FEATURE = 14

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RowsToLand:
    """Rows of one kind, monitor and layout, ordered by their keys.

    monitor, layout   : their numbers (`PostgresNames`).
    rows              : in the archive's form; provenance in it is not looked at.
    keys, long_ids    : what stands in `id` and `long_id`.
    time_us           : of each row, microseconds since 1970.
    source, origin, sequence, received_us : provenance of each row; source and origin by number.
    """

    kind: Kind
    monitor: int
    layout: int
    features: RowLayout
    rows: pa.RecordBatch
    keys: Any
    long_ids: Any | None
    time_us: Integers
    source: Integers
    origin: Integers
    sequence: Integers
    received_us: Integers


def rows_to_land(
    kind: Kind,
    monitor: int,
    layout: tuple[int, RowLayout],
    rows: pa.RecordBatch,
    provenance: Mapping[str, Integers],
) -> RowsToLand:
    """Rows with their provenance (`source`, `origin`, `sequence`, `received_us`), put in the order of their keys."""
    keys, long_ids = keys_of(rows.column("id"))
    order = pc.sort_indices(keys)
    positions = order.to_numpy()
    return RowsToLand(
        kind,
        monitor,
        *layout,
        rows.take(order),
        keys.take(order),
        None if long_ids is None else long_ids.take(order),
        rows.column("time").cast(TIME).cast(pa.int64()).to_numpy()[positions],
        **{name: values[positions] for name, values in provenance.items()},
    )


def keys_of(ids: Any) -> tuple[Any, Any | None]:
    """What stands for each id in `id`, and the `long_id` of those that are too long to be a key."""
    plain = storable(ids)
    is_long = pc.greater(pc.binary_length(plain), _LONGEST_KEY)
    if not pc.any(is_long).as_py():
        return plain, None
    keys = [
        _digest(each) if each is not None and len(each.encode()) > _LONGEST_KEY else each for each in plain.to_pylist()
    ]
    return pa.array(keys, pa.string()), pc.if_else(is_long, plain, pa.scalar(None, pa.string()))


def encoded(landing: RowsToLand, columns: Sequence[str]) -> Iterator[memoryview]:
    """Columns of the rows as COPY takes them, a few megabytes at a time."""
    width = _BYTES_BESIDE_FEATURES + _BYTES_A_FEATURE * len(landing.features.features)
    step = max(64, _CHUNK_BYTES // width)
    for start in range(0, landing.rows.num_rows, step):
        yield _encoded_slice(landing, columns, slice(start, min(start + step, landing.rows.num_rows)))


def hours_of(time_us: Integers) -> tuple[Integers, Integers]:
    """The hours (their starts, seconds since 1970) and how many of the times lie in each."""
    hours, counts = np.unique(time_us // 3_600_000_000, return_counts=True)
    return hours * 3_600, counts


def _encoded_slice(landing: RowsToLand, columns: Sequence[str], part: slice) -> memoryview:
    rows = landing.rows.slice(part.start, part.stop - part.start)
    copied = CopyRows(rows.num_rows, len(columns))
    for name in columns:
        _put(copied, name, landing, rows, part)
    return copied.to_buffer()


def _put(copied: CopyRows, name: str, landing: RowsToLand, rows: pa.RecordBatch, part: slice) -> None:
    """One column of the table."""
    match name:
        case "layout" | "monitor":
            copied.number(getattr(landing, name), INT4)
        case "source" | "origin":
            copied.number(getattr(landing, name)[part], INT4)
        case "sequence":
            copied.number(landing.sequence[part], INT8)
        case "received_at":
            copied.number(landing.received_us[part] - POSTGRES_EPOCH_US, INT8)
        case "time":
            copied.number(landing.time_us[part] - POSTGRES_EPOCH_US, INT8)
        case "id":
            copied.text(landing.keys[part])
        case "long_id":
            copied.text(None if landing.long_ids is None else landing.long_ids[part])
        case "numbers":
            copied.numbers([_number(rows, feature) for feature in landing.features.names(ValueType.NUMBER)])
        case "categories":
            copied.texts([storable(rows.column(name)) for name in landing.features.names(ValueType.CATEGORY)])
        case _:
            _put_event_column(copied, name, landing, rows)


def _put_event_column(copied: CopyRows, name: str, landing: RowsToLand, rows: pa.RecordBatch) -> None:
    column = name.removesuffix("_class")
    is_there = column in rows.schema.names
    if name in ("prediction", "label", "latency_seconds"):
        is_number = name == "latency_seconds" or landing.features.outcome is ValueType.NUMBER
        if is_there and is_number:
            numbers = _number(rows, name)
            present = numbers.is_valid().to_numpy(zero_copy_only=False) if numbers.null_count else None
            filled = numbers.fill_null(0.0) if numbers.null_count else numbers
            copied.number(filled.to_numpy(zero_copy_only=False), FLOAT8, present)
        else:
            copied.text(None)
    elif not is_there or (name.endswith("_class") and landing.features.outcome is ValueType.NUMBER):
        copied.text(None)
    elif name == "raw":
        copied.text(rows.column(name).cast(pa.binary()))
    else:
        copied.text(storable(rows.column(column)))


def _number(rows: pa.RecordBatch, name: str) -> Any:
    column = rows.column(name)
    return column if pa.types.is_float64(column.type) else column.cast(pa.float64())


def _digest(identifier: str) -> str:
    """Longer than any id that is a key itself, so that it is never mistaken for one."""
    return f"sha256:{hashlib.sha256(identifier.encode()).hexdigest()}".ljust(_LONGEST_KEY + 1)
