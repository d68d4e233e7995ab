"""Judges the rows that a decoder read: those that cannot be accounted for are set aside, the others are a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.batch import (
    ERROR,
    ID,
    LABEL,
    LATENCY,
    MODEL_VERSION,
    PREDICTION,
    TIMESTAMP,
    Batch,
    Booleans,
    Decoded,
    Integers,
    RawRecords,
    Reason,
    Reject,
)
from exporter.decode.projection import FieldKind, PayloadField, Projection
from exporter.decode.reading import Reading

_NOT_FEATURES = frozenset({ID, TIMESTAMP, PREDICTION, LATENCY, MODEL_VERSION, ERROR, LABEL})
_UNREADABLE_ERROR = "unreadable"
_EMPTY = pa.scalar("", pa.string())


def accept(
    projection: Projection,
    readings: Mapping[str, Reading],
    positions: Integers,
    rejects: Sequence[Reject],
    raw: RawRecords,
) -> Decoded:
    """The batch of the rows that can be accounted for; the others join the records that the decoder set aside."""
    columns = dict(readings)
    if ERROR in columns:
        columns[ERROR] = _told_errors(columns[ERROR])
    verdicts = _Verdicts(len(positions))
    for field in projection.fields:
        judge = _JUDGES.get(field.column)
        if judge is not None:
            judge(field, columns, verdicts)
    batch = Batch(
        pa.RecordBatch.from_arrays([_array(columns[name].values) for name in columns], names=list(columns)),
        positions,
        {name: rows for name, reading in columns.items() if (rows := _marks(name, reading)) is not None},
    )
    if not verdicts.faults:
        return Decoded(batch, rejects, raw)
    rejected = [*rejects, *verdicts.rejects(positions, raw)]
    return Decoded(batch.take(verdicts.codes == 0), sorted(rejected, key=lambda reject: reject.position), raw)


class _Verdicts:
    """Why each row is set aside: 0 when it is not, else one more than the index of the first fault found in it."""

    def __init__(self, rows: int) -> None:
        self.codes: Integers = np.zeros(rows, dtype=np.int64)
        self.faults: list[tuple[Reason, str]] = []

    def set_aside(self, rows: Booleans, reason: Reason, detail: str) -> None:
        if rows.any():
            self.faults.append((reason, detail))
            self.codes[rows & (self.codes == 0)] = len(self.faults)

    def rejects(self, positions: Integers, raw: RawRecords) -> list[Reject]:
        found = []
        for row in np.flatnonzero(self.codes):
            position = int(positions[row])
            reason, detail = self.faults[self.codes[row] - 1]
            found.append(Reject(position, reason, detail, raw[position]))
        return found


def _judge_id(field: PayloadField, columns: dict[str, Reading], verdicts: _Verdicts) -> None:
    reading = columns[ID]
    if reading.mistyped is not None:
        detail = f"field {field.name!r} must hold text or a whole number, to be the prediction's id"
        verdicts.set_aside(reading.mistyped, Reason.MISSING_ID, detail)
    detail = f"field {field.name!r}, the prediction's id, is absent, null or empty"
    verdicts.set_aside(_is_blank(reading.values), Reason.MISSING_ID, detail)


def _judge_timestamp(field: PayloadField, columns: dict[str, Reading], verdicts: _Verdicts) -> None:
    reading = columns[TIMESTAMP]
    finite = np.isfinite(reading.values)
    if finite.all():
        return
    invalid = np.isinf(reading.values)
    if reading.mistyped is not None:
        invalid |= reading.mistyped
    detail = f"field {field.name!r} must hold a time: a number, or text as RFC 3339 has it (2026-01-31T12:00:00Z)"
    verdicts.set_aside(invalid, Reason.INVALID_TIMESTAMP, detail)
    verdicts.set_aside(~finite, Reason.MISSING_TIMESTAMP, f"field {field.name!r}, the timestamp, is absent or null")


def _judge_prediction(field: PayloadField, columns: dict[str, Reading], verdicts: _Verdicts) -> None:
    """An event whose model failed needs no prediction; what stands in its place is no reason to lose it."""
    missing, invalid = _faults_of(field, columns[PREDICTION])
    if not (missing.any() or invalid.any()):
        return
    if ERROR in columns:
        failed = columns[ERROR].values.is_valid().to_numpy(zero_copy_only=False)
        columns[PREDICTION] = _without(columns[PREDICTION], invalid & failed)
        missing, invalid = missing & ~failed, invalid & ~failed
    detail = f"field {field.name!r} must hold {_EXPECTED[field.kind]}, to be the prediction"
    verdicts.set_aside(invalid, Reason.INVALID_PREDICTION, detail)
    detail = (
        f"field {field.name!r}, the prediction, is absent or null, and the event does not say that the model failed"
    )
    verdicts.set_aside(missing, Reason.MISSING_PREDICTION, detail)


def _judge_label(field: PayloadField, columns: dict[str, Reading], verdicts: _Verdicts) -> None:
    missing, invalid = _faults_of(field, columns[LABEL])
    detail = f"field {field.name!r} must hold {_EXPECTED[field.kind]}, to be the label"
    verdicts.set_aside(invalid, Reason.INVALID_LABEL, detail)
    detail = f"field {field.name!r}, the label, is absent, null or empty"
    verdicts.set_aside(missing, Reason.MISSING_LABEL, detail)


_JUDGES: Mapping[str, Callable[[PayloadField, dict[str, Reading], _Verdicts], None]] = {
    ID: _judge_id,
    TIMESTAMP: _judge_timestamp,
    PREDICTION: _judge_prediction,
    LABEL: _judge_label,
}

_EXPECTED: Mapping[FieldKind, str] = {
    FieldKind.SCORE: "a number from 0 to 1",
    FieldKind.NUMBER: "a finite number",
    FieldKind.CATEGORY: "the name of a class",
    FieldKind.OUTCOME: "0, 1, true or false (or text, where the monitor says which means true: spec.model.positive)",
}


def _faults_of(field: PayloadField, reading: Reading) -> tuple[Booleans, Booleans]:
    """bool[n] each: where the value is missing, and where it is there but cannot be used."""
    values, mistyped = reading.values, reading.mistyped
    if field.kind is FieldKind.CATEGORY:
        missing, invalid = _is_blank(values), np.zeros(len(values), dtype=np.bool_)
    else:
        missing, invalid = np.isnan(values), np.isinf(values)
        if field.kind is FieldKind.SCORE:
            invalid |= (values < 0) | (values > 1)
    if mistyped is not None:
        missing, invalid = missing & ~mistyped, invalid | mistyped
    return missing, invalid


def _told_errors(reading: Reading) -> Reading:
    """Null where nothing failed: empty text and `false` say so too; an error of any other type is an error."""
    values = reading.values
    if values.null_count == len(values) and reading.mistyped is None:
        return reading
    values = values.cast(pa.string())
    nothing = pc.is_in(values, pa.array(["", "false"], pa.string()))
    values = pc.if_else(nothing, pa.scalar(None, pa.string()), values)
    if reading.mistyped is not None:
        values = pc.if_else(pa.array(reading.mistyped), pa.scalar(_UNREADABLE_ERROR, pa.string()), values)
    return Reading(values)


def _without(reading: Reading, rows: Booleans) -> Reading:
    """The column with nothing in these rows."""
    if not rows.any():
        return reading
    if isinstance(reading.values, np.ndarray):
        return Reading(np.where(rows, np.nan, reading.values))
    values = reading.values.cast(pa.string())
    return Reading(pc.if_else(pa.array(rows), pa.scalar(None, pa.string()), values))


def _is_blank(texts: Any) -> Booleans:
    """bool[n]: null or empty."""
    if pa.types.is_dictionary(texts.type):
        blank = _is_blank(texts.dictionary)
        indices = texts.indices.fill_null(0).to_numpy(zero_copy_only=False)
        found = blank[indices] if len(blank) else np.zeros(len(texts), dtype=np.bool_)
        return found | texts.is_null().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow: no types
    empty: Booleans = pc.equal(texts, _EMPTY).fill_null(True).to_numpy(zero_copy_only=False)
    return empty


def _marks(name: str, reading: Reading) -> Booleans | None:
    """The rows of a feature with a value of the wrong type; None when there is none."""
    is_marked = name not in _NOT_FEATURES and reading.mistyped is not None and reading.mistyped.any()
    return reading.mistyped if is_marked else None


def _array(values: Any) -> Any:
    return pa.array(values) if isinstance(values, np.ndarray) else values
