"""Reads NDJSON and CSV files in chunks cut at line ends, and follows them while they grow, rotate or are emptied."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from collectors import file_position
from collectors.errors import SourceUnavailable, SourceUnusable
from collectors.file_position import FilePosition
from collectors.line_cut import cut_at_record_end
from collectors.source import CSV, NDJSON, Chunk, Positions

CHUNK_BYTES = 1 << 20
RECORD_LIMIT_BYTES = 16 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(slots=True)
class _FollowedFile:
    """The file that is being read: where the next chunk starts, and of CSV its header line."""

    stream: BinaryIO
    inode: int
    offset: int
    header: bytes


class LineFile:
    """A file of lines as a `Source`.

    follow          : wait for more at the end; a last line without its newline waits too. Else the file ends there,
                      and such a line counts.
    positions_path  : where `commit` remembers how far it is; None remembers nothing.
    chunk_bytes     : about the size of a chunk.

    A rotated file (another inode at the path) is read to its end first, a last line without newline included. A file
    shorter than what was read has been emptied and is read from its start. A file that is not there yet is waited for
    when following.
    """

    def __init__(
        self, path: Path, *, follow: bool = False, positions_path: Path | None = None, chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self._path = path
        self._follow = follow
        self._positions_path = positions_path
        self._chunk_bytes = chunk_bytes
        self._media_type = CSV if path.suffix.lower() == ".csv" else NDJSON
        self._file: _FollowedFile | None = None
        self._finished = False
        self._resume = file_position.load(positions_path)

    def poll(self) -> Chunk | None:
        """The next whole lines; see `Source.poll`."""
        if self._finished:
            return None
        try:
            return self._poll()
        except FileNotFoundError as error:
            if self._follow:
                return None
            raise SourceUnusable(f"{self._path}: there is no such file") from error
        except IsADirectoryError as error:
            raise SourceUnusable(f"{self._path}: is a folder; name a file") from error
        except PermissionError as error:
            raise SourceUnusable(f"{self._path}: cannot be read: {error.strerror}") from error
        except OSError as error:
            raise SourceUnavailable(f"{self._path}: {error.strerror}") from error

    def positions(self) -> Positions:
        """Inode, byte offset and a fingerprint of the file's beginning, by which it is known again."""
        if self._file is None:
            return self._resume.as_positions() if self._resume else {}
        return FilePosition.of(self._file.stream, self._file.inode, self._file.offset).as_positions()

    def commit(self, positions: Positions) -> None:
        """Writes the positions beside the old ones and renames: whole or not at all."""
        if self._positions_path is not None and positions:
            file_position.save(self._positions_path, positions)

    def is_finished(self) -> bool:
        """Only of a file that is not followed."""
        return self._finished

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.stream.close()
            self._file = None
        self._finished = True

    def _poll(self) -> Chunk | None:
        file = self._file or self._open()
        self._restart_if_emptied(file)
        chunk = self._next_chunk(file, is_last=not self._follow)
        if chunk is not None:
            return chunk
        if not self._follow:
            self._finished = True
            return None
        return self._next_of_rotated(file) if self._is_rotated(file) else None

    def _open(self) -> _FollowedFile:
        """The file at the path; after a restart, the one that was being read, which may have been renamed since."""
        path, offset = self._path, 0
        if self._resume is not None:
            found = self._resume.find(self._path, is_rotated=self._follow)
            path, offset = (found, self._resume.offset) if found else (path, 0)
        stream = path.open("rb")
        self._resume = None
        self._file = _FollowedFile(stream, os.fstat(stream.fileno()).st_ino, offset, b"")
        return self._file

    def _restart_if_emptied(self, file: _FollowedFile) -> None:
        if os.fstat(file.stream.fileno()).st_size < file.offset:
            file.offset, file.header = 0, b""

    def _is_rotated(self, file: _FollowedFile) -> bool:
        return self._path.stat().st_ino != file.inode

    def _next_of_rotated(self, file: _FollowedFile) -> Chunk | None:
        """What is left of the old file, its unfinished last line included; then the new file's beginning."""
        rest = self._next_chunk(file, is_last=True)
        if rest is not None:
            return rest
        file.stream.close()
        self._file = None
        return self._next_chunk(self._open(), is_last=False)

    def _next_chunk(self, file: _FollowedFile, *, is_last: bool) -> Chunk | None:
        if self._media_type == CSV and not file.header and not self._read_header(file, is_last=is_last):
            return None
        start = file.offset
        body = self._read_records(file, is_last=is_last)
        if not body:
            return None
        file.offset = start + len(body)
        return Chunk(file.header + body, self._media_type, start, file.offset)

    def _read_header(self, file: _FollowedFile, *, is_last: bool) -> bool:
        """The header stands before every chunk, so that each can be decoded alone."""
        file.stream.seek(0)
        line = file.stream.readline(RECORD_LIMIT_BYTES)
        if not line.endswith(b"\n") and not (is_last and line):
            return False
        file.header = line.removeprefix(_BYTE_ORDER_MARK).rstrip(b"\r\n") + b"\n"
        file.offset = max(file.offset, len(line))
        return True

    def _read_records(self, file: _FollowedFile, *, is_last: bool) -> bytes:
        """Whole records from the offset on; a record beyond the limit comes in pieces, which no decoder takes."""
        size = self._chunk_bytes
        while True:
            file.stream.seek(file.offset)
            body = file.stream.read(size)
            is_at_end = len(body) < size
            cut = len(body) if is_at_end and is_last else cut_at_record_end(body, is_csv=self._media_type == CSV)
            if cut or is_at_end:
                return body[:cut]
            if size >= RECORD_LIMIT_BYTES:
                return body
            size = min(size * 2, RECORD_LIMIT_BYTES)
