"""The archive's form of rows: the columns that every tier keeps, that cold files hold and that queries see.

===================  ==========================================  ====================================================
column               Arrow type                                  meaning
===================  ==========================================  ====================================================
predictions
`id`                 string                                      the prediction's id
`time`               timestamp[us, UTC]                          when it was made
`prediction`         float64, or string (multiclass)             null where the model failed
`latency_seconds`    float64
`model_version`      string
`error`              string                                      why the model failed; null: it did not
a feature            float64 (number) or string (category)       derived ones too; null where missing or unusable
`unusable`           string                                      features of which a value was there and could not be
                                                                 used (`exporter.archive.unusable_values`); null: none
-------------------  ------------------------------------------  ----------------------------------------------------
labels
`id`                 string                                      the id of the prediction that it belongs to
`time`               timestamp[us, UTC]                          when it arrived
`label`              float64, or string (multiclass)
-------------------  ------------------------------------------  ----------------------------------------------------
dead letters
`id`                 string                                      position in its body, as text
`time`               timestamp[us, UTC]                          when it was set aside
`reason`, `detail`   string                                      as in `exporter.batch.Reject`
`body_kind`          string                                      what the body was posted as: predictions or labels
`raw`                binary                                      the record, as the dead-letter files keep it
-------------------  ------------------------------------------  ----------------------------------------------------
all kinds, added when they land (provenance)
`received_at`        timestamp[us, UTC]                          when the body arrived
`source`             string                                      what brought it: http, file, …
`origin`             string                                      the spool that it came through
`sequence`           int64                                       its entry's number there
===================  ==========================================  ====================================================

A feature whose name is one of the columns above stands as `feature_<name>`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.entry import Entry, Kind
from exporter.archive.unusable_values import unusable_column
from exporter.batch import ERROR, ID, LABEL, LATENCY, MODEL_VERSION, PREDICTION, TIMESTAMP, Batch
from exporter.derive import Derived
from exporter.monitor.spec import Monitor

TIME = pa.timestamp("us", tz="UTC")
UNUSABLE = "unusable"
_NUMBER = pa.float64()

_EVENT_COLUMNS: Mapping[str, tuple[str, pa.DataType | None]] = {
    ID: ("id", pa.string()),
    TIMESTAMP: ("time", TIME),
    PREDICTION: ("prediction", None),
    LATENCY: ("latency_seconds", pa.float64()),
    MODEL_VERSION: ("model_version", pa.string()),
    ERROR: ("error", pa.string()),
    LABEL: ("label", None),
}

PROVENANCE: tuple[pa.Field, ...] = (
    pa.field("received_at", TIME),
    pa.field("source", pa.string()),
    pa.field("origin", pa.string()),
    pa.field("sequence", pa.int64()),
)

DEAD_LETTER_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("time", TIME),
        pa.field("reason", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("body_kind", pa.string()),
        pa.field("raw", pa.binary()),
    ]
)

EVENT_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.PREDICTIONS: ("id", "time", "prediction", "latency_seconds", "model_version", "error", UNUSABLE),
    Kind.LABELS: ("id", "time", "label"),
    Kind.DEAD_LETTERS: tuple(DEAD_LETTER_SCHEMA.names),
}
"""The columns of each kind that are not features; every table has all of them, null where nothing is known."""

_RESERVED = frozenset(
    [
        *(name for names in EVENT_COLUMNS.values() for name in names),
        *(field.name for field in PROVENANCE),
        *("monitor", "label_time"),  # beside them where labels are joined
    ]
)


def archived_name(feature: str) -> str:
    """The column of a feature."""
    return f"feature_{feature}" if feature in _RESERVED else feature


def archived_rows(derived: Derived, received_at: float, leave_out: Collection[str] = ()) -> pa.RecordBatch:
    """Rows of predictions or labels in the archive's form, without the columns (canonical names) in `leave_out`.

    There is a column `unusable` only where a row has such a value.
    """
    batch, arrays, names = derived.batch, [], []
    for name, column in zip(batch.columns.schema.names, batch.columns.columns, strict=True):
        if name in leave_out:
            continue
        archived, wanted = _EVENT_COLUMNS.get(name) or (archived_name(name), None)
        arrays.append(_as_archived(column, wanted))
        names.append(archived)
    if not batch.has(TIMESTAMP):
        arrays.insert(1, pa.array(np.full(len(batch), round(received_at * 1e6), dtype=np.int64)).view(TIME))
        names.insert(1, "time")
    marked = {**batch.mistyped, **derived.failed}
    unusable = unusable_column({name: mask for name, mask in marked.items() if name not in leave_out})
    if unusable is not None:
        arrays.append(unusable)
        names.append(UNUSABLE)
    return pa.RecordBatch.from_arrays(arrays, names=names)


def canonical_batch(rows: pa.RecordBatch, monitor: Monitor) -> Batch:
    """Archived predictions as the data path knows them, with the features that the monitor declares now.

    A category of which the archive has no column yet is null.
    """
    names = {archived: canonical for canonical, (archived, _) in _EVENT_COLUMNS.items()}
    names |= {archived_name(feature): feature for feature in monitor.spec.features}
    is_text = {name for name, feature in monitor.spec.features.items() if feature.type == "category"}
    is_text |= {ID, MODEL_VERSION, ERROR} | ({PREDICTION, LABEL} if monitor.spec.model.task == "multiclass" else set())
    columns = {
        names[name]: _as_canonical(column, is_text=names[name] in is_text)
        for name, column in zip(rows.schema.names, rows.columns, strict=True)
        if name in names
    }
    for name, feature in monitor.spec.features.items():
        if feature.type == "category" and name not in columns:
            columns[name] = pa.nulls(rows.num_rows, pa.string())
    return Batch(pa.RecordBatch.from_pydict(columns), np.arange(rows.num_rows))


def with_provenance(entry: Entry, origin: str, sequence: int) -> pa.RecordBatch:
    """The entry's rows with the columns that tell where they came from."""
    count = entry.rows.num_rows
    received_at = pa.scalar(round(entry.received_at * 1e6), pa.int64()).cast(TIME)
    values = (received_at, entry.source, origin, sequence)
    arrays = [
        pa.repeat(pa.scalar(value, field.type) if not isinstance(value, pa.Scalar) else value, count)
        for field, value in zip(PROVENANCE, values, strict=True)
    ]
    schema = pa.schema([*entry.rows.schema, *PROVENANCE])
    return pa.RecordBatch.from_arrays([*entry.rows.columns, *arrays], schema=schema)


def _as_canonical(column: pa.Array, *, is_text: bool) -> pa.Array:
    """Text, or float64 with NaN for what is missing or cannot be a number any more."""
    if pa.types.is_timestamp(column.type):
        return pa.array(column.cast(pa.int64()).to_numpy(zero_copy_only=False) / 1e6)
    if is_text:
        return column.cast(pa.string())
    if not pa.types.is_floating(column.type):
        return pa.array(np.full(len(column), np.nan))
    return pc.fill_null(column, np.nan)


def _as_archived(column: pa.Array, wanted: pa.DataType | None) -> pa.Array:
    kind = column.type
    if kind == _NUMBER:
        values = column.to_numpy()
        if wanted == TIME:
            return pa.array(np.rint(values * 1e6).astype(np.int64)).view(TIME)
        return pa.array(values, from_pandas=True) if np.isnan(values).any() else column
    return column.dictionary_decode() if pa.types.is_dictionary(kind) else column
