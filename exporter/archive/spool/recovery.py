"""What a spool still holds after whatever happened: found, and made durable, before anybody goes on with it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from exporter.archive.spool.disk import Disk, is_no_room
from exporter.archive.spool.files import first_of, spool_files
from exporter.archive.spool.frame import (
    FILE_HEADER_BYTES,
    FRAME_HEADER_BYTES,
    Frame,
    decode_file_header,
    frame_at,
    frames_behind,
)
from exporter.archive.spool.quarantine import Quarantine
from exporter.errors import DiskFailed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recovered:
    """Where a spool stands.

    last          : the last entry that it holds, durably; 0: none.
    next_sequence : greater than any that may ever have been written.
    empty_files   : the newest files, where no entry can be read in them; they go once another file is the newest.
    """

    last: int
    next_sequence: int
    empty_files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpoolScan:
    """One file: its trusted bytes end at `end`; `next_sequence` is greater than any that it may ever have held.

    last : its last entry, or the one that it follows where it has none; None where that cannot be read.
    """

    last: int | None
    has_entries: bool
    is_blank: bool
    end: int
    next_sequence: int


def recover(disk: Disk, directory: Path) -> Recovered:
    """Finds the last entry and flushes it; for who holds the folder's lock. DiskFailed when the flush fails.

    Files before the newest one that has entries were flushed before it was begun.
    """
    next_sequence, last, empty = 1, None, []
    try:
        for name in reversed(spool_files(disk, directory)):
            scan = _secure(disk, directory / name, last or 0)
            next_sequence = max(next_sequence, scan.next_sequence)
            last = scan.last if last is None else last
            if scan.has_entries:
                break
            if scan.last is None and not scan.is_blank:
                log.error("%s: the beginning of %s is damaged; it is kept in `quarantine`", directory, name)
                Quarantine(disk, directory).keep_file(name)
            empty.append(name)
        if next_sequence > 1:
            disk.sync_directory(directory)
    except OSError as error:
        raise DiskFailed(f"{directory}: what the spool holds cannot be made sure of: {error}") from error
    return Recovered(last or 0, next_sequence, tuple(empty))


def scan_file(disk: Disk, path: Path, proven: int = 0) -> SpoolScan:
    """What a file holds, as far as it is trusted; every entry up to `proven` is known to have been durable."""
    handle = disk.open(path)
    try:
        return _scan(disk.read(handle, 0, disk.size_of(handle)), first_of(path.name), proven)
    finally:
        disk.close(handle)


def _secure(disk: Disk, path: Path, proven: int) -> SpoolScan:
    """Scans a file and makes its trusted bytes durable.

    They are written over themselves: after a flush that failed in the process before, the system's cache may hold
    what the disk does not, and would not write it again.
    """
    handle = disk.open(path)
    try:
        data = disk.read(handle, 0, disk.size_of(handle))
        scan = _scan(data, first_of(path.name), proven)
        if scan.end:
            try:
                disk.write(handle, [data[: scan.end]], 0)
            except OSError as error:
                if not is_no_room(error):
                    raise
            disk.sync(handle)
        return scan
    finally:
        disk.close(handle)


def _scan(data: bytes, first: int, proven: int) -> SpoolScan:
    header = decode_file_header(data, first)
    if header is None:
        is_blank = not data[FILE_HEADER_BYTES:].strip(b"\0")
        return SpoolScan(None, False, is_blank, 0, first + 1 + _most_frames(data))
    end, sequence = FILE_HEADER_BYTES, first
    while (frame := _trusted_frame(data, end, header.salt, sequence, proven)) is not None:
        end, sequence = frame.end, frame.sequence + 1
    next_sequence = max(sequence, first + 1) + _most_frames(data[end:])
    last = sequence - 1 if sequence > first else header.follows
    return SpoolScan(last, sequence > first or proven >= first, False, end, next_sequence)


def _trusted_frame(data: bytes, offset: int, salt: bytes, sequence: int, proven: int) -> Frame | None:
    """The frame at an offset; where it is damaged though it was durable, the next one that is whole."""
    frame = frame_at(data, offset, salt, sequence)
    if isinstance(frame, Frame):
        return frame
    if proven >= sequence or any(behind.proves >= sequence for behind in frames_behind(data, offset, salt, sequence)):
        return next(frames_behind(data, offset, salt, sequence), None)
    return None


def _most_frames(untrusted: bytes) -> int:
    """How many sequences may have been used in bytes that are not trusted; none in zeros."""
    return len(untrusted) // FRAME_HEADER_BYTES + 1 if untrusted.strip(b"\0") else 0
