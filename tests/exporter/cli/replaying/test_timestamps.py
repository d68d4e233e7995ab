"""Timestamps that `infranaut replay` shifts to now keep their form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.ingest_double import IngestDouble
from tests.support.replays import NOW_S, START_S, predictions, replayed, rows


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (START_S, NOW_S + 1),
        (1_750_000_000, 1_800_000_001),
        ("2025-06-15T15:06:40Z", "2027-01-15T08:00:01.000000Z"),
        ("1750000000", "1800000001"),
    ],
)
def test_shifted_timestamps_keep_their_form_and_their_pace(
    server: IngestDouble, tmp_path: Path, first: Any, second: Any
) -> None:
    minute_later = {str: "2025-06-15T15:07:40Z" if "T" in str(first) else "1750000060"}.get(type(first))
    events = [{"id": "a", "ts": first}, {"id": "b", "ts": minute_later or first + 60}]
    replayed(server, predictions(tmp_path, events), speed=60.0, shift_to_now=True)
    assert server.posted[1].rows == [{"id": "b", "ts": second}]
    assert type(server.posted[1].rows[0]["ts"]) is type(first)


@pytest.mark.parametrize("kind", [pa.timestamp("ms", "UTC"), pa.float64(), pa.int64(), pa.string()])
def test_shifted_columns_keep_their_type(server: IngestDouble, tmp_path: Path, kind: pa.DataType) -> None:
    seconds = pa.array([1_750_000_000, 1_750_000_060])
    column = pa.array(["2025-06-15T15:06:40Z", "2025-06-15T15:07:40Z"]) if kind == pa.string() else seconds
    if pa.types.is_timestamp(kind):
        column = pa.array([1_750_000_000_000, 1_750_000_060_000], pa.int64())
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({"ts": column.cast(kind)}), path)
    replayed(server, [("predictions", path)], speed=60.0, shift_to_now=True)
    shifted = pa.ipc.open_stream(server.posted[1].body).read_all().column("ts")
    assert shifted.type == kind
    expected = "2027-01-15T08:00:01.000000Z" if kind == pa.string() else None
    as_seconds = {pa.timestamp("ms", "UTC"): 1_800_000_001_000}.get(kind, 1_800_000_001)
    assert shifted[0].as_py() == expected if expected else shifted.cast(pa.int64())[0].as_py() == as_seconds


def test_csv_timestamps_shift_too(server: IngestDouble, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("id,ts\na,1750000000\nb,1750000060\nshort\n")
    replayed(server, [("predictions", path)], speed=60.0, shift_to_now=True)
    assert server.posted[1].body == b"id,ts\nb,1800000001\nshort\n"


def test_without_a_speed_shifted_rows_happen_when_they_are_sent(server: IngestDouble, tmp_path: Path) -> None:
    replayed(server, predictions(tmp_path, [*rows(1), {"id": "timeless"}]), shift_to_now=True)
    assert server.posted[0].rows == [{"id": "p0", "ts": NOW_S}, {"id": "timeless"}]
