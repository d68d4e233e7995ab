"""The bytes of PostgreSQL's `COPY … TO STDOUT (FORMAT binary)` as columns; see `postgres_encoding` for the format."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.warm.postgres_encoding import ARRAY_HEADER_BYTES, FLOAT8, HEADER, INT4, SIGNATURE, TRAILER

_FIELD_COUNT_BYTES = 2
_LENGTH_BYTES = 4
_NULLS_FLAG_AT = 8
_ELEMENT = np.dtype([("length", INT4), ("value", FLOAT8)])

Positions = npt.NDArray[np.int64]
Numbers = npt.NDArray[Any]


def rows_of(messages: list[bytes]) -> tuple[bytes, Positions]:
    """The rows in messages of COPY (the first of all begins with a header), and where the fields of each begin."""
    if messages and messages[0].startswith(SIGNATURE):
        messages = [messages[0][len(HEADER) :], *messages[1:]]
    rows = [message for message in messages if message and message != TRAILER]
    sizes = np.array([len(row) for row in rows], np.int64)
    return b"".join(rows), np.cumsum(sizes) - sizes + _FIELD_COUNT_BYTES


class CopiedRows:
    """Reads the fields of n rows one after the other, each field of all rows at once."""

    def __init__(self, data: bytes, starts: Positions) -> None:
        """starts : where the first field of each row begins."""
        self._data = data
        self._at = starts.copy()

    def number(self, wire_type: str) -> tuple[Numbers, npt.NDArray[np.bool_] | None]:
        """A field of fixed size, anything where it is null; and bool[n], where it is not: None when it never is."""
        lengths = self._lengths()
        is_present = lengths >= 0
        if is_present.all():
            values = self._gathered(wire_type, self._at)
            self._at += np.dtype(wire_type).itemsize
            return values, None
        values = np.zeros(len(self._at), np.dtype(wire_type).newbyteorder("="))
        values[is_present] = self._gathered(wire_type, self._at[is_present])
        self._at += np.maximum(lengths, 0)
        return values, is_present

    def text(self, data_type: pa.DataType | None = None) -> Any:
        """A field of text (or of bytes, as `data_type` says) as an Arrow array."""
        lengths = self._lengths()
        sizes = np.maximum(lengths, 0)
        bounds = np.empty(2 * len(sizes), np.int32)
        bounds[0::2] = self._at
        bounds[1::2] = self._at + sizes
        self._at += sizes
        buffers = [None, pa.py_buffer(bounds), pa.py_buffer(self._data)]
        values_and_gaps = pa.Array.from_buffers(data_type or pa.string(), max(len(bounds) - 1, 0), buffers)
        values = values_and_gaps.take(pa.array(np.arange(0, len(bounds), 2)))
        if (lengths < 0).any():
            return pc.if_else(pa.array(lengths >= 0), values, pa.scalar(None, values.type))
        return values

    def numbers(self, count: int) -> list[Any]:
        """The elements of an array of double precision, a column for each."""
        has_nulls = count > 0 and self._gathered(INT4, self._at + _NULLS_FLAG_AT).any()
        self._enter_array(count)
        if has_nulls or not count:
            return [as_array(*self.number(FLOAT8)) for _ in range(count)]
        elements = self._everywhere(np.dtype([("elements", _ELEMENT, (count,))]))[self._at]["elements"]
        self._at += count * _ELEMENT.itemsize
        return [pa.array(elements["value"][:, index].astype(np.float64)) for index in range(count)]

    def texts(self, count: int) -> list[Any]:
        """The elements of an array of text, a column for each."""
        self._enter_array(count)
        return [self.text() for _ in range(count)]

    def _enter_array(self, count: int) -> None:
        """Skips to the first element; without elements the field is null."""
        self._at += _LENGTH_BYTES + (ARRAY_HEADER_BYTES if count else 0)

    def _lengths(self) -> npt.NDArray[np.int32]:
        lengths = self._gathered(INT4, self._at)
        self._at += _LENGTH_BYTES
        return lengths

    def _gathered(self, wire_type: str, positions: Positions) -> Numbers:
        """The values that begin at positions of the data, in this machine's byte order."""
        dtype = np.dtype(wire_type)
        return self._everywhere(dtype)[positions].astype(dtype.newbyteorder("="))

    def _everywhere(self, dtype: np.dtype[Any]) -> Numbers:
        """A view of the data with a value that begins at each byte."""
        return np.ndarray(len(self._data) - dtype.itemsize + 1, dtype, self._data, strides=(1,))


def as_array(values: Numbers, is_present: npt.NDArray[np.bool_] | None) -> Any:
    """An Arrow array, null where not present."""
    return pa.array(values) if is_present is None else pa.array(values, mask=~is_present)
