"""How many different values a stream held, approximately, mergeable (CPC, by Apache DataSketches).

The library takes values one by one. Most of the values of a long stream cannot change its sketch, and which ones can is
told by two hashes, so those are computed here for a whole column, and only values that may matter are handed over.
"""

from __future__ import annotations

from typing import Any, Self

import datasketches
import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from exporter.batch import Floats
from exporter.errors import CorruptEntry

LOG_K = 10
SEED = 9001
"""The library's own, so that other programs can merge these sketches with theirs."""

_SLICE = 4096
_COLUMNS = 64
_BROKEN = (IndexError, ValueError, RuntimeError, MemoryError)

Words = npt.NDArray[np.uint64]


class DistinctSketch:
    """Values are taken in place; merging makes a new one. Order changes neither answers nor their errors.

    Source: Lang, "Back to the future: an even more nearly optimal cardinality estimation algorithm", 2017.
    """

    __slots__ = ("_known", "library_sketch")

    def __init__(self, sketch: Any = None) -> None:
        """Empty, or over a sketch of the library, which then belongs to this."""
        self.library_sketch = datasketches.cpc_sketch(LOG_K, SEED) if sketch is None else sketch
        self._known: _KnownCells | None = None

    @property
    def estimate(self) -> float:
        """About how many different values were taken, 0 and up."""
        return float(self.library_sketch.get_estimate())

    def bounds(self, deviations: int = 2) -> tuple[float, float]:
        """Between which the true number lies, with a confidence of 1, 2 or 3 standard deviations."""
        sketch = self.library_sketch
        return float(sketch.get_lower_bound(deviations)), float(sketch.get_upper_bound(deviations))

    def add_numbers(self, values: Floats) -> None:
        """Takes float64[n], none of them NaN; 0 and -0 are one value."""
        if self._known is None:
            self._known = _KnownCells()
        for start in range(0, len(values), _SLICE):
            part = values[start : start + _SLICE]
            for value in part[self._known.mark(*hashes_of(part))].tolist():
                self.library_sketch.update(value)

    def add_texts(self, column: Any) -> None:
        """Takes an Arrow column of text, plain or a dictionary; nulls and empty text do not count."""
        for text in pc.unique(column).to_pylist():
            if text is not None:
                self.library_sketch.update(text)

    def merge(self, other: Self) -> DistinctSketch:
        """The sketch of both."""
        union = datasketches.cpc_union(LOG_K, SEED)
        union.update(self.library_sketch)
        union.update(other.library_sketch)
        return DistinctSketch(union.get_result())

    def to_bytes(self) -> bytes:
        serialized: bytes = self.library_sketch.serialize()
        return serialized

    @classmethod
    def from_bytes(cls, serialized: bytes) -> DistinctSketch:
        """CorruptEntry when these bytes are none of a sketch."""
        try:
            return cls(datasketches.cpc_sketch.deserialize(serialized))
        except _BROKEN as error:
            raise CorruptEntry(f"a distinct sketch of {len(serialized)} bytes cannot be read: {error}") from error


class _KnownCells:
    """The k x 64 cells of a sketch, of which a value marks one: the row by the low bits of its first hash, the column
    by the leading zeros of its second. Half of all values fall into the first column, which is soon full."""

    def __init__(self) -> None:
        self._is_known = np.zeros((_COLUMNS, 1 << LOG_K), dtype=np.bool_)
        self._full_columns = 0

    def mark(self, first: Words, second: Words) -> npt.NDArray[np.int64]:
        """Marks the cells of n values; the rows of those whose cell was not marked before."""
        rows = None
        if self._full_columns:
            rows = np.flatnonzero(second < np.uint64(1 << (_COLUMNS - self._full_columns)))
            first, second = first[rows], second[rows]
        columns, lines = _leading_zeros(second), (first & np.uint64((1 << LOG_K) - 1)).astype(np.int64)
        new = np.flatnonzero(~self._is_known[columns, lines])
        if len(new):
            self._is_known[columns[new], lines[new]] = True
            while self._full_columns < _COLUMNS - 1 and self._is_known[self._full_columns].all():
                self._full_columns += 1
        return new if rows is None else rows[new]


def hashes_of(values: Floats) -> tuple[Words, Words]:
    """uint64[n] each: both hashes of each value, as the library takes them."""
    return _murmur3(np.where(values == 0.0, 0.0, values).view(np.uint64))


def _leading_zeros(words: Words) -> npt.NDArray[np.int64]:
    """int64[n], at most 63: from the exponent of the word as a float.

    The bit below the highest one is cleared, so that the float is never rounded up to the next power of two.
    """
    exponents = (words & ~(words >> np.uint64(1))).astype(np.float64).view(np.int64) >> 52
    zeros: npt.NDArray[np.int64] = np.minimum(1023 + 63 - exponents, _COLUMNS - 1)
    return zeros


def _murmur3(words: Words) -> tuple[Words, Words]:
    """Both halves of MurmurHash3_x64_128 (Appleby, 2011, public domain) of each word's 8 bytes, under SEED."""
    mixed = words * np.uint64(0x87C37B91114253D5)
    mixed = (mixed << np.uint64(31)) | (mixed >> np.uint64(33))
    first = (np.uint64(SEED) ^ (mixed * np.uint64(0x4CF5AD432745937F))) ^ np.uint64(8)
    first = first + np.uint64(SEED ^ 8)
    second = _finalized(first + np.uint64(SEED ^ 8))
    first = _finalized(first) + second
    return first, first + second


def _finalized(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    words = (words ^ (words >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    mixed: Words = words ^ (words >> np.uint64(33))
    return mixed
