from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from struct import pack
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from exporter.batch import ID, PREDICTION, TIMESTAMP, Reason
from exporter.decode import Decoders
from exporter.decode.arrow_values import EXPANDED_LIMIT_BYTES
from exporter.decode.formats import ARROW_STREAM
from exporter.errors import RejectedPayload
from tests.support.payloads import a_projection, an_event, as_arrow, as_lines, column, decode, events, reasons


def a_table(rows: int = 3, **columns: Any) -> Any:
    table = pa.Table.from_pylist(events(rows)).drop_columns(["error"])
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, values) if place >= 0 else table.append_column(name, values)
    return table


def decode_arrow(table: Any, **options: Any) -> Any:
    return decode(as_arrow(table, **options), ARROW_STREAM)


def test_a_stream_gives_the_columns_of_the_same_lines() -> None:
    rows = [an_event(number, error=None if number else "timeout") for number in range(1000)]
    decoded = decode(as_arrow(rows), ARROW_STREAM)
    assert decoded.batch.columns.equals(decode(as_lines(rows)).batch.columns)


def test_a_column_of_floats_is_not_copied() -> None:
    body = as_arrow(a_table(1000))
    decoded = decode(body, ARROW_STREAM)
    start = np.frombuffer(body, dtype=np.uint8).ctypes.data
    assert start <= decoded.batch.number("age").ctypes.data < start + len(body)


def test_several_batches_are_one() -> None:
    table = a_table(10)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    decoded = decode(sink.getvalue().to_pybytes(), ARROW_STREAM)
    assert column(decoded, ID) == [f"e{number}" for number in range(10)]
    assert b'"e7"' in decoded.raw[7]


def test_dictionaries_that_change_from_batch_to_batch_are_one() -> None:
    sink = pa.BufferOutputStream()
    tables = [
        a_table(2, region=pa.array(values).dictionary_encode()) for values in (["a", "b"], ["b", None], ["c", "a"])
    ]
    with pa.ipc.new_stream(sink, tables[0].schema) as writer:
        for table in tables:
            writer.write_table(table)
    decoded = decode(sink.getvalue().to_pybytes(), ARROW_STREAM)
    assert column(decoded, "region") == ["a", "b", "b", None, "c", "a"]
    assert pa.types.is_dictionary(decoded.batch.column("region").type)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, None, 3], pa.int8()),
        pa.array([1, None, 3], pa.uint64()),
        pa.array([1, None, 3], pa.float32()),
        pa.array([1, None, 3], pa.float16()),
        pa.array([Decimal(1), None, Decimal(3)], pa.decimal128(10, 2)),
        pa.array([1.0, None, 3.0]),
        pa.array([1.0, np.nan, 3.0]),
        pa.array([1, None, 3]).dictionary_encode(),
        pa.array(["1", None, "3.0"]),
        pa.array(["1", "", "3.0"], pa.large_string()),
        pa.array(["1", None, "3.0"], pa.string_view()),
        pa.array([b"1", None, b"3.0"]),
        pa.array(["1", None, "3"]).dictionary_encode(),
    ],
    ids=lambda values: str(values.type),
)
def test_numbers_of_any_type_become_floats(values: Any) -> None:
    decoded = decode_arrow(a_table(age=values))
    assert column(decoded, "age") == [1.0, None, 3.0]
    assert not decoded.batch.mistyped


@pytest.mark.parametrize(
    "values",
    [
        pa.array([True, None, False]),
        pa.array([[1.0], None, [2.0]]),
        pa.array([{"a": 1}, None, {"a": 2}]),
        pa.array([date(2020, 1, 1), None, date(2020, 1, 2)]),
        pa.array(["old", None, "new"]),
        pa.array(["old", "", "new"]).dictionary_encode(),
    ],
    ids=lambda values: str(values.type),
)
def test_what_is_no_number_is_missing_and_marked(values: Any) -> None:
    decoded = decode_arrow(a_table(age=values))
    assert column(decoded, "age") == [None, None, None]
    assert decoded.batch.mistyped["age"].tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(["a", None, ""]), ["a", None, ""]),
        (pa.array(["a", None, "b"], pa.large_string()), ["a", None, "b"]),
        (pa.array(["a", None, "b"], pa.string_view()), ["a", None, "b"]),
        (pa.array([b"a", None, b"b"]), ["a", None, "b"]),
        (pa.array([b"a", None, b"b"], pa.large_binary()), ["a", None, "b"]),
        (pa.array([1, None, 2]), ["1", None, "2"]),
        (pa.array([1.0, np.nan, 2.5]), ["1", None, "2.5"]),
        (pa.array([True, None, False]), ["true", None, "false"]),
        (pa.array([date(2020, 1, 1), None, date(2020, 1, 2)]), ["2020-01-01", None, "2020-01-02"]),
        (pa.nulls(3), [None, None, None]),
        (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
        (pa.array([7, None, 7]).dictionary_encode(), ["7", None, "7"]),
        (pa.array([7.0, None, 7.5]).dictionary_encode(), ["7", None, "7.5"]),
        (pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.uint64()), pa.array(["a", None])), ["a", None, "a"]),
        (pa.DictionaryArray.from_arrays(pa.array([0, None, 0], pa.int8()), pa.array(["a"])), ["a", None, "a"]),
        (pa.DictionaryArray.from_arrays(pa.array([None] * 3, pa.int8()), pa.array([], pa.string())), [None] * 3),
    ],
    ids=lambda values: str(values.type) if isinstance(values, pa.Array) else "",
)
def test_categories_of_any_type_become_text(values: Any, expected: list[str | None]) -> None:
    decoded = decode_arrow(a_table(region=values))
    assert column(decoded, "region") == expected
    assert not decoded.batch.mistyped


def test_a_list_is_no_category() -> None:
    decoded = decode_arrow(a_table(region=pa.array([["a"], None, []])))
    assert column(decoded, "region") == [None, None, None]
    assert decoded.batch.mistyped["region"].tolist() == [True, False, True]


def test_ids_of_any_whole_or_text_type_are_text_and_others_are_set_aside() -> None:
    for values in (pa.array([1, None, 3]), pa.array(["1", "", "3"]), pa.array(["1", None, "3"]).dictionary_encode()):
        decoded = decode_arrow(a_table(id=values))
        assert column(decoded, ID) == ["1", "3"]
        assert reasons(decoded) == [(1, Reason.MISSING_ID)]
    decoded = decode_arrow(a_table(id=pa.array([1.0, 2.0, None])))
    assert [reason for _, reason in reasons(decoded)] == [Reason.MISSING_ID] * 3


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1.5, None, 3.0]),
        pa.array([1_500_000, None, 3_000_000]).cast(pa.timestamp("us")),
        pa.array([1_500_000_000, None, 3_000_000_000]).cast(pa.timestamp("ns", "UTC")),
        pa.array([1500, None, 3000]).cast(pa.timestamp("ms", "+02:00")),
        pa.array(["1970-01-01T00:00:01.5Z", None, "1970-01-01T01:00:03+01:00"]),
        pa.array(["1970-01-01T00:00:01.5Z", None, "3"], pa.large_string()),
    ],
    ids=lambda values: str(values.type),
)
def test_timestamps_of_any_type_become_seconds(values: Any) -> None:
    decoded = decode_arrow(a_table(ts=values))
    assert decoded.batch.number(TIMESTAMP).tolist() == [1.5, 3.0]
    assert reasons(decoded) == [(1, Reason.MISSING_TIMESTAMP)]


def test_timestamps_that_are_no_times_are_set_aside() -> None:
    decoded = decode_arrow(a_table(ts=pa.array([True, None, False])))
    assert [reason for _, reason in reasons(decoded)] == [
        Reason.INVALID_TIMESTAMP,
        Reason.MISSING_TIMESTAMP,
        Reason.INVALID_TIMESTAMP,
    ]
    assert [reason for _, reason in reasons(decode_arrow(a_table(ts=pa.array([np.inf, np.nan, 1.0]))))] == [
        Reason.INVALID_TIMESTAMP,
        Reason.MISSING_TIMESTAMP,
    ]


def test_a_day_is_a_timestamp() -> None:
    days = pa.array([date(2020, 1, 1)] * 3)
    assert decode_arrow(a_table(ts=days)).batch.number(TIMESTAMP)[0] == datetime(2020, 1, 1, tzinfo=UTC).timestamp()


def test_columns_that_nobody_reads_may_hold_anything() -> None:
    decoded = decode_arrow(a_table(other=pa.array([[{"deep": [1]}]] * 3), union=pa.nulls(3)))
    assert len(decoded.batch) == 3


def test_a_column_that_is_not_there_is_missing() -> None:
    decoded = decode_arrow(a_table().drop_columns(["age", "region", "score"]))
    assert [reason for _, reason in reasons(decoded)] == [Reason.MISSING_PREDICTION] * 3


def test_a_set_aside_row_is_kept_as_json() -> None:
    scores = pa.array([0.5, 1.5, 0.5])
    decoded = decode_arrow(a_table(score=scores, id=pa.array([b"a", b"b", b"c"]), region=pa.array([["x"]] * 3)))
    assert reasons(decoded) == [(1, Reason.INVALID_PREDICTION)]
    kept = msgspec.json.decode(decoded.rejects[0].raw)
    assert (kept["id"], kept["score"], kept["region"]) == ("b", 1.5, None)
    assert column(decoded, PREDICTION) == [0.5, 0.5]


@pytest.mark.parametrize("time_type", [pa.timestamp("ns", "UTC"), pa.timestamp("s"), pa.date32(), pa.time64("ns")])
def test_a_set_aside_row_keeps_times_that_python_has_not(time_type: Any) -> None:
    times = pa.array([1, 2**31 - 1, None], pa.int64() if time_type.bit_width == 64 else pa.int32()).cast(time_type)
    decoded = decode_arrow(a_table(score=pa.array([2.0, 2.0, 2.0]), ts=times, region=times))
    assert len(decoded.rejects) == 3
    assert all(msgspec.json.decode(reject.raw)["id"] for reject in decoded.rejects)


def test_rows_of_every_block_are_kept() -> None:
    rows = [an_event(number, score=2, error=None) for number in range(2500)]
    decoded = decode_arrow(pa.Table.from_pylist(rows))
    assert [msgspec.json.decode(reject.raw)["id"] for reject in decoded.rejects] == [row["id"] for row in rows]


def test_a_null_view_that_points_anywhere_is_null() -> None:
    views = pa.array(["a long text that is no inline view", None, "b"], pa.string_view())
    bitmap, buffer, text = views.buffers()
    wild = bytearray(buffer.to_pybytes())
    wild[16:32] = pack("<i4sii", 2**30, b"wild", 77, 2**30)
    region = pa.Array.from_buffers(pa.string_view(), 3, [bitmap, pa.py_buffer(bytes(wild)), text])
    assert column(decode_arrow(a_table(region=region)), "region") == ["a long text that is no inline view", None, "b"]


def test_an_empty_stream_has_no_rows() -> None:
    assert len(decode_arrow(a_table().slice(0, 0)).batch) == 0
    sink = pa.BufferOutputStream()
    pa.ipc.new_stream(sink, a_table().schema).close()
    assert len(decode(sink.getvalue().to_pybytes(), ARROW_STREAM).batch) == 0


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_compressed_batches_are_refused_with_advice(codec: str) -> None:
    with pytest.raises(RejectedPayload, match="compress the whole body") as caught:
        decode_arrow(a_table(1000), compression=codec)
    assert (caught.value.reason, caught.value.status) == (Reason.UNSUPPORTED, 415)


def test_a_compressed_dictionary_is_refused() -> None:
    with pytest.raises(RejectedPayload, match="compress the whole body"):
        decode_arrow(a_table(1000, region=pa.array(["a" * 100] * 1000).dictionary_encode()), compression="zstd")


def test_rows_that_nothing_backs_are_refused_before_they_are_read() -> None:
    body = as_arrow(pa.table({"id": pa.nulls(200_000_000)}))
    assert len(body) < 1000
    with pytest.raises(RejectedPayload, match="at most 1,000,000") as caught:
        decode(body, ARROW_STREAM)
    assert (caught.value.reason, caught.value.status) == (Reason.TOO_LARGE, 413)


def test_rows_of_all_batches_count_against_the_limit() -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, a_table().schema) as writer:
        writer.write_table(a_table(9), max_chunksize=3)
    with pytest.raises(RejectedPayload, match="more than 8 rows"):
        Decoders(a_projection(), row_limit=8).decode(sink.getvalue().to_pybytes(), ARROW_STREAM)


def a_dictionary(text: bytes, rows: int) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text.decode()]))


def views_of(text: bytes, rows: int) -> Any:
    views = pack("<i4sii", len(text), text[:4], 0, 0) * rows
    return pa.Array.from_buffers(pa.string_view(), rows, [None, pa.py_buffer(views), pa.py_buffer(text)])


@pytest.mark.parametrize("make", [a_dictionary, views_of])
@pytest.mark.parametrize("name", ["id", "region", "age"])
def test_a_long_text_repeated_for_every_row_is_refused(make: Callable[[bytes, int], Any], name: str) -> None:
    text, rows = b"x" * (1 << 20), (EXPANDED_LIMIT_BYTES >> 20) + 1
    with pytest.raises(RejectedPayload, match="written out") as caught:
        decode_arrow(a_table(rows, **{name: make(text, rows)}))
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "it is empty"),
        (b"\xff", "outside"),
        (b"\xff\xff\xff\xff\x00\x00\x00\x00", "it is empty"),
        (b"\xff\xff\xff\xff\x10\x00\x00\x00", "truncated"),
        (b"ARROW1\x00\x00" + b"\x00" * 100, "another one"),
        (b'{"id": 1}', "another one"),
    ],
)
def test_what_is_no_stream_is_refused(body: bytes, detail: str) -> None:
    with pytest.raises(RejectedPayload, match=detail) as caught:
        decode(body, ARROW_STREAM)
    assert caught.value.reason == Reason.MALFORMED


def test_a_stream_cut_short_inside_a_message_is_refused() -> None:
    body = as_arrow(a_table(100))
    end_of_stream = 8
    for length in range(len(body) - 3000, len(body) - end_of_stream, 7):
        with pytest.raises(RejectedPayload) as caught:
            Decoders(a_projection()).decode(body[:length], ARROW_STREAM)
        assert caught.value.reason == Reason.MALFORMED


def test_a_stream_with_bytes_changed_is_read_or_refused() -> None:
    decoders = Decoders(a_projection())
    rng = np.random.default_rng(7)
    body = bytearray(as_arrow(a_table(50, region=pa.array(["a", "b"] * 25).dictionary_encode())))
    for _ in range(2000):
        changed = body.copy()
        for place in rng.integers(0, len(body), size=rng.integers(1, 4)):
            changed[place] = rng.integers(0, 256)
        try:
            decoders.decode(bytes(changed), ARROW_STREAM)
        except RejectedPayload:
            continue


def test_a_name_that_stands_twice_is_refused() -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["id", "id"])
    with pytest.raises(RejectedPayload, match="'id' stands twice"):
        decode_arrow(table)


def test_a_stream_of_other_columns_is_refused_with_the_names_expected() -> None:
    with pytest.raises(RejectedPayload, match="id, ts, score"):
        decode_arrow(pa.table({"other": [1]}))


def test_text_that_is_not_utf_8_is_refused() -> None:
    broken = pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"\xff", b"c"]).buffers())
    with pytest.raises(RejectedPayload) as caught:
        decode_arrow(a_table(region=broken))
    assert caught.value.reason == Reason.MALFORMED


def test_a_list_of_more_nulls_than_memory_is_never_made() -> None:
    offsets = pa.array([0, 2**31 - 1], pa.int32())
    region = pa.ListArray.from_arrays(offsets, pa.nulls(2**31 - 1))
    decoded = decode_arrow(a_table(1, region=region, score=pa.array([2.0])))
    assert reasons(decoded) == [(0, Reason.INVALID_PREDICTION)]
