"""Entries in the archive's form, streams of them, and rows as plain values to compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from exporter.archive.entry import Entry, Kind, SequencedEntry
from exporter.archive.schema import DEAD_LETTER_SCHEMA, TIME, with_provenance
from exporter.archive.unusable_values import unusable_column
from exporter.archive.warm.tier import Span, WarmTier
from exporter.batch import Booleans
from tests.support.batches import START_S

ORIGIN = "exporter-1/0"
MONITOR = "credit"
HOUR_S = 3_600
DAY_S = 86_400
EVER = Span(-1e10, 1e10)

ArchivedRow = dict[str, Any]
HourCounts = dict[tuple[str, Kind, int], tuple[int, int]]
"""Monitor, kind and start → rows, and those that have a label."""


def predictions(
    ids: Sequence[str], times: Sequence[float] | float = START_S, prediction: Any = 0.5, **features: Any
) -> pa.RecordBatch:
    """Rows with the given times (of one: all at it); a feature is one value for all rows, or a sequence of them."""
    columns: dict[str, Any] = {
        "id": pa.array(ids, pa.string()),
        "time": _times(times, len(ids)),
        "prediction": _values(prediction, len(ids)),
    }
    columns |= {name: _values(values, len(ids)) for name, values in features.items()}
    return pa.RecordBatch.from_pydict(columns)


def labels(ids: Sequence[str], times: Sequence[float] | float = START_S, label: Any = 1.0) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {"id": pa.array(ids, pa.string()), "time": _times(times, len(ids)), "label": _values(label, len(ids))}
    )


def letters(positions: Sequence[int], times: Sequence[float] | float = START_S) -> pa.RecordBatch:
    """Dead letters of one body."""
    count = len(positions)
    columns = [
        pa.array([str(position) for position in positions]),
        _times(times, count),
        pa.array(["malformed"] * count),
        pa.array([f"record {position} is cut off" for position in positions]),
        pa.array(["predictions"] * count),
        pa.array([b'{"id": "p\xff"'] * count),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=DEAD_LETTER_SCHEMA)


def an_entry(rows: pa.RecordBatch, monitor: str = MONITOR, received_at: float = START_S, source: str = "http") -> Entry:
    """Its kind is told by its columns."""
    names = rows.schema.names
    kind = Kind.LABELS if "label" in names else Kind.DEAD_LETTERS if "body_kind" in names else Kind.PREDICTIONS
    return Entry(monitor, kind, source, received_at, rows)


def a_stream(*entries: Entry | pa.RecordBatch, first: int = 1) -> list[SequencedEntry]:
    """Entries (rows alone are those of an entry of `MONITOR`) with the numbers from `first` on."""
    whole = [entry if isinstance(entry, Entry) else an_entry(entry) for entry in entries]
    return [SequencedEntry(first + index, entry) for index, entry in enumerate(whole)]


def varied_predictions(rng: np.random.Generator, rows: int, prefix: str, start_s: float = START_S) -> pa.RecordBatch:
    """Features of both types with missing and unusable values, over three hours from `start_s` on."""
    times = np.sort(start_s + 3 * HOUR_S * rng.random(rows)).round(6)
    batch = predictions(
        [f"{prefix}-{row}" for row in range(rows)],
        times.tolist(),
        rng.random(rows).round(6).tolist(),
        latency_seconds=rng.random(rows).round(4).tolist(),
        model_version=rng.choice(["1", "2"], rows).tolist(),
        age=[None if rng.random() < 0.1 else float(value) for value in rng.integers(18, 90, rows)],
        region=[None if rng.random() < 0.1 else str(value) for value in rng.choice(["north", "süd", "😀"], rows)],
    )
    marked = {name: _every_other(batch.column(name).is_null()) for name in ("age", "region")}
    unusable = unusable_column(marked)
    return batch if unusable is None else batch.append_column("unusable", unusable)


def archived(streams: Mapping[str, Iterable[SequencedEntry]]) -> list[ArchivedRow]:
    """What a tier holds once the streams, by origin, have landed, and nothing in them is there twice."""
    batches = [
        with_provenance(numbered.entry, origin, numbered.sequence)
        for origin, stream in streams.items()
        for numbered in stream
    ]
    return plain(batches)


def plain(batches: Iterable[pa.RecordBatch] | pa.Table) -> list[ArchivedRow]:
    """Rows without their nulls, ordered by origin, sequence and id, then by time."""
    parts = batches.to_batches() if isinstance(batches, pa.Table) else batches
    rows = [
        {name: value for name, value in row.items() if value is not None}
        for batch in parts
        for row in batch.to_pylist()
    ]
    return sorted(rows, key=lambda row: (row.get("origin", ""), row.get("sequence", 0), row["id"], row["time"]))


def ids(batches: Iterable[pa.RecordBatch] | pa.Table) -> list[str]:
    """The ids of rows, sorted."""
    parts = batches.to_batches() if isinstance(batches, pa.Table) else batches
    return sorted(identifier for batch in parts for identifier in batch.column("id").to_pylist())


def side_counts(tier: WarmTier) -> HourCounts:
    """What the tier says of its hours, empty ones left out."""
    hours = tier.hours()
    assert len({(hour.monitor, hour.kind, hour.start) for hour in hours}) == len(hours)
    return {(hour.monitor, hour.kind, hour.start): (hour.rows, hour.labelled) for hour in hours if hour.rows}


def counted_hours(tier: WarmTier, *monitors: str) -> HourCounts:
    """The same, counted over the rows of these monitors."""
    there: HourCounts = {}
    for monitor in monitors or (MONITOR,):
        for kind in Kind:
            is_labelled = kind is Kind.PREDICTIONS
            batches = tier.read_labelled(monitor, EVER) if is_labelled else tier.read(kind, monitor, EVER)
            for row in plain(batches):
                start = int(row["time"].timestamp() // HOUR_S * HOUR_S)
                rows, labelled = there.get((monitor, kind, start), (0, 0))
                there[monitor, kind, start] = rows + 1, labelled + (is_labelled and "label" in row)
    return there


def moment(seconds: float) -> datetime:
    """As a row's `time` reads."""
    return datetime.fromtimestamp(seconds, UTC)


def _every_other(mask: pa.BooleanArray) -> Booleans:
    """Half of the rows of a mask."""
    is_here = np.zeros(len(mask), dtype=np.bool_)
    is_here[np.flatnonzero(mask)[::2]] = True
    return is_here


def _times(times: Sequence[float] | float, count: int) -> pa.Array:
    given = [times] * count if isinstance(times, int | float) else times
    return pa.array([round(seconds * 1e6) for seconds in given], pa.int64()).cast(TIME)


def _values(values: Any, count: int) -> pa.Array:
    given = values if isinstance(values, list | tuple) else [values] * count
    is_text = any(isinstance(value, str) for value in given)
    return pa.array(given, pa.string() if is_text else pa.float64())
