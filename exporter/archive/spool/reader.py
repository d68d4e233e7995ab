"""Reads what a spool holds, in order, as far as it is durable, while another process goes on writing.

Each file tells the last entry that was kept before it. So an entry is missing exactly where a file ends before the one
that the next file follows; whatever else a crash or a full disk left at a file's end was never acknowledged.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from exporter.archive.spool.disk import Disk
from exporter.archive.spool.files import open_file, read_header, spool_files
from exporter.archive.spool.frame import (
    FILE_HEADER_BYTES,
    FRAME_HEADER_BYTES,
    FileHeader,
    Frame,
    NoFrame,
    frame_at,
    frame_end,
    frames_behind,
)
from exporter.archive.spool.quarantine import Quarantine
from exporter.archive.spool.stored_entry import StoredEntry

_WINDOW_BYTES = 65_536
_BLOCK_BYTES = 4096

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _FileBeingRead:
    """The frame of `next_sequence` is expected at `offset`."""

    name: str
    handle: int
    size: int
    salt: bytes
    next_sequence: int
    offset: int = FILE_HEADER_BYTES


class SpoolReader:
    """Goes through a spool folder from one entry on; for one caller. Calls block, and raise OSError as the disk does.

    position : the last entry that was given, or passed over.
    missing  : entries that were durable and are not there: their bytes are damaged, or their file is gone.
    """

    def __init__(self, disk: Disk, directory: Path, after: int) -> None:
        self.position = after
        self.missing = 0
        self._disk = disk
        self._directory = directory
        self._quarantine = Quarantine(disk, directory)
        self._file: _FileBeingRead | None = None
        self._unreadable: set[str] = set()
        self._gaps: list[tuple[int, int]] = []

    def entries(self, durable: int) -> Iterator[StoredEntry]:
        """Entries after `position`, up to the last durable one; the caller may stop at any."""
        while self.position < durable:
            names = spool_files(self._disk, self._directory)
            file = self._file or self._open_first(names)
            following = self._first_readable([name for name in names if file is None or name > file.name])
            limit = durable if following is None else min(durable, following[1].follows)
            if file is not None:
                yield from self._frames_of(file, limit)
            else:
                self._suspect_gap(limit)
            if self.position < durable and following is not None:
                self._go_to(*following)

    def confirm_gaps(self) -> None:
        """To be called when something has landed: nobody else lands this spool, so what was not there is lost."""
        for first, last in self._gaps:
            log.error(
                "%s: the acknowledged entries %d to %d are lost: their file is gone", self._directory, first, last
            )
            self.missing += last + 1 - first
        self._gaps.clear()

    def close(self) -> None:
        """Lets go of the file that is being read."""
        if self._file is not None:
            self._disk.close(self._file.handle)
            self._file = None

    def _open_first(self, names: Sequence[str]) -> _FileBeingRead | None:
        """The newest file that begins at or before the next entry, where there is one."""
        for name in reversed(names):
            header = read_header(self._disk, self._directory / name)
            if header is not None and header.first <= self.position + 1:
                self._go_to(name, header)
                break
        return self._file

    def _first_readable(self, names: Sequence[str]) -> tuple[str, FileHeader] | None:
        unreadable: list[str] = []
        for name in names:
            header = read_header(self._disk, self._directory / name)
            if header is not None:
                self._set_aside(unreadable)
                return name, header
            unreadable.append(name)
        return None

    def _go_to(self, name: str, header: FileHeader) -> None:
        handle = open_file(self._disk, self._directory / name)
        if handle is None:
            return
        self.close()
        size = self._disk.size_of(handle)
        self._file = _FileBeingRead(name, handle, size, header.salt, header.first)
        self.position = max(self.position, header.first - 1)

    def _frames_of(self, file: _FileBeingRead, limit: int) -> Iterator[StoredEntry]:
        while self.position < limit:
            yield from self._intact_frames(file, limit)
            if self.position < limit:
                self._pass_over_damage(file, limit)

    def _intact_frames(self, file: _FileBeingRead, limit: int) -> Iterator[StoredEntry]:
        """Those up to the limit, or to the first place that is no frame."""
        window = _WINDOW_BYTES
        while self.position < limit:
            data = self._read(file.handle, file.offset, window)
            start = file.offset
            while isinstance(found := frame_at(data, file.offset - start, file.salt, file.next_sequence), Frame):
                file.offset = start + found.end
                file.next_sequence += 1
                if found.sequence > self.position:
                    self.position = found.sequence
                    yield StoredEntry(found.sequence, found.payload, file.name)
                    if self.position == limit:
                        return
            window = _next_window(found, file, data, start)
            if not window:
                return

    def _pass_over_damage(self, file: _FileBeingRead, limit: int) -> None:
        """Goes on with the next whole frame behind a place that is none; without one, nothing is left up to limit."""
        rest = self._read(file.handle, file.offset, file.size - file.offset)
        found = next(frames_behind(rest, 0, file.salt, file.next_sequence), None)
        resumed = limit + 1 if found is None else found.sequence
        if found is None and (not rest.strip(b"\0") or file.name not in spool_files(self._disk, self._directory)):
            self._suspect_gap(limit)
        self._miss(min(limit, resumed - 1), file)
        file.next_sequence = max(file.next_sequence, resumed)
        if found is not None:
            file.offset += found.start

    def _read(self, handle: int, offset: int, length: int) -> bytes:
        """Bytes of a file, with zeros for blocks that the disk cannot read."""
        try:
            return self._disk.read(handle, offset, length)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
        stop = min(offset + length, self._disk.size_of(handle))
        starts = [offset, *range(offset - offset % _BLOCK_BYTES + _BLOCK_BYTES, stop, _BLOCK_BYTES), stop]
        return b"".join(self._read_block(handle, start, end - start) for start, end in pairwise(starts))

    def _read_block(self, handle: int, offset: int, length: int) -> bytes:
        try:
            return self._disk.read(handle, offset, length)
        except OSError as error:
            log.warning("%s: %d bytes cannot be read: %s", self._directory, length, error)
            return bytes(length)

    def _miss(self, last: int, file: _FileBeingRead) -> None:
        """Passes over entries whose bytes are damaged."""
        if last <= self.position:
            return
        self._quarantine.keep_file(file.name)
        log.error(
            "%s: the acknowledged entries %d to %d are damaged, at byte %d of %s, which is kept in `quarantine`",
            self._directory, self.position + 1, last, file.offset, file.name,
        )  # fmt: skip
        self.missing += last - self.position
        self.position = last

    def _suspect_gap(self, last: int) -> None:
        """Passes over entries whose file is gone; another lander may have landed and deleted it."""
        if last > self.position:
            log.warning("%s: no file holds the entries %d to %d", self._directory, self.position + 1, last)
            self._gaps.append((self.position + 1, last))
            self.position = last

    def _set_aside(self, names: Sequence[str]) -> None:
        """Keeps files without a readable header that hold something; most were begun, and their writer was killed."""
        for name in set(names) - self._unreadable:
            handle = open_file(self._disk, self._directory / name)
            if handle is None:
                continue
            content = self._read(handle, FILE_HEADER_BYTES, self._disk.size_of(handle))
            self._disk.close(handle)
            if content.strip(b"\0"):
                self._quarantine.keep_file(name)
                log.error("%s: the beginning of %s is damaged; it is kept in `quarantine`", self._directory, name)
            self._unreadable.add(name)


def _next_window(found: NoFrame, file: _FileBeingRead, data: bytes, start: int) -> int:
    """How many bytes to read next for the frame that was cut off; 0 when there is none."""
    if found is not NoFrame.CUT:
        return 0
    if file.offset > start:
        return _WINDOW_BYTES
    if len(data) < FRAME_HEADER_BYTES:
        return 0
    needed = frame_end(data, 0)
    return needed if len(data) < needed <= file.size - start else 0
