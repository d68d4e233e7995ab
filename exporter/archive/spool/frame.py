"""The bytes of a spool file: a header, and frames one after the other up to a tail of zeros.

=========  =====  ================================================================================================
header     bytes  meaning
=========  =====  ================================================================================================
magic      8      `INFSPOOL`
salt       4      random, in each frame of the file: bytes of an older file that stood in the same place are no frames
CRC32C     4      of everything else in the header
first      8      the sequence of the first frame, and the file's name
follows    8      the last sequence before `first` that was kept: what lies between was never given out
---------  -----  ------------------------------------------------------------------------------------------------
frame
salt       4      the file's
length     4      of the payload
sequence   8      one more than that of the frame before
index      4      in its group, the frames that were flushed as one: that it is there proves the groups before durable
CRC32C     4      of salt, length, sequence, index and payload
payload
=========  =====  ================================================================================================

Numbers are little-endian. What is neither a frame nor zeros is torn. Frames behind it are trusted only where one of a
later group proves that it was durable: then the disk has damaged it since. Otherwise a crash cut the last group short.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from google_crc32c import extend

_MAGIC = b"INFSPOOL"
_FILE_HEADER = struct.Struct("<8s4sIQQ")
_FRAME_HEADER = struct.Struct("<4sIQII")
_CHECKED = struct.Struct("<4sIQI")

FILE_HEADER_BYTES = _FILE_HEADER.size
FRAME_HEADER_BYTES = _FRAME_HEADER.size
SALT_BYTES = 4


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What a spool file tells about itself."""

    salt: bytes
    first: int
    follows: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of a spool file, from byte `start` to `end`, where the next frame starts.

    proves : every entry up to it was durable before this one was written.
    """

    sequence: int
    payload: bytes
    start: int
    end: int
    proves: int


class NoFrame(Enum):
    """Why there is no frame at a place."""

    END = "zeros: nothing was written here yet"
    CUT = "the bytes at hand end before the frame does"
    TORN = "bytes that are no frame"


def encode_file_header(header: FileHeader) -> bytes:
    return _FILE_HEADER.pack(_MAGIC, header.salt, _header_crc(header), header.first, header.follows)


def decode_file_header(data: bytes, first: int) -> FileHeader | None:
    """The header of a file that is named by `first`; None when it is damaged, another file's, or was never written."""
    if len(data) < FILE_HEADER_BYTES:
        return None
    magic, salt, crc, found, follows = _FILE_HEADER.unpack_from(data)
    header = FileHeader(salt, found, follows)
    return header if magic == _MAGIC and found == first and crc == _header_crc(header) else None


def encode_frame_header(salt: bytes, sequence: int, index: int, payload: bytes) -> bytes:
    """The bytes that stand before the payload."""
    checked = _CHECKED.pack(salt, len(payload), sequence, index)
    return _FRAME_HEADER.pack(salt, len(payload), sequence, index, extend(extend(0, checked), payload))


def frame_at(data: bytes, offset: int, salt: bytes, sequence: int | None) -> Frame | NoFrame:
    """The frame at an offset; with a `sequence`, no other one is taken."""
    start = offset + FRAME_HEADER_BYTES
    if len(data) < start:
        return NoFrame.CUT
    found_salt, length, found, index, crc = _FRAME_HEADER.unpack_from(data, offset)
    if found_salt != salt or (sequence is not None and found != sequence):
        return NoFrame.TORN if any(data[offset:start]) else NoFrame.END
    if len(data) < start + length:
        return NoFrame.CUT
    payload = data[start : start + length]
    if crc != extend(extend(0, data[offset : start - 4]), payload):
        return NoFrame.TORN
    return Frame(found, payload, offset, start + length, found - index - 1)


def frames_behind(data: bytes, offset: int, salt: bytes, sequence: int) -> Iterator[Frame]:
    """Whole frames from a sequence on, wherever they stand behind an offset at which there is none."""
    start = data.find(salt, offset)
    while start >= 0:
        found = frame_at(data, start, salt, None)
        if isinstance(found, Frame) and found.sequence >= sequence:
            yield found
            sequence = found.sequence + 1
            start = data.find(salt, found.end)
        else:
            start = data.find(salt, start + 1)


def frame_end(data: bytes, offset: int) -> int:
    """Where the frame whose header stands at an offset says that it ends."""
    return offset + FRAME_HEADER_BYTES + int(_FRAME_HEADER.unpack_from(data, offset)[1])


def _header_crc(header: FileHeader) -> int:
    crc: int = extend(0, _MAGIC + header.salt + struct.pack("<QQ", header.first, header.follows))
    return crc
