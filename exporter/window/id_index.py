"""Tells where in a log an id stands: a hash table in shared memory, all rows of a batch at once.

As in a processor's cache, a hash names a bucket of sixteen slots. A slot is a tag of eight bits and a position; the
tags of a bucket are two words, so that eight are compared at once (Knuth, TAOCP 4A, 7.1.3: finding a zero byte). A tag
that matches is only a hint: the log's own key at that position decides. So a slot needs no care when its entry is
forgotten, and a bucket gives up its slots in turn. With four slots for each entry of the log, the slot given up is that
of an entry still in the log about once in a million times: P(Poisson(4) > 16).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exporter.batch import Booleans, Integers
from exporter.window.memory import Shape, SharedMemory

Keys = npt.NDArray[np.uint64]

WAYS = 16
_WAY_BITS = 4
_WORDS = 2
_WORD_BITS = 3
_SLOTS_AN_ENTRY = 4
_FIRST_BITS = 8
_TAG = np.uint64(0xFF)
_EACH_BYTE = np.uint64(0x0101010101010101)
_HIGH_BITS = np.uint64(0x8080808080808080)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up of n keys gave; m of them are the first of their id in the batch.

    rows      : int64[m], those, ordered by bucket.
    positions : int64[m], where they stand in the log; -1 where they do not.
    repeated  : int64[n - m], the other rows, and in `first` the index in `rows` of the one that has the same id.
    """

    rows: Integers
    positions: Integers
    repeated: Integers
    first: Integers


class IdIndex:
    """An index over the keys of a log, which are well-mixed hashes other than 0; 0 stands for no entry.

    It begins small and doubles with the log, so that a quiet monitor touches little memory.
    """

    def __init__(self, memory: SharedMemory, log_keys: Keys) -> None:
        self._log_keys = log_keys
        self._bits = memory["index_bits"]
        self._tags: Keys = memory["index_tags"]
        self._positions: npt.NDArray[np.uint32] = memory["index_positions"]
        self._next_way: npt.NDArray[np.uint8] = memory["index_next_way"]
        self._tag_bytes = self._tags.reshape(-1).view(np.uint8)
        self._most_bits = len(self._tags).bit_length() - 1

    @staticmethod
    def arrays(capacity: int) -> dict[str, tuple[npt.DTypeLike, Shape]]:
        """What `SharedMemory` must hold to index a log of `capacity` entries."""
        buckets = 1 << max(1, (capacity * _SLOTS_AN_ENTRY // WAYS - 1).bit_length())
        return {
            "index_bits": (np.int64, (1,)),
            "index_tags": (np.uint64, (buckets, _WORDS)),
            "index_positions": (np.uint32, (buckets * WAYS,)),
            "index_next_way": (np.uint8, (buckets,)),
        }

    def fit(self, entries: int) -> None:
        """Makes room for so many entries. An index whose growth was cut short, by the end of a process, grows again."""
        bits = int(self._bits[0])
        wanted = max(_FIRST_BITS, (entries * _SLOTS_AN_ENTRY // WAYS - 1).bit_length())
        if bits < min(wanted, self._most_bits):
            self._grow(min(wanted, self._most_bits), entries)

    def find(self, keys: Keys) -> Found:
        """Looks n keys up."""
        order = _sorted_order(keys)
        ordered = keys[order]
        is_repeated = ordered[1:] == ordered[:-1]
        nothing = np.empty(0, dtype=np.int64)
        if not is_repeated.any():
            return Found(order, self._places_of(ordered), nothing, nothing)
        is_first = np.append(True, ~is_repeated)
        positions = self._places_of(ordered[is_first])
        return Found(order[is_first], positions, order[~is_first], np.cumsum(is_first)[~is_first] - 1)

    def insert(self, keys: Keys, positions: Integers) -> None:
        """Adds keys, sorted and each once, that stand at these positions of the log."""
        buckets = self._buckets_of(keys)
        ways = self._next_way[buckets] + _ranks(buckets)
        self._next_way[buckets] = ways + 1  # of several rows of a bucket the last one stays
        slots = (buckets << _WAY_BITS) | (ways & (WAYS - 1))
        self._tag_bytes[slots] = keys & _TAG
        self._positions[slots] = positions

    def _places_of(self, keys: Keys) -> Integers:
        """int64[n], the positions of sorted keys; -1 where there is none."""
        buckets = self._buckets_of(keys)
        differences = self._tags.take(buckets, axis=0) ^ ((keys & _TAG) * _EACH_BYTE)[:, None]
        hints = ((differences - _EACH_BYTE) & ~differences & _HIGH_BITS).reshape(-1)
        places = np.full(len(keys), -1, dtype=np.int64)
        words = np.flatnonzero(hints)
        while len(words):
            lowest = hints[words] & (~hints[words] + np.uint64(1))
            rows, word = words // _WORDS, words % _WORDS
            way = (word << _WORD_BITS) | (np.log2(lowest).astype(np.int64) >> _WORD_BITS)
            positions = self._positions[(buckets[rows] << _WAY_BITS) | way]
            is_right: Booleans = self._log_keys[positions] == keys[rows]
            places[rows[is_right]] = positions[is_right]
            hints[words] ^= lowest
            words = words[~is_right & (hints[words] != 0)]
        return places

    def _buckets_of(self, keys: Keys) -> Integers:
        return (keys >> np.uint64(64 - int(self._bits[0]))).astype(np.int64)

    def _grow(self, bits: int, entries: int) -> None:
        """Indexes the log again; only as much of it is read as may be used, since reading shared memory takes it."""
        self._bits[0] = 0
        buckets = 1 << bits
        self._tags[:buckets] = 0
        self._next_way[:buckets] = 0
        positions = np.flatnonzero(self._log_keys[:entries])
        keys = self._log_keys[positions]
        order = np.argsort(keys)
        self._bits[0] = bits
        self.insert(keys[order], positions[order])


def _sorted_order(keys: Keys) -> Integers:
    """int64[n], the stable order of n keys: by their upper 16 bits, which NumPy sorts by radix, then the few ties."""
    upper = (keys >> np.uint64(48)).astype(np.uint16)
    order = np.argsort(upper, kind="stable")
    ordered = upper[order]
    is_tied = np.zeros(len(keys) + 1, dtype=np.bool_)
    np.equal(ordered[1:], ordered[:-1], out=is_tied[1:-1])
    ties = np.flatnonzero(is_tied[1:] | is_tied[:-1])
    tied = order[ties]
    order[ties] = tied[np.argsort(keys[tied], kind="stable")]
    return order


def _ranks(buckets: Integers) -> Integers:
    """int64[n]: of sorted buckets, how many rows of the same one stand before each row."""
    rows = np.arange(len(buckets))
    is_first = np.ones(len(buckets), dtype=np.bool_)
    is_first[1:] = buckets[1:] != buckets[:-1]
    return rows - np.maximum.accumulate(np.where(is_first, rows, 0))
