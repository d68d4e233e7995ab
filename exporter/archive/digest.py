"""The digest of a set of rows: equal wherever they are stored, in whatever order, type of text or number of files.

For row r with value v_c in column c (nulls contribute nothing, so a column of nulls counts as absent):

    h_c  = mix64(bits(v_c), seed(c, type))          64 bits
    a, b = Σ_c h_c,  Σ_c k_c · h_c                  mod 2^64; k_c odd, made of the seed
    row  = mix64(a) · 2^64 + mix64(b)               128 bits
    digest = (number of rows, Σ_r row mod 2^128)

Sums commute, so digests of parts add up to that of the whole; being sums and not xors, a row that is there twice
shows. mix64 is the finaliser of SplitMix64 (Steele, Lea & Flood, 2014), a bijection: two different numbers in one
column never have the same h_c. -0.0 is 0.0 and all NaN are one; null, NaN and "" differ. Two sets of rows that differ
by accident have the same digest with a probability of about 2^-64. It is no signature: somebody who wants to can make
rows that collide; what has been stored is sealed by the SHA-256 of its bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.window.hashing import Hashes, hash_text

_MODULUS = 1 << 128
_HEX_DIGITS = 32
_SLICE_ROWS = 32_768
_SAMPLE_ROWS = 512
_FEW_VALUES = 64
_HALF = np.uint64(32)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SECOND = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class RowDigest:
    """How many rows, and the sum of their hashes mod 2^128; a value that merges by addition."""

    rows: int = 0
    total: int = 0

    def merge(self, other: RowDigest) -> RowDigest:
        """The digest of both sets of rows together."""
        return RowDigest(self.rows + other.rows, (self.total + other.total) % _MODULUS)

    @property
    def hex(self) -> str:
        """The sum as text, which `from_hex` reads."""
        return f"{self.total:0{_HEX_DIGITS}x}"

    @classmethod
    def from_hex(cls, rows: int, text: str) -> RowDigest:
        """From what the ledger keeps; ValueError when the text is no digest."""
        if len(text) != _HEX_DIGITS:
            raise ValueError(f"{text!r} is no row digest: {_HEX_DIGITS} hexadecimal digits were expected")
        return cls(rows, int(text, 16))


NO_ROWS = RowDigest()


def digest_of(rows: pa.RecordBatch | pa.Table) -> RowDigest:
    """The digest of rows in the archive's form, provenance included."""
    batches = rows.to_batches() if isinstance(rows, pa.Table) else [rows]
    total = 0
    for batch in batches:
        columns = [(_column_seed(name, column.type), column) for name, column in _columns(batch)]
        prepared = [(seed, _few_values_encoded(column)) for seed, column in columns]
        for start in range(0, batch.num_rows, _SLICE_ROWS):
            count = min(_SLICE_ROWS, batch.num_rows - start)
            total += _sum_of_rows([(seed, column.slice(start, count)) for seed, column in prepared], count)
    return RowDigest(rows.num_rows, total % _MODULUS)


def digest_of_all(batches: Iterable[pa.RecordBatch | pa.Table]) -> RowDigest:
    """The digest of several batches together."""
    digest = NO_ROWS
    for batch in batches:
        digest = digest.merge(digest_of(batch))
    return digest


def _columns(batch: pa.RecordBatch) -> list[tuple[str, Any]]:
    return [
        (name, column)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
        if column.null_count < len(column)
    ]


def _sum_of_rows(columns: list[tuple[int, Any]], count: int) -> int:
    first = np.zeros(count, dtype=np.uint64)
    second = np.zeros(count, dtype=np.uint64)
    for seed, column in columns:
        hashes = _hashes(column, seed)
        first += hashes
        second += hashes * np.uint64(seed | 1)
    return (_sum(_mix(first)) << 64) + _sum(_mix(second ^ _SECOND))


def _sum(hashes: Hashes) -> int:
    """The exact sum; in two halves, so that nothing overflows."""
    return (int((hashes >> _HALF).sum()) << 32) + int((hashes & _LOW_HALF).sum())


def _hashes(column: Any, seed: int) -> Hashes:
    """uint64[n] of a column; 0 where it is null."""
    if pa.types.is_dictionary(column.type):
        by_code = _hashes(column.dictionary, seed)
        codes = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
        hashes = by_code[codes] if len(by_code) else np.zeros(len(column), dtype=np.uint64)
    elif _is_text(column.type):
        hashes = hash_text(_as_text(column), seed)
    else:
        hashes = _mix(_bits(column) ^ np.uint64(seed))
    if column.null_count:
        hashes = np.where(column.is_null().to_numpy(zero_copy_only=False), np.uint64(0), hashes)
    return hashes


def _bits(column: Any) -> Hashes:
    """The values as 64 bits each, in one form for equal values."""
    if pa.types.is_floating(column.type):
        numbers = column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False) + 0.0
        is_nan = np.isnan(numbers)
        if is_nan.any():
            numbers[is_nan] = np.nan
        return numbers.view(np.uint64)  # type: ignore[no-any-return]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
    integers = column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return integers.view(np.uint64)  # type: ignore[no-any-return]


def _few_values_encoded(column: Any) -> Any:
    """Text with few different values as codes and a dictionary, so that each value is hashed once."""
    if not _is_text(column.type) or len(column) < _SAMPLE_ROWS:
        return column
    sample = column.slice(0, _SAMPLE_ROWS)
    return pc.dictionary_encode(column) if pc.count_distinct(sample).as_py() <= _FEW_VALUES else column


def _as_text(column: Any) -> Any:
    """A column of text or bytes as one of text without nulls; the bytes are not looked at."""
    if pa.types.is_large_string(column.type):
        column = column.cast(pa.string())
    elif not pa.types.is_string(column.type):
        column = column.cast(pa.binary())
        column = pa.Array.from_buffers(pa.string(), len(column), column.buffers(), column.null_count, column.offset)
    return column.fill_null("") if column.null_count else column


def _column_seed(name: str, data_type: pa.DataType) -> int:
    """Different for each name and class of type; text is the same as large text or a dictionary of it."""
    value_type = data_type.value_type if pa.types.is_dictionary(data_type) else data_type
    named = f"{_type_class(value_type)}:{name}".encode()
    return int.from_bytes(hashlib.blake2b(named, digest_size=8).digest(), "little")


def _type_class(data_type: pa.DataType) -> str:
    if pa.types.is_floating(data_type):
        return "number"
    if pa.types.is_integer(data_type):
        return "integer"
    if pa.types.is_boolean(data_type):
        return "truth"
    if pa.types.is_timestamp(data_type):
        return "time"
    if _is_text(data_type):
        return "bytes" if pa.types.is_binary(data_type) or pa.types.is_large_binary(data_type) else "text"
    raise ValueError(f"rows with a column of type {data_type} have no digest")


def _is_text(data_type: pa.DataType) -> bool:
    return any(
        is_type(data_type)
        for is_type in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    )


def _mix(values: Hashes) -> Hashes:
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    mixed: Hashes = values ^ (values >> np.uint64(31))
    return mixed
