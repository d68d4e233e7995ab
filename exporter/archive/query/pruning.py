"""What a condition rules out, such as hours by `time`: found by Arrow itself, whatever the condition looks like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs

from exporter.archive.cold.names import HOUR_S
from exporter.archive.query.hours import PlannedHour
from exporter.archive.schema import TIME

_FORMAT = ds.ParquetFileFormat()
_NOWHERE = pyarrow.fs.LocalFileSystem()
_CHUNK_HOURS = 128


def surviving(hours: Sequence[PlannedHour], schema: pa.Schema, condition: Any) -> list[PlannedHour]:
    """The hours in which rows may meet the condition; all of them where there is none."""
    if condition is None or "time" not in fields_of(condition, schema):
        return list(hours)
    chunks = [hours[at : at + _CHUNK_HOURS] for at in range(0, len(hours), _CHUNK_HOURS)]
    spans = [between(chunk[0].start, chunk[-1].start + HOUR_S) for chunk in chunks]
    left = [hour for at in possible(spans, schema, condition) for hour in chunks[at]]
    hourly = [between(hour.start, hour.start + HOUR_S) for hour in left]
    return [left[at] for at in possible(hourly, schema, condition)]


def fields_of(condition: Any, schema: pa.Schema) -> set[str]:
    """The columns that a condition refers to: those without which it cannot be bound."""
    empty = schema.empty_table()
    return {name for name in schema.names if not _is_bound(condition, empty.drop_columns([name]))}


def between(start: float, end: float) -> Any:
    """The condition that `time` lies in [start, end)."""
    return (pc.field("time") >= _moment(start)) & (pc.field("time") < _moment(end))


def possible(guarantees: Sequence[Any], schema: pa.Schema, condition: Any) -> list[int]:
    """Positions of the guarantees under which rows may meet the condition: each stands for a file that is so."""
    fragments = [
        _FORMAT.make_fragment(str(at), _NOWHERE, partition_expression=guarantee)
        for at, guarantee in enumerate(guarantees)
    ]
    dataset = ds.FileSystemDataset(fragments, schema, _FORMAT, _NOWHERE)
    return sorted(int(fragment.path) for fragment in dataset.get_fragments(filter=condition))


def _is_bound(condition: Any, table: pa.Table) -> bool:
    try:
        table.filter(condition)
    except pa.ArrowInvalid:
        return False
    return True


def _moment(seconds: float) -> pa.Scalar:
    return pa.scalar(round(seconds * 1e6), pa.int64()).cast(TIME)
