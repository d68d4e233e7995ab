"""Says in words what is wrong with a record of JSON that msgspec refused."""

from __future__ import annotations

import re

from exporter.batch import Reason, Reject
from exporter.decode.reading import RECORD_LIMIT_BYTES

OUT_OF_RANGE = "Number out of range"
"""What msgspec says of a number beyond the range of float64."""

_NOT_AN_OBJECT = re.compile(r"Expected `object`, got `(\w+)`")
_NOT_JSON = re.compile(rb"(?<![\w\"])(NaN|-?Infinity)(?![\w\"])")
_SURROGATE = re.compile(
    rb"(?<!\\)(?:\\\\)*(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F])"
)


def explain(position: int, record: bytes, error: Exception) -> Reject:
    """The record set aside for what msgspec had against it."""
    reason, detail = _fault(record, error)
    return Reject(position, reason, detail, record)


def too_long(position: int, record: bytes, size_bytes: int) -> Reject:
    detail = f"a record of {size_bytes:,} bytes; at most {RECORD_LIMIT_BYTES:,} are read"
    return Reject(position, Reason.TOO_LARGE, detail, record[:RECORD_LIMIT_BYTES])


def _fault(record: bytes, error: Exception) -> tuple[Reason, str]:
    if isinstance(error, RecursionError):
        return Reason.MALFORMED, "nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return Reason.NOT_UNICODE, f"not UTF-8: {error.reason} (byte {error.object[error.start]:#04x})"
    message = str(error)
    if found := _NOT_AN_OBJECT.search(message):
        hint = " (an array of objects is sent as application/json)" if found[1] == "array" else ""
        return Reason.NOT_AN_OBJECT, f"a record must be a JSON object, not {found[1]}{hint}"
    if "surrogate" in message or ("truncated" in message and _SURROGATE.search(record)):
        return Reason.NOT_UNICODE, "half of a UTF-16 surrogate pair (\\ud800 to \\udfff) is no character"
    if found_token := _NOT_JSON.search(record):
        return Reason.MALFORMED, f"{found_token[1].decode()} is not JSON; send null"
    return Reason.MALFORMED, message
