"""Bodies of every format from the same rows, and what to read them with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv

from exporter.batch import ERROR, ID, LABEL, LATENCY, MODEL_VERSION, PREDICTION, TIMESTAMP, Decoded, Reason
from exporter.decode import Decoders, Projection
from exporter.decode.formats import ARROW_STREAM, CSV, JSON_ARRAY, JSON_LINES
from exporter.decode.projection import FieldKind, PayloadField

Row = Mapping[str, Any]

_ROLES = {
    "id": (ID, FieldKind.ID),
    "ts": (TIMESTAMP, FieldKind.TIMESTAMP),
    "score": (PREDICTION, FieldKind.SCORE),
    "latency": (LATENCY, FieldKind.NUMBER),
    "version": (MODEL_VERSION, FieldKind.CATEGORY),
    "error": (ERROR, FieldKind.CATEGORY),
}


def a_projection(
    prediction: FieldKind = FieldKind.SCORE, units_per_second: float = 1.0, **features: FieldKind
) -> Projection:
    """Reads id, ts, score, latency, version, error and the features: age (number) and region (category) by default."""
    features = features or {"age": FieldKind.NUMBER, "region": FieldKind.CATEGORY}
    roles = {**_ROLES, "score": (PREDICTION, prediction)}
    fields = [PayloadField(name, column, kind) for name, (column, kind) in roles.items()]
    fields += [PayloadField(name, name, kind) for name, kind in features.items()]
    return Projection(tuple(fields), units_per_second)


def a_labels_projection(label: FieldKind = FieldKind.OUTCOME, positive: str | None = None) -> Projection:
    """Reads id and label."""
    fields = (PayloadField("id", ID, FieldKind.ID), PayloadField("label", LABEL, label))
    return Projection(fields, positive=positive)


def an_event(number: int = 0, **changes: Any) -> dict[str, Any]:
    """An event that nothing is wrong with; a change to `...` leaves the field out."""
    event = {
        "id": f"e{number}",
        "ts": 1_700_000_000.5 + number,
        "score": 0.25,
        "latency": 0.125,
        "version": "v1",
        "error": None,
        "age": 30.5 + number,
        "region": "north",
    }
    return {name: value for name, value in (event | changes).items() if value is not ...}


def events(count: int) -> list[dict[str, Any]]:
    return [an_event(number) for number in range(count)]


def as_lines(rows: Sequence[Row]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def as_array(rows: Sequence[Row]) -> bytes:
    return msgspec.json.encode(rows)


def as_arrow(rows: Sequence[Row] | Any, **options: Any) -> bytes:
    """The rows, or a table of them, as an IPC stream."""
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist([dict(row) for row in rows])
    sink = BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue()


def as_csv(rows: Sequence[Row]) -> bytes:
    sink = BytesIO()
    pyarrow.csv.write_csv(pa.Table.from_pylist([dict(row) for row in rows]), sink)
    return sink.getvalue()


ENCODERS: Mapping[str, Callable[[Sequence[Row]], bytes]] = {
    JSON_LINES: as_lines,
    JSON_ARRAY: as_array,
    ARROW_STREAM: as_arrow,
    CSV: as_csv,
}


def decode(body: bytes, content_type: str = JSON_LINES, projection: Projection | None = None) -> Decoded:
    return Decoders(projection or a_projection()).decode(body, content_type)


def column(decoded: Decoded, name: str) -> list[Any]:
    """The column's values in Python, None where missing."""
    values = decoded.batch.column(name).to_pylist()
    return [None if isinstance(value, float) and value != value else value for value in values]


def reasons(decoded: Decoded) -> list[tuple[int, Reason]]:
    return [(reject.position, reject.reason) for reject in decoded.rejects]
