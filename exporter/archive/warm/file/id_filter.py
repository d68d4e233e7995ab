"""Tells nearly always, from memory, that an id is new: a blocked Bloom filter over hashes.

Each hash sets four bits of one word of 64 (Putze, Sanders & Singler, Cache-, hash- and space-efficient Bloom filters,
2007). With at least 32 bits for each hash about one new id in five hundred seems known at worst, and is looked up.
"""

from __future__ import annotations

import sys
from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from exporter.batch import Booleans, Integers

_SMALLEST_BITS = 10
_HASHES_A_WORD = 2
_WORD_BYTES = 8
_BIT = np.uint64(63)


class IdFilter:
    """Made for some hashes; it takes more than `room` too, and is wrong more often then.

    room : beyond it a larger one is worth its making; one that has reached `most_bytes` grows no more.
    rows : how many rows of a partition are in it, by their numbers.
    """

    def __init__(self, hashes: int, most_bytes: int) -> None:
        most_bits = (most_bytes // _WORD_BYTES).bit_length() - 1
        bits = min(max(_SMALLEST_BITS, (hashes // _HASHES_A_WORD).bit_length()), most_bits)
        self._words = np.zeros(1 << bits, dtype=np.uint64)
        self._shift = np.uint64(64 - bits)
        self.room = sys.maxsize if bits == most_bits else len(self._words) * _HASHES_A_WORD
        self.rows = 0

    @property
    def size_bytes(self) -> int:
        return int(self._words.nbytes)

    def add(self, hashes: Integers) -> None:
        """Adds int64[n]; they are not counted in `rows`."""
        keys = hashes.view(np.uint64)
        np.bitwise_or.at(self._words, keys >> self._shift, _mask(keys))

    def may_hold(self, hashes: Integers) -> Booleans:
        """bool[n]: False is certain."""
        keys = hashes.view(np.uint64)
        mask = _mask(keys)
        return (self._words[keys >> self._shift] & mask) == mask  # type: ignore[no-any-return]


class IdFilters:
    """The filters of the partitions that are written to, as many as fit; the one that was used last goes last."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._filters: OrderedDict[int, IdFilter] = OrderedDict()

    def get(self, partition: int) -> IdFilter | None:
        found = self._filters.get(partition)
        if found is not None:
            self._filters.move_to_end(partition)
        return found

    def put(self, partition: int, added: IdFilter) -> None:
        self._filters[partition] = added
        self._filters.move_to_end(partition)
        while len(self._filters) > 1 and sum(each.size_bytes for each in self._filters.values()) > self._limit_bytes:
            self._filters.popitem(last=False)

    def clear(self) -> None:
        self._filters.clear()


def _mask(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    one = np.uint64(1)
    mask = one << (keys & _BIT)
    for shift in (6, 12, 18):
        mask |= one << ((keys >> np.uint64(shift)) & _BIT)
    return mask
