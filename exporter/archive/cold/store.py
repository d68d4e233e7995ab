"""What a store of objects does: keeps bytes under a name that is written once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

_KEPT_BYTES = 65_536
"""What readers of Parquet fetch first: footers, and with them bloom filters, or all of a small file."""


class PutOutcome(StrEnum):
    """What became of a put: the object is new, or one stood there already and was left as it is."""

    CREATED = "created"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing tells it; modified_at in seconds since the epoch, by the store's clock."""

    name: str
    size_bytes: int
    modified_at: float


class ObjectStore(Protocol):
    """Keeps objects by name, below an address. Calls block, with time limits, and may come from several threads.

    Names are parts of letters, digits, `-`, `_` and `.`, joined by `/`. An object is there as a whole or not at all,
    and nothing changes it. A store that is away, slow or ill raises RetryLater: the call may have been done, and
    doing it again is right. One that refuses (credentials, a bucket that is not there, an option that it does not
    know) raises InvalidSettings, with what to do.
    """

    def check(self) -> None:
        """Whether it can be used as configured, with a real request; to be called once at the start."""

    def put_if_absent(self, name: str, content: bytes, locked_until: float | None = None) -> PutOutcome:
        """Keeps an object, unless there is one of this name; what is there is durable when it returns.

        locked_until : where the store locks objects: nobody can delete it before, seconds since the epoch; an object
                       that was there before is locked as well.
        """

    def get(self, name: str) -> bytes | None:
        """The whole object; None where there is none."""

    def get_range(self, name: str, start: int, length: int) -> bytes:
        """`length` bytes from `start`, which must lie within the object; FileNotFoundError where there is none."""

    def size(self, name: str) -> int | None:
        """In bytes; None where there is none."""

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Every object whose name begins with the whole parts of `prefix`, in no order."""

    def delete(self, name: str) -> None:
        """Takes an object away; none: no effect."""

    def hold(self, name: str, is_held: bool) -> None:
        """Puts an object on the store's own legal hold, or lets go of it; without object lock: no effect."""


class ObjectFile(io.RawIOBase):
    """An object as a file to read at any place, one request a read; its end is kept once it was read."""

    def __init__(self, store: ObjectStore, name: str, size_bytes: int) -> None:
        super().__init__()
        self._store, self._name, self._size_bytes = store, name, size_bytes
        self._at = 0
        self._end = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}[whence]
        self._at = origin + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._size_bytes - self._at)
        length = left if size is None or size < 0 else min(size, left)
        if not length:
            return b""
        content = self._fetched(length)
        self._at += len(content)
        return content

    def readall(self) -> bytes:
        return self.read()

    def _fetched(self, length: int) -> bytes:
        start = self._at - (self._size_bytes - len(self._end))
        if start >= 0:
            return self._end[start : start + length]
        content = self._store.get_range(self._name, self._at, length)
        if self._at + length == self._size_bytes and length <= _KEPT_BYTES:
            self._end = content
        return content
