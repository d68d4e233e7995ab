"""A store of objects in a folder of this machine, or of one that it has mounted."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from exporter.archive.cold.store import PutOutcome, StoredObject
from exporter.clock import Clock
from exporter.errors import DiskFailed, InvalidSettings, RetryLater

_UNFINISHED = ".unfinished"
_FORGOTTEN_AFTER_S = 86_400.0
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))

Flush = Callable[[int], None]


class FolderStore:
    """An `ObjectStore`. An object is written beside, flushed, and linked to its name, which fails where there is one.

    flush : makes a file or folder durable, by its descriptor; the tests put faults here.
    """

    def __init__(self, folder: Path, clock: Clock, flush: Flush = os.fsync) -> None:
        self._folder = folder
        self._clock = clock
        self._flush = flush

    def check(self) -> None:
        with self._errors(self._folder):
            (self._folder / _UNFINISHED).mkdir(parents=True, exist_ok=True)
            if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self._folder))
            self._forget_unfinished()
            self._try_link()

    def put_if_absent(self, name: str, content: bytes, locked_until: float | None = None) -> PutOutcome:
        if locked_until is not None:
            raise InvalidSettings(f"the folder {self._folder} cannot lock objects: set object_lock to none")
        path = self._path(name)
        unfinished = self._folder / _UNFINISHED / uuid4().hex
        with self._errors(path):
            try:
                self._write(unfinished, content)
                self._make_folders(path.parent)
                outcome = _link(unfinished, path)
                self._flush_folder(path.parent)
            finally:
                unfinished.unlink(missing_ok=True)
        return outcome

    def get(self, name: str) -> bytes | None:
        path = self._path(name)
        with self._errors(path):
            return path.read_bytes() if path.is_file() else None

    def get_range(self, name: str, start: int, length: int) -> bytes:
        path = self._path(name)
        if not path.is_file():
            raise FileNotFoundError(f"there is no object {name}")
        with self._errors(path), path.open("rb") as file:
            file.seek(start)
            return file.read(length)

    def size(self, name: str) -> int | None:
        path = self._path(name)
        with self._errors(path):
            return path.stat().st_size if path.is_file() else None

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        top = self._path(prefix) if prefix else self._folder
        with self._errors(top):
            for folder, folders, names in os.walk(top, onerror=_raise_unless_missing):
                folders[:] = [name for name in folders if name != _UNFINISHED]
                for name in names:
                    path = Path(folder, name)
                    with contextlib.suppress(FileNotFoundError):
                        status = path.stat()
                        key = path.relative_to(self._folder).as_posix()
                        yield StoredObject(key, status.st_size, status.st_mtime)

    def delete(self, name: str) -> None:
        path = self._path(name)
        with self._errors(path):
            if path.is_file():
                path.unlink(missing_ok=True)
                self._flush_folder(path.parent)

    def hold(self, name: str, is_held: bool) -> None:
        """A folder has no holds of its own; the ledger's keeps the exporter from deleting."""

    def _path(self, name: str) -> Path:
        parts = name.rstrip("/").split("/")
        if any(part in ("", ".", "..", _UNFINISHED) for part in parts):
            raise ValueError(f"{name!r} is no name of an object")
        return self._folder.joinpath(*parts)

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            self._flush_or_fail(descriptor, path)
        finally:
            os.close(descriptor)

    def _make_folders(self, folder: Path) -> None:
        """Makes what is missing of the folders of an object, each durable in its parent."""
        missing = [path for path in (folder, *folder.parents) if path != self._folder and not path.is_dir()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            self._flush_folder(path.parent)

    def _flush_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._flush_or_fail(descriptor, folder)
        finally:
            os.close(descriptor)

    def _flush_or_fail(self, descriptor: int, path: Path) -> None:
        try:
            self._flush(descriptor)
        except OSError as error:
            if error.errno in _FULL:
                raise
            raise DiskFailed(
                f"{path}: cannot be flushed to the disk: {error}; check the disk and start again"
            ) from error

    def _forget_unfinished(self) -> None:
        """What a process that was killed had begun to write."""
        for path in (self._folder / _UNFINISHED).iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < self._clock.now() - _FORGOTTEN_AFTER_S:
                    path.unlink()

    def _try_link(self) -> None:
        """Some file systems cannot; better to know before the first object."""
        tried = self._folder / _UNFINISHED / uuid4().hex
        linked = tried.with_suffix(".linked")
        try:
            tried.touch()
            linked.hardlink_to(tried)
        finally:
            linked.unlink(missing_ok=True)
            tried.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _errors(self, path: Path) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise RetryLater(f"{path}: its folder was taken away meanwhile") from error
        except OSError as error:
            if error.errno in _FULL:
                raise RetryLater(f"{self._folder}: the disk of the cold tier is full", 60) from error
            if error.errno in (errno.EIO, errno.ESTALE, errno.ETIMEDOUT):
                raise RetryLater(f"{path}: {error.strerror}", 10) from error
            message = f"the cold tier's folder {self._folder} cannot be used: {error}"
            raise InvalidSettings(f"{message}; make it writable, or name one on another file system") from error


def _link(unfinished: Path, path: Path) -> PutOutcome:
    try:
        path.hardlink_to(unfinished)
    except FileExistsError:
        return PutOutcome.EXISTS
    return PutOutcome.CREATED


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
