"""64-bit hashes of text columns, all rows at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]

_WORD = 8
_LONG_WORDS = 32
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def hash_text(column: Any, seed: int) -> Hashes:
    """uint64[n] of a string column without nulls; equal text gives equal hashes under one seed, never 0.

    Each 8-byte word is mixed in with the finaliser of SplitMix64 (Steele, Lea & Flood, 2014). The seed is random, so
    that nobody outside can choose ids that collide. Of n different ids, two collide with a probability of about
    n^2 / 2^65.
    """
    data, starts, lengths = _bytes_of(column)
    hashes = _mix(lengths.astype(np.uint64) * _MULTIPLIER ^ np.uint64(seed))
    shortest, longest = (int(lengths.min()), int(lengths.max())) if len(lengths) else (0, 0)
    if shortest == longest <= _LONG_WORDS * _WORD:
        hashes = _of_one_length(data, longest, hashes)
    else:
        hashes = _of_any_length(data, starts, lengths, hashes)
    hashes[hashes == 0] = _MULTIPLIER
    return hashes


def _of_one_length(data: npt.NDArray[np.uint8], length: int, hashes: Hashes) -> Hashes:
    """The texts stand one behind the other, all of the same length: they are a matrix, padded to whole words."""
    words = -(-length // _WORD)
    padded = np.zeros((len(hashes), words * _WORD), dtype=np.uint8)
    padded[:, :length] = data[: len(hashes) * length].reshape(len(hashes), length)
    for word in padded.view("<u8").T:
        hashes = _mix(hashes ^ word)
    return hashes


def _of_any_length(
    data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], hashes: Hashes
) -> Hashes:
    shortest, longest = int(lengths.min()), int(lengths.max())
    everything = slice(None)
    for at in range(0, longest, _WORD):
        rows = everything if at < min(shortest, _LONG_WORDS * _WORD) else np.flatnonzero(lengths > at)
        hashes[rows] = _mix(hashes[rows] ^ _words_at(data, starts[rows] + at, lengths[rows] - at))
    return hashes


def _bytes_of(column: Any) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The column's bytes (with a word of padding behind), and where each text starts and how long it is."""
    if column.type != pa.string():
        column = column.cast(pa.string())
    _, offsets_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    offsets = offsets.astype(np.int64)
    if len(column) == 0 or data_buffer is None:
        return np.zeros(_WORD, np.uint8), np.zeros(len(column), np.int64), np.zeros(len(column), np.int64)
    used = np.frombuffer(data_buffer, dtype=np.uint8)[offsets[0] : offsets[-1]]
    data = np.concatenate([used, np.zeros(_WORD, np.uint8)])
    return data, offsets[:-1] - offsets[0], np.diff(offsets)


def _words_at(data: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], left: npt.NDArray[np.int64]) -> Hashes:
    """The 8 bytes at each position, those past the end of its text zeroed."""
    unaligned: Hashes = np.ndarray((len(data) - _WORD + 1,), np.dtype("<u8"), buffer=data, strides=(1,))
    words = unaligned[at]
    partial = left < _WORD
    if partial.any():
        keep = (left[partial] * 8).astype(np.uint64)
        words[partial] &= (np.uint64(1) << keep) - np.uint64(1)
    return words


def _mix(values: Hashes) -> Hashes:
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    mixed: Hashes = values ^ (values >> np.uint64(31))
    return mixed
