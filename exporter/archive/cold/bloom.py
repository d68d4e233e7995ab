"""Reads the bloom filters of Parquet files, which pyarrow writes and does not read.

A split-block bloom filter (apache/parquet-format, BloomFilter.md): blocks of eight 32-bit words. The upper half of a
value's XXH64 chooses the block, the lower half one bit in each of its words. A value that was added has all its bits.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

_BLOCK_BYTES = 32
_SALT = (0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31)
_HEADER_END = bytes.fromhex("1c1c0000") * 3 + b"\x00"
"""Of the header in Thrift's compact form: split blocks, XXH64, not compressed."""
_SIZE_FIELD = 0x15

_MASK = (1 << 64) - 1
_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
_STRIPE, _LANE, _HALF_LANE = 32, 8, 4


def may_hold(content: bytes, hashes: Iterable[int]) -> bool:
    """Whether a value with one of these hashes may have been added; always, of a filter of another kind.

    content : header and blocks, as they stand in the file.
    """
    blocks = _blocks_of(content)
    return blocks is None or any(_has(blocks, hashed) for hashed in hashes)


def xxh64(value: bytes) -> int:
    """XXH64 with seed 0, as its specification has it (Cyan4973/xxHash, doc/xxhash_spec.md)."""
    length, at = len(value), 0
    if length >= _STRIPE:
        lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
        while at + _STRIPE <= length:
            words = struct.unpack_from("<4Q", value, at)
            lanes = [_round(lane, word) for lane, word in zip(lanes, words, strict=True)]
            at += _STRIPE
        found = sum(_rotated(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for lane in lanes:
            found = ((found ^ _round(0, lane)) * _P1 + _P4) & _MASK
    else:
        found = _P5
    return _mixed(_with_rest((found + length) & _MASK, value[at:]))


def _blocks_of(content: bytes) -> bytes | None:
    """What follows a header of the only kind that there is so far."""
    end = content.find(_HEADER_END)
    if end < 0 or content[0] != _SIZE_FIELD:
        return None
    blocks = content[end + len(_HEADER_END) :]
    is_whole = len(blocks) == _zigzag(content[1:end]) and len(blocks) % _BLOCK_BYTES == 0
    return blocks if blocks and is_whole else None


def _zigzag(varint: bytes) -> int:
    return sum((byte & 0x7F) << 7 * at for at, byte in enumerate(varint)) >> 1


def _has(blocks: bytes, hashed: int) -> bool:
    count = len(blocks) // _BLOCK_BYTES
    words = struct.unpack_from("<8I", blocks, ((hashed >> 32) * count >> 32) * _BLOCK_BYTES)
    low = hashed & 0xFFFFFFFF
    return all(word >> ((low * salt & 0xFFFFFFFF) >> 27) & 1 for word, salt in zip(words, _SALT, strict=True))


def _with_rest(found: int, rest: bytes) -> int:
    """Mixes in what is left after the stripes: lanes, half a lane, bytes."""
    at = 0
    while at + _LANE <= len(rest):
        found ^= _round(0, struct.unpack_from("<Q", rest, at)[0])
        found = (_rotated(found, 27) * _P1 + _P4) & _MASK
        at += _LANE
    if at + _HALF_LANE <= len(rest):
        found ^= struct.unpack_from("<I", rest, at)[0] * _P1 & _MASK
        found = (_rotated(found, 23) * _P2 + _P3) & _MASK
        at += _HALF_LANE
    for byte in rest[at:]:
        found = _rotated(found ^ byte * _P5 & _MASK, 11) * _P1 & _MASK
    return found


def _mixed(found: int) -> int:
    found = (found ^ found >> 33) * _P2 & _MASK
    found = (found ^ found >> 29) * _P3 & _MASK
    return found ^ found >> 32


def _round(lane: int, word: int) -> int:
    return _rotated((lane + word * _P2) & _MASK, 31) * _P1 & _MASK


def _rotated(value: int, by: int) -> int:
    return (value << by | value >> 64 - by) & _MASK
