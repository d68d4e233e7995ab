"""Which spool files are in a folder: each is named by its first sequence, so that names sort as they follow."""

from __future__ import annotations

from pathlib import Path

from exporter.archive.spool.disk import Disk
from exporter.archive.spool.frame import FILE_HEADER_BYTES, FileHeader, decode_file_header

SUFFIX = ".spool"
PART = ".part"
"""Behind the name of a file that is not finished."""
_DIGITS = 16


def file_name(first: int) -> str:
    """The name of the file that begins with a sequence."""
    return f"{first:0{_DIGITS}x}{SUFFIX}"


def first_of(name: str) -> int:
    """The sequence that a file's name tells."""
    return int(name.removesuffix(SUFFIX), 16)


def spool_files(disk: Disk, directory: Path) -> list[str]:
    """Names of the spool files in a folder, the oldest first."""
    return sorted(name for name in disk.list(directory) if name.endswith(SUFFIX))


def delete_unfinished(disk: Disk, directory: Path) -> None:
    """Deletes files that a process did not come to give a name; for who holds the folder's lock."""
    for name in disk.list(directory):
        if name.endswith(PART):
            disk.unlink(directory / name)


def spool_bytes(disk: Disk, directory: Path) -> int:
    """What the spool files in a folder take; one that is deleted meanwhile counts nothing."""
    total = 0
    for name in spool_files(disk, directory):
        try:
            total += disk.size(directory / name)
        except FileNotFoundError:
            continue
    return total


def read_header(disk: Disk, path: Path) -> FileHeader | None:
    """The header of a file; None when it is damaged, was never written, or the file is gone."""
    handle = open_file(disk, path)
    if handle is None:
        return None
    try:
        return decode_file_header(disk.read(handle, 0, FILE_HEADER_BYTES), first_of(path.name))
    finally:
        disk.close(handle)


def open_file(disk: Disk, path: Path) -> int | None:
    """A file to read; None when it is gone."""
    try:
        return disk.open(path)
    except FileNotFoundError:
        return None
