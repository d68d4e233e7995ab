"""Which rows an Arrow IPC stream gives, and how those set aside are kept."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from exporter.batch import ID, PREDICTION, Reason
from exporter.decode.formats import ARROW_STREAM
from exporter.errors import RejectedPayload
from tests.support.arrow_tables import decode_arrow, events_table
from tests.support.payloads import an_event, as_arrow, as_lines, column, decode, reasons


def test_a_stream_gives_the_columns_of_the_same_lines() -> None:
    rows = [an_event(number, error=None if number else "timeout") for number in range(1000)]
    decoded = decode(as_arrow(rows), ARROW_STREAM)
    assert decoded.batch.columns.equals(decode(as_lines(rows)).batch.columns)


def test_a_column_of_floats_is_not_copied() -> None:
    body = as_arrow(events_table(1000))
    decoded = decode(body, ARROW_STREAM)
    start = np.frombuffer(body, dtype=np.uint8).ctypes.data
    assert start <= decoded.batch.number("age").ctypes.data < start + len(body)


def test_several_batches_are_one() -> None:
    table = events_table(10)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    decoded = decode(sink.getvalue().to_pybytes(), ARROW_STREAM)
    assert column(decoded, ID) == [f"e{number}" for number in range(10)]
    assert b'"e7"' in decoded.raw[7]


def test_dictionaries_that_change_from_batch_to_batch_are_one() -> None:
    sink = pa.BufferOutputStream()
    tables = [
        events_table(2, region=pa.array(values).dictionary_encode()) for values in (["a", "b"], ["b", None], ["c", "a"])
    ]
    with pa.ipc.new_stream(sink, tables[0].schema) as writer:
        for table in tables:
            writer.write_table(table)
    decoded = decode(sink.getvalue().to_pybytes(), ARROW_STREAM)
    assert column(decoded, "region") == ["a", "b", "b", None, "c", "a"]
    assert pa.types.is_dictionary(decoded.batch.column("region").type)


def test_columns_that_nobody_reads_may_hold_anything() -> None:
    decoded = decode_arrow(events_table(other=pa.array([[{"deep": [1]}]] * 3), union=pa.nulls(3)))
    assert len(decoded.batch) == 3


def test_a_column_that_is_not_there_is_missing() -> None:
    decoded = decode_arrow(events_table().drop_columns(["age", "region", "score"]))
    assert [reason for _, reason in reasons(decoded)] == [Reason.MISSING_PREDICTION] * 3


def test_a_set_aside_row_is_kept_as_json() -> None:
    scores = pa.array([0.5, 1.5, 0.5])
    decoded = decode_arrow(events_table(score=scores, id=pa.array([b"a", b"b", b"c"]), region=pa.array([["x"]] * 3)))
    assert reasons(decoded) == [(1, Reason.INVALID_PREDICTION)]
    kept = msgspec.json.decode(decoded.rejects[0].raw)
    assert (kept["id"], kept["score"], kept["region"]) == ("b", 1.5, None)
    assert column(decoded, PREDICTION) == [0.5, 0.5]


@pytest.mark.parametrize("time_type", [pa.timestamp("ns", "UTC"), pa.timestamp("s"), pa.date32(), pa.time64("ns")])
def test_a_set_aside_row_keeps_times_that_python_has_not(time_type: Any) -> None:
    times = pa.array([1, 2**31 - 1, None], pa.int64() if time_type.bit_width == 64 else pa.int32()).cast(time_type)
    decoded = decode_arrow(events_table(score=pa.array([2.0, 2.0, 2.0]), ts=times, region=times))
    assert len(decoded.rejects) == 3
    assert all(msgspec.json.decode(reject.raw)["id"] for reject in decoded.rejects)


def test_rows_of_every_block_are_kept() -> None:
    rows = [an_event(number, score=2, error=None) for number in range(2500)]
    decoded = decode_arrow(pa.Table.from_pylist(rows))
    assert [msgspec.json.decode(reject.raw)["id"] for reject in decoded.rejects] == [row["id"] for row in rows]


def test_an_empty_stream_has_no_rows() -> None:
    assert len(decode_arrow(events_table().slice(0, 0)).batch) == 0
    sink = pa.BufferOutputStream()
    pa.ipc.new_stream(sink, events_table().schema).close()
    assert len(decode(sink.getvalue().to_pybytes(), ARROW_STREAM).batch) == 0


def test_a_name_that_stands_twice_is_refused() -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["id", "id"])
    with pytest.raises(RejectedPayload, match="'id' stands twice"):
        decode_arrow(table)


def test_a_stream_of_other_columns_is_refused_with_the_names_expected() -> None:
    with pytest.raises(RejectedPayload, match="id, ts, score"):
        decode_arrow(pa.table({"other": [1]}))
