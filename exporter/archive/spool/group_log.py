"""Writes groups of entries to spool files and flushes each group once; a plain step by step machine, for one caller."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.archive.spool.disk import Disk, flush, flush_directory, is_no_room
from exporter.archive.spool.files import PART, file_name, spool_bytes
from exporter.archive.spool.frame import (
    FILE_HEADER_BYTES,
    FRAME_HEADER_BYTES,
    SALT_BYTES,
    FileHeader,
    encode_file_header,
    encode_frame_header,
)
from exporter.archive.spool.limits import SpoolLimits
from exporter.archive.spool.recovery import Recovered
from exporter.errors import DiskFailed, RetryLater

log = logging.getLogger(__name__)

Entropy = Callable[[int], bytes]
"""So many random bytes."""


@dataclass(slots=True)
class _OpenFile:
    name: str
    handle: int
    salt: bytes
    size: int
    offset: int = FILE_HEADER_BYTES


class GroupLog:
    """Appends to files that it has begun itself, and to no others.

    After RetryLater nothing of the group was kept, and its sequences are not used again. After DiskFailed nobody knows
    what was kept, and every later call raises it too.
    """

    def __init__(
        self, disk: Disk, directory: Path, limits: SpoolLimits, recovered: Recovered, entropy: Entropy
    ) -> None:
        self._disk = disk
        self._directory = directory
        self._limits = limits
        self._entropy = entropy
        self._next = recovered.next_sequence
        self._empty_files = list(recovered.empty_files)
        self._file: _OpenFile | None = None
        self._failure: DiskFailed | None = None
        self.last = recovered.last
        """The last entry that is durable."""

    def append_group(self, payloads: Sequence[bytes]) -> range:
        """Makes as many entries durable, from the first on, as one file takes; their sequences, at least one."""
        if self._failure is not None:
            raise self._failure
        try:
            file = self._file_for(payloads[0])
            count, size = _fitting(payloads, file)
            self._write(file, payloads[:count], size)
        except DiskFailed as failure:
            self._failure = failure
            self.close()
            raise
        except OSError as error:
            raise self._stopped(error) from error
        return range(self._next - count, self._next)

    def spool_bytes(self) -> int:
        """What the files take; some of them may have been deleted by whoever landed them."""
        return spool_bytes(self._disk, self._directory)

    def close(self) -> None:
        """Lets go of the file; what was written stays."""
        if self._file is not None:
            self._disk.close(self._file.handle)
            self._file = None

    def _file_for(self, payload: bytes) -> _OpenFile:
        needed = FRAME_HEADER_BYTES + len(payload)
        if self._file is not None and self._file.offset + needed <= self._file.size:
            return self._file
        self.close()
        return self._begin_file(max(self._limits.file_bytes, FILE_HEADER_BYTES + needed))

    def _begin_file(self, size: int) -> _OpenFile:
        """The file gets its name once its header is durable, so that what was there before is never taken for one."""
        self._check_limit(size)
        name = file_name(self._next)
        path, part = self._directory / name, self._directory / f"{name}{PART}"
        header = FileHeader(self._entropy(SALT_BYTES), self._next, self.last)
        handle = self._disk.create(part, size)
        try:
            self._disk.write(handle, [encode_file_header(header)], 0)
            flush(self._disk, handle, part)
            self._disk.link(part, path)
        except OSError:
            self._disk.close(handle)
            self._disk.unlink(part)
            raise
        self._file = _OpenFile(name, handle, header.salt, size)
        self._disk.unlink(part)
        flush_directory(self._disk, self._directory)
        self._delete_empty_files()
        return self._file

    def _check_limit(self, size: int) -> None:
        taken = self.spool_bytes() - sum(self._size_of(name) for name in self._empty_files)
        if taken + size > self._limits.spool_bytes:
            raise RetryLater(
                f"{self._directory}: the spool holds {taken:,} bytes that have not landed in the warm tier; "
                f"its limit is {self._limits.spool_bytes:,}"
            )

    def _delete_empty_files(self) -> None:
        """Now that another file tells which sequences were used."""
        while self._empty_files:
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(self._directory / self._empty_files[-1])
            self._empty_files.pop()

    def _size_of(self, name: str) -> int:
        try:
            return self._disk.size(self._directory / name)
        except FileNotFoundError:
            return 0

    def _write(self, file: _OpenFile, payloads: Sequence[bytes], size: int) -> None:
        buffers: list[bytes] = []
        first = self._next
        for index, payload in enumerate(payloads):
            buffers += (encode_frame_header(file.salt, first + index, index, payload), payload)
        self._next = first + len(payloads)
        try:
            self._disk.write(file.handle, buffers, file.offset)
        except OSError:
            self._blank(file, size)
            raise
        flush(self._disk, file.handle, self._directory / file.name)
        file.offset += size
        self.last = self._next - 1

    def _blank(self, file: _OpenFile, size: int) -> None:
        """Takes back what was written of a refused group, since only the header of the next file says that it is none.

        The file has its room already. Where blanking fails too, the worst is that a refused entry lands.
        """
        with contextlib.suppress(OSError):
            self._disk.write(file.handle, [bytes(size)], file.offset)

    def _stopped(self, error: OSError) -> RetryLater | DiskFailed:
        """A full disk passes by. The file is not written to again: its end may be torn."""
        if self._file is not None and self._file.offset == FILE_HEADER_BYTES:
            self._empty_files.append(self._file.name)
        self.close()
        if is_no_room(error):
            return RetryLater(f"{self._directory}: no room for the next entries: {error.strerror}")
        self._failure = DiskFailed(f"{self._directory}: the disk failed: {error}")
        return self._failure


def _fitting(payloads: Sequence[bytes], file: _OpenFile) -> tuple[int, int]:
    """How many payloads the file takes, and the bytes that they take in it."""
    room, size = file.size - file.offset, 0
    for count, payload in enumerate(payloads):
        frame_bytes = FRAME_HEADER_BYTES + len(payload)
        if size + frame_bytes > room:
            return count, size
        size += frame_bytes
    return len(payloads), size
