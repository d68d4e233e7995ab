"""Series as Prometheus is sent them: its remote-write protocol, version 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from exporter.batch import Floats

STALE_BITS = 0x7FF0000000000002
"""The bits of the value that tells where a series ends (Prometheus' `value.StaleNaN`)."""

_VARINT_BYTES = 10
"""Times are padded to the longest form, so that every sample is as long as the others, and one array holds them all."""
_SAMPLE_BYTES = 2 + 1 + 8 + 1 + _VARINT_BYTES


@dataclass(frozen=True, slots=True)
class SeriesValues:
    """One series: its labels, `__name__` among them, and its values (float64[n]) by time (float64[n], seconds)."""

    labels: Mapping[str, str]
    times: Floats
    values: Floats


def write_request(series: Iterable[SeriesValues]) -> bytes:
    """A `WriteRequest` of protobuf, compressed by snappy, as `/api/v1/write` takes it."""
    request = b"".join(_field(1, _labels(each.labels) + _samples(each)) for each in series)
    return bytes(pa.compress(request, codec="snappy", asbytes=True))


def _labels(labels: Mapping[str, str]) -> bytes:
    """A label without a value is none."""
    known = sorted((name, value) for name, value in labels.items() if value)
    return b"".join(_field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in known)


def _samples(series: SeriesValues) -> bytes:
    """One `Sample {double value = 1; int64 timestamp = 2;}` after the other, each a field 2 of its series."""
    count = len(series.times)
    rows = np.empty((count, _SAMPLE_BYTES), np.uint8)
    rows[:, :3] = (2 << 3 | 2, _SAMPLE_BYTES - 2, 1 << 3 | 1)
    rows[:, 3:11] = np.ascontiguousarray(series.values, "<f8").view(np.uint8).reshape(count, 8)
    rows[:, 11] = 2 << 3
    rows[:, 12:] = _varints(np.round(series.times * 1000).astype(np.int64))
    return rows.tobytes()


def _varints(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    shifts = np.arange(_VARINT_BYTES, dtype=np.uint64) * np.uint64(7)
    groups = (numbers.view(np.uint64)[:, None] >> shifts & np.uint64(0x7F)).astype(np.uint8)
    groups[:, :-1] |= 0x80
    return groups


def _field(number: int, content: bytes) -> bytes:
    """A field with a length."""
    length, size = b"", len(content)
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content
