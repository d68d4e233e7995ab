"""Columns of any Arrow type become the canonical ones, or are marked, or the stream is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from struct import pack
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exporter.batch import ID, TIMESTAMP, Reason
from exporter.decode.arrow_values import EXPANDED_LIMIT_BYTES
from exporter.errors import RejectedPayload
from tests.support.arrow_tables import decode_arrow, events_table
from tests.support.payloads import column, reasons


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
    decoded = decode_arrow(events_table(age=values))
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
    decoded = decode_arrow(events_table(age=values))
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
    decoded = decode_arrow(events_table(region=values))
    assert column(decoded, "region") == expected
    assert not decoded.batch.mistyped


def test_a_list_is_no_category() -> None:
    decoded = decode_arrow(events_table(region=pa.array([["a"], None, []])))
    assert column(decoded, "region") == [None, None, None]
    assert decoded.batch.mistyped["region"].tolist() == [True, False, True]


def test_ids_of_any_whole_or_text_type_are_text_and_others_are_set_aside() -> None:
    for values in (pa.array([1, None, 3]), pa.array(["1", "", "3"]), pa.array(["1", None, "3"]).dictionary_encode()):
        decoded = decode_arrow(events_table(id=values))
        assert column(decoded, ID) == ["1", "3"]
        assert reasons(decoded) == [(1, Reason.MISSING_ID)]
    decoded = decode_arrow(events_table(id=pa.array([1.0, 2.0, None])))
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
    decoded = decode_arrow(events_table(ts=values))
    assert decoded.batch.number(TIMESTAMP).tolist() == [1.5, 3.0]
    assert reasons(decoded) == [(1, Reason.MISSING_TIMESTAMP)]


def test_timestamps_that_are_no_times_are_set_aside() -> None:
    decoded = decode_arrow(events_table(ts=pa.array([True, None, False])))
    assert [reason for _, reason in reasons(decoded)] == [
        Reason.INVALID_TIMESTAMP,
        Reason.MISSING_TIMESTAMP,
        Reason.INVALID_TIMESTAMP,
    ]
    assert [reason for _, reason in reasons(decode_arrow(events_table(ts=pa.array([np.inf, np.nan, 1.0]))))] == [
        Reason.INVALID_TIMESTAMP,
        Reason.MISSING_TIMESTAMP,
    ]


def test_a_day_is_a_timestamp() -> None:
    days = pa.array([date(2020, 1, 1)] * 3)
    assert (
        decode_arrow(events_table(ts=days)).batch.number(TIMESTAMP)[0] == datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    )


def test_a_null_view_that_points_anywhere_is_null() -> None:
    views = pa.array(["a long text that is no inline view", None, "b"], pa.string_view())
    bitmap, buffer, text = views.buffers()
    wild = bytearray(buffer.to_pybytes())
    wild[16:32] = pack("<i4sii", 2**30, b"wild", 77, 2**30)
    region = pa.Array.from_buffers(pa.string_view(), 3, [bitmap, pa.py_buffer(bytes(wild)), text])
    assert column(decode_arrow(events_table(region=region)), "region") == [
        "a long text that is no inline view",
        None,
        "b",
    ]


def test_text_that_is_not_utf_8_is_refused() -> None:
    broken = pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"\xff", b"c"]).buffers())
    with pytest.raises(RejectedPayload) as caught:
        decode_arrow(events_table(region=broken))
    assert caught.value.reason == Reason.MALFORMED


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
        decode_arrow(events_table(rows, **{name: make(text, rows)}))
    assert caught.value.status == 413
