"""Samples pushed into a Prometheus over remote write, in the order of time."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import pyarrow as pa
import requests

from tests.support.services import REQUEST_TIMEOUT_S

FLAG = "--web.enable-remote-write-receiver"

Labels = Mapping[str, str]


def push(url: str, series: Sequence[Labels], values: Sequence[float], time_s: float) -> None:
    """One sample of each series (labels with `__name__`) at one time."""
    milliseconds = round(time_s * 1000)
    body = b"".join(
        _field(1, _labels(labels) + _field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(milliseconds)))
        for labels, value in zip(series, values, strict=True)
    )
    answer = requests.post(
        f"{url}/api/v1/write",
        data=pa.compress(body, codec="snappy", asbytes=True),
        headers={"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"},
        timeout=REQUEST_TIMEOUT_S,
    )
    assert answer.ok, f"{answer.status_code}: {answer.text}"


def _labels(labels: Labels) -> bytes:
    return b"".join(_field(1, _field(1, name.encode()) + _field(2, labels[name].encode())) for name in sorted(labels))


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
