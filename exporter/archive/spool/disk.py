"""What the spool asks of a disk, so that a simulated one can take its place and fail in every way."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from exporter.errors import DiskFailed

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_BUFFERS_AT_ONCE = 1024
"""IOV_MAX of Linux."""


class Disk(Protocol):
    """Files in folders. Calls block and raise OSError as the operating system does.

    What was written is durable after `sync` of the file, a name after `sync_directory` of its folder, and nothing
    before. Once a flush has failed, nobody knows what the file holds: a second one may succeed all the same.
    """

    def make_directory(self, directory: Path) -> None:
        """Makes it, durably, with its parents; no effect where it is there."""

    def list(self, directory: Path) -> Sequence[str]:
        """Names in a folder, in no order; none where it is not there."""

    def folders(self, directory: Path) -> Sequence[str]:
        """Names of the folders in a folder, in no order; none where it is not there."""

    def size(self, path: Path) -> int:
        """Bytes of a file."""

    def size_of(self, handle: int) -> int:
        """Bytes of an open file."""

    def create(self, path: Path, size: int) -> int:
        """Makes a file that was not there and takes its room from the disk; without room there is no file."""

    def open(self, path: Path) -> int:
        """Opens a file to read and write."""

    def close(self, handle: int) -> None:
        """Lets go of a file, or of a lock."""

    def read(self, handle: int, offset: int, length: int) -> bytes:
        """Bytes of a file, fewer only at its end."""

    def write(self, handle: int, buffers: Sequence[bytes], offset: int) -> None:
        """Writes all of them, one after the other, from an offset on."""

    def sync(self, handle: int) -> None:
        """Flushes what was written to a file."""

    def sync_directory(self, directory: Path) -> None:
        """Flushes names that were made or taken away."""

    def unlink(self, path: Path) -> None:
        """Takes a name away."""

    def link(self, path: Path, name: Path) -> None:
        """Gives a file a second name, which takes no room; FileExistsError where something has it."""

    def lock(self, directory: Path) -> int | None:
        """The right to write in a folder, until it is closed or the process ends; None while another has it."""


def is_no_room(error: OSError) -> bool:
    """Whether the disk, or the system, is merely full for now."""
    return error.errno in _NO_ROOM


def flush(disk: Disk, handle: int, path: Path) -> None:
    """Flushes a file; DiskFailed, for good, when that fails: the system may have dropped what was to be written."""
    try:
        disk.sync(handle)
    except OSError as error:
        raise _disk_failed(path, error) from error


def flush_directory(disk: Disk, directory: Path) -> None:
    """Flushes the names in a folder; DiskFailed as with a file."""
    try:
        disk.sync_directory(directory)
    except OSError as error:
        raise _disk_failed(directory, error) from error


def _disk_failed(path: Path, error: OSError) -> DiskFailed:
    return DiskFailed(
        f"{path}: the disk failed to flush ({error}): what was not acknowledged may be lost. "
        "Check the disk, then start the exporter again: it goes on with what the disk holds"
    )


class LocalDisk:
    """The `Disk` of this machine."""

    def make_directory(self, directory: Path) -> None:
        missing = [path for path in (directory, *directory.parents) if not path.exists()]
        directory.mkdir(parents=True, exist_ok=True)
        for path in missing:
            self.sync_directory(path.parent)

    def list(self, directory: Path) -> Sequence[str]:
        with contextlib.suppress(FileNotFoundError):
            return [path.name for path in directory.iterdir()]
        return []

    def folders(self, directory: Path) -> Sequence[str]:
        with contextlib.suppress(FileNotFoundError):
            return [path.name for path in directory.iterdir() if path.is_dir()]
        return []

    def size(self, path: Path) -> int:
        return path.stat().st_size

    def size_of(self, handle: int) -> int:
        return os.fstat(handle).st_size

    def create(self, path: Path, size: int) -> int:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        try:
            if size:
                os.posix_fallocate(handle, 0, size)
        except OSError:
            os.close(handle)
            path.unlink()
            raise
        return handle

    def open(self, path: Path) -> int:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def close(self, handle: int) -> None:
        os.close(handle)

    def read(self, handle: int, offset: int, length: int) -> bytes:
        first = os.pread(handle, length, offset)
        if not first or len(first) == length:
            return first
        return first + self.read(handle, offset + len(first), length - len(first))

    def write(self, handle: int, buffers: Sequence[bytes], offset: int) -> None:
        for start in range(0, len(buffers), _BUFFERS_AT_ONCE):
            part = buffers[start : start + _BUFFERS_AT_ONCE]
            size = sum(map(len, part))
            written = os.pwritev(handle, part, offset)
            if written < size:
                _write_rest(handle, memoryview(b"".join(part))[written:], offset + written)
            offset += size

    def sync(self, handle: int) -> None:
        os.fdatasync(handle)

    def sync_directory(self, directory: Path) -> None:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def unlink(self, path: Path) -> None:
        path.unlink()

    def link(self, path: Path, name: Path) -> None:
        os.link(path, name)

    def lock(self, directory: Path) -> int | None:
        handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle


def _write_rest(handle: int, rest: memoryview, offset: int) -> None:
    while rest:
        written = os.pwrite(handle, rest, offset)
        rest, offset = rest[written:], offset + written
