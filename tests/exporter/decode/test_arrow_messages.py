"""Streams that stand for more than they hold, and bytes that are no stream, are refused before they are read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from exporter.batch import Reason
from exporter.decode import Decoders
from exporter.decode.formats import ARROW_STREAM
from exporter.errors import RejectedPayload
from tests.support.arrow_tables import decode_arrow, events_table
from tests.support.payloads import a_projection, as_arrow, decode, reasons


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_compressed_batches_are_refused_with_advice(codec: str) -> None:
    with pytest.raises(RejectedPayload, match="compress the whole body") as caught:
        decode_arrow(events_table(1000), compression=codec)
    assert (caught.value.reason, caught.value.status) == (Reason.UNSUPPORTED, 415)


def test_a_compressed_dictionary_is_refused() -> None:
    with pytest.raises(RejectedPayload, match="compress the whole body"):
        decode_arrow(events_table(1000, region=pa.array(["a" * 100] * 1000).dictionary_encode()), compression="zstd")


def test_rows_that_nothing_backs_are_refused_before_they_are_read() -> None:
    body = as_arrow(pa.table({"id": pa.nulls(200_000_000)}))
    assert len(body) < 1000
    with pytest.raises(RejectedPayload, match="at most 1,000,000") as caught:
        decode(body, ARROW_STREAM)
    assert (caught.value.reason, caught.value.status) == (Reason.TOO_LARGE, 413)


def test_rows_of_all_batches_count_against_the_limit() -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, events_table().schema) as writer:
        writer.write_table(events_table(9), max_chunksize=3)
    with pytest.raises(RejectedPayload, match="more than 8 rows"):
        Decoders(a_projection(), row_limit=8).decode(sink.getvalue().to_pybytes(), ARROW_STREAM)


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
    body = as_arrow(events_table(100))
    end_of_stream = 8
    for length in range(len(body) - 3000, len(body) - end_of_stream, 7):
        with pytest.raises(RejectedPayload) as caught:
            Decoders(a_projection()).decode(body[:length], ARROW_STREAM)
        assert caught.value.reason == Reason.MALFORMED


def test_a_stream_with_bytes_changed_is_read_or_refused() -> None:
    decoders = Decoders(a_projection())
    rng = np.random.default_rng(7)
    body = bytearray(as_arrow(events_table(50, region=pa.array(["a", "b"] * 25).dictionary_encode())))
    for _ in range(2000):
        changed = body.copy()
        for place in rng.integers(0, len(body), size=rng.integers(1, 4)):
            changed[place] = rng.integers(0, 256)
        try:
            decoders.decode(bytes(changed), ARROW_STREAM)
        except RejectedPayload:
            continue


def test_a_list_of_more_nulls_than_memory_is_never_made() -> None:
    offsets = pa.array([0, 2**31 - 1], pa.int32())
    region = pa.ListArray.from_arrays(offsets, pa.nulls(2**31 - 1))
    decoded = decode_arrow(events_table(1, region=region, score=pa.array([2.0])))
    assert reasons(decoded) == [(0, Reason.INVALID_PREDICTION)]
