"""Columns to the bytes of PostgreSQL's `COPY … FROM STDIN (FORMAT binary)`, without a Python object for any value.

A row is its number of fields (int16), then of each field its length (int32, -1: null) and its bytes; everything is
big-endian. Fields of fixed size that stand side by side become one NumPy record array; Arrow's kernel for joining
binary columns row by row puts these and the texts together.

An array field holds, before its elements (each again length and bytes): the number of dimensions, whether any element
is null, the type of the elements, how many they are, and the first index (five int32).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
HEADER = SIGNATURE + bytes(8)
TRAILER = b"\xff\xff"

FLOAT8_OID, TEXT_OID = 701, 25
ARRAY_HEADER_BYTES = 20

NUL_SIGN = "\N{SYMBOL FOR NULL}"
"""Stands for U+0000, which PostgreSQL's text cannot hold."""

INT4, INT8, FLOAT8 = ">i4", ">i8", ">f8"

_EMPTY = pa.scalar(b"", pa.binary())

Booleans = npt.NDArray[np.bool_]


class CopyRows:
    """Rows that are built field by field, each field for all rows at once; every row has all fields."""

    def __init__(self, rows: int, fields: int) -> None:
        self._rows = rows
        self._pieces: list[Any] = []
        self._types: list[tuple[str, str]] = []
        self._values: list[Any] = []
        self._present: dict[int, Booleans] = {}
        self._fixed(fields, ">i2")

    def number(self, values: Any, wire_type: str, present: Booleans | None = None) -> None:
        """A field of fixed size: one value for all rows, or one for each; null where it is not present."""
        size = np.dtype(wire_type).itemsize
        self._fixed(size if present is None else np.where(present, size, -1), INT4)
        self._fixed(values, wire_type, present)

    def text(self, column: Any | None) -> None:
        """Text or bytes; a column that is None is all null."""
        if column is None:
            self._fixed(-1, INT4)
            return
        lengths, payload = _measured(column)
        self._fixed(lengths, INT4)
        self._variable(payload)

    def numbers(self, columns: Sequence[Any]) -> None:
        """An array of double precision, one element for each column; null where there are no columns."""
        if not columns:
            self.text(None)
            return
        present = [_presence(column) for column in columns]
        sizes = sum((np.where(here, 12, 4) for here in present if here is not None), np.zeros(self._rows, np.int32))
        whole = 12 * sum(here is None for here in present)
        self._array_header(FLOAT8_OID, len(columns), sizes + whole, has_nulls=any(here is not None for here in present))
        for column, here in zip(columns, present, strict=True):
            self.number(_floats(column), FLOAT8, here)

    def texts(self, columns: Sequence[Any]) -> None:
        """An array of text, one element for each column; null where there are no columns."""
        if not columns:
            self.text(None)
            return
        measured = [_measured(column) for column in columns]
        sizes = sum((np.maximum(lengths, 0) + 4 for lengths, _ in measured), np.zeros(self._rows, np.int32))
        has_nulls = any(bool((lengths < 0).any()) for lengths, _ in measured)
        self._array_header(TEXT_OID, len(columns), sizes, has_nulls=has_nulls)
        for lengths, payload in measured:
            self._fixed(lengths, INT4)
            self._variable(payload)

    def to_buffer(self) -> memoryview:
        """The rows, one after the other."""
        self._flush()
        joined = pc.binary_join_element_wise(*self._pieces, _EMPTY)
        _, offsets, data = joined.buffers()
        end = int(np.frombuffer(offsets, dtype=np.int32)[len(joined)])
        return memoryview(data)[:end]

    def _array_header(self, element: int, count: int, sizes: Any, *, has_nulls: bool) -> None:
        self._fixed(sizes + ARRAY_HEADER_BYTES, INT4)
        for word in (1, int(has_nulls), element, count, 1):
            self._fixed(word, INT4)

    def _fixed(self, values: Any, wire_type: str, present: Booleans | None = None) -> None:
        if present is not None:
            self._present[len(self._types)] = present
        self._types.append((f"f{len(self._types)}", wire_type))
        self._values.append(values)

    def _variable(self, payload: Any) -> None:
        self._flush()
        self._pieces.append(payload)

    def _flush(self) -> None:
        """The fixed fields since the last text become one binary column."""
        if not self._types:
            return
        records = np.empty(self._rows, dtype=np.dtype(self._types))
        for (name, _), values in zip(self._types, self._values, strict=True):
            records[name] = values
        self._pieces.append(self._without_absent(records) if self._present else _as_binary(records))
        self._types, self._values, self._present = [], [], {}

    def _without_absent(self, records: npt.NDArray[Any]) -> Any:
        """The records without the bytes of values that are not present."""
        width = records.dtype.itemsize
        is_kept = np.ones((self._rows, width), dtype=np.bool_)
        for index, present in self._present.items():
            wire_type, offset = records.dtype.fields[f"f{index}"][:2]  # type: ignore[index] # a record type has fields
            is_kept[:, offset : offset + wire_type.itemsize] = present[:, None]
        data = records.view(np.uint8).reshape(self._rows, width)[is_kept]
        offsets = np.zeros(self._rows + 1, dtype=np.int32)
        np.cumsum(is_kept.sum(axis=1), out=offsets[1:])
        return _binary(offsets, data)


def storable(column: Any) -> Any:
    """Text that PostgreSQL can hold, as one Arrow array of plain strings."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    data = column.buffers()[2]
    if data is None or not (np.frombuffer(data, dtype=np.uint8) == 0).any():
        return column
    return pc.replace_substring(column, "\0", NUL_SIGN)


def _measured(column: Any) -> tuple[npt.NDArray[np.int32], Any]:
    """int32[n] lengths in bytes (-1: null), and the bytes."""
    lengths = pc.binary_length(column)
    payload = column if pa.types.is_binary(column.type) else column.cast(pa.binary())
    if column.null_count:
        return lengths.fill_null(-1).to_numpy(zero_copy_only=False), payload.fill_null(b"")
    return lengths.to_numpy(zero_copy_only=False), payload


def _presence(column: Any) -> Booleans | None:
    """bool[n]; None where nothing is missing."""
    return column.is_valid().to_numpy(zero_copy_only=False) if column.null_count else None


def _floats(column: Any) -> npt.NDArray[np.float64]:
    """float64[n], anything where missing."""
    return (column.fill_null(0.0) if column.null_count else column).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _as_binary(records: npt.NDArray[Any]) -> Any:
    count, width = len(records), records.dtype.itemsize
    return _binary(np.arange(0, (count + 1) * width, width, dtype=np.int32), records)


def _binary(offsets: npt.NDArray[np.int32], data: npt.NDArray[Any]) -> Any:
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)
