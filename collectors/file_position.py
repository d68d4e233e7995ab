"""How far a file has been read, and how to know the file again after it was renamed or replaced."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from collectors.errors import SourceUnavailable, SourceUnusable
from collectors.source import Positions

_FINGERPRINT_BYTES = 1024


@dataclass(frozen=True, slots=True)
class FilePosition:
    """A byte offset in a file that is known by its inode and by its beginning.

    An inode alone would not do: a file system gives that of a deleted file to the next one.
    """

    inode: int
    offset: int
    fingerprint: str

    @classmethod
    def of(cls, stream: BinaryIO, inode: int, offset: int) -> Self:
        """The position of an open file; what it has read to is left alone."""
        return cls(inode, offset, _fingerprint(stream, offset))

    def as_positions(self) -> Positions:
        return {"inode": self.inode, "offset": self.offset, "fingerprint": self.fingerprint}

    def find(self, path: Path, *, is_rotated: bool) -> Path | None:
        """The file that the position is of: at the path, or if it `is_rotated` also beside it (`events.ndjson.1`)."""
        beside = sorted(path.parent.glob(f"{path.name}*")) if is_rotated else []
        return next((candidate for candidate in (path, *beside) if self._is_of(candidate)), None)

    def _is_of(self, path: Path) -> bool:
        try:
            with path.open("rb") as stream:
                status = os.fstat(stream.fileno())
                return (
                    status.st_ino == self.inode
                    and status.st_size >= self.offset
                    and _fingerprint(stream, self.offset) == self.fingerprint
                )
        except OSError:
            return False


def load(path: Path | None) -> FilePosition | None:
    """The position that was saved, if one was; SourceUnusable when the file holds something else."""
    if path is None or not path.exists():
        return None
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        return FilePosition(int(saved["inode"]), int(saved["offset"]), str(saved["fingerprint"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceUnusable(f"{path}: not a position that was saved here: {error}; delete it to start over") from error


def save(path: Path, positions: Positions) -> None:
    """Whole or not at all, and on disk when it returns; SourceUnavailable when the disk does not take it."""
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8") as stream:
            json.dump(positions, stream)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        raise SourceUnavailable(f"{path}: cannot save how far the source was read: {error.strerror}") from error


def _fingerprint(stream: BinaryIO, offset: int) -> str:
    """Of the beginning that has been read: appending to the file does not change it."""
    stream.seek(0)
    return hashlib.sha256(stream.read(min(offset, _FINGERPRINT_BYTES))).hexdigest()
