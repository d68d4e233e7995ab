"""Deletes spool files that have landed; takes no room, so a full disk drains."""

from __future__ import annotations

import contextlib
from itertools import pairwise
from pathlib import Path

from exporter.archive.spool.disk import Disk, flush_directory
from exporter.archive.spool.files import first_of, read_header, spool_files
from exporter.archive.spool.recovery import scan_file


def delete_landed(disk: Disk, directory: Path, landed: int) -> int:
    """Deletes files whose entries all stand at or before `landed`; how many.

    The newest file always stays: it may be written to, and its name tells which sequences were used. That it is there
    is flushed before any other goes, or a crash could leave none of them.
    """
    doomed: list[str] = []
    for name, following in pairwise(spool_files(disk, directory)):
        if _last_entry(disk, directory, name, following) > landed:
            break
        doomed.append(name)
    if not doomed:
        return 0
    flush_directory(disk, directory)
    for name in doomed:
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(directory / name)
    flush_directory(disk, directory)
    return len(doomed)


def _last_entry(disk: Disk, directory: Path, name: str, following: str) -> int:
    """The last entry up to the end of a file, as the next file tells, or the file itself where that cannot be read."""
    header = read_header(disk, directory / following)
    if header is not None:
        return header.follows
    try:
        last = scan_file(disk, directory / name).last
    except FileNotFoundError:
        last = None
    return first_of(following) - 1 if last is None else last
