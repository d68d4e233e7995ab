"""Requests are what Prometheus' own schema of them says, read back by hand."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from exporter.cli.backtesting.remote_write import STALE_BITS, SeriesValues, write_request


def fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The fields of a protobuf message: number, and content or number."""
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        if tag & 7 == 0:
            value, at = varint(message, at)
            yield tag >> 3, value
            continue
        size, at = (8, at) if tag & 7 == 1 else varint(message, at)
        yield tag >> 3, message[at : at + size]
        at += size


def varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if message[at - 1] < 0x80:
            return value, at


def a_series(times: list[float], values: list[float], **labels: str) -> SeriesValues:
    return SeriesValues(labels, np.array(times), np.array(values))


def read(request: bytes) -> list[tuple[dict[str, str], list[tuple[int, int]]]]:
    """Of each series its labels in their order, and the time in ms with the bits of the value."""
    size, _ = varint(request, 0)
    found = []
    for _, series in fields(pa.decompress(request, size, codec="snappy", asbytes=True)):
        assert isinstance(series, bytes)
        parts = list(fields(series))
        labels = [dict(fields(part)) for number, part in parts if number == 1 and isinstance(part, bytes)]
        samples = [dict(fields(part)) for number, part in parts if number == 2 and isinstance(part, bytes)]
        names = {text(label[1]): text(label[2]) for label in labels}
        found.append((names, [(signed(sample[2]), bits(sample[1])) for sample in samples]))
    return found


def text(content: bytes | int) -> str:
    assert isinstance(content, bytes)
    return content.decode()


def signed(number: bytes | int) -> int:
    assert isinstance(number, int)
    return number - (1 << 64) if number >> 63 else number


def bits(content: bytes | int) -> int:
    assert isinstance(content, bytes)
    return int(struct.unpack("<Q", content)[0])


def as_bits(value: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def test_every_sample_is_there_with_its_time_and_value() -> None:
    times, values = [1_749_996_000.0, 1_749_996_060.5], [0.1, float("inf")]
    [(labels, samples)] = read(write_request([a_series(times, values, __name__="up", job="ml")]))
    assert labels == {"__name__": "up", "job": "ml"}
    assert samples == [(1_749_996_000_000, as_bits(0.1)), (1_749_996_060_500, as_bits(float("inf")))]


def test_times_before_1970_and_the_mark_of_an_end_keep_their_bits() -> None:
    values = np.array([STALE_BITS], np.uint64).view(np.float64)
    [(_, samples)] = read(write_request([SeriesValues({"__name__": "up"}, np.array([-60.0]), values)]))
    assert samples == [(-60_000, STALE_BITS)]


def test_labels_are_in_order_and_those_without_a_value_are_left_out() -> None:
    [(labels, _)] = read(write_request([a_series([1], [1], zone="", b="é" * 100, a="x", __name__="up")]))
    assert list(labels.items()) == [("__name__", "up"), ("a", "x"), ("b", "é" * 100)]


def test_several_series_go_together() -> None:
    request = write_request([a_series([1], [1], __name__=name) for name in ("x", "y")])
    assert [labels["__name__"] for labels, _ in read(request)] == ["x", "y"]
