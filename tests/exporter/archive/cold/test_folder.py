"""A folder of objects: whole or not there, durable before it is told, and honest when the disk is not."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.archive.cold.folder import FolderStore
from exporter.archive.cold.store import PutOutcome
from exporter.errors import DiskFailed, InvalidSettings, RetryLater
from tests.support.clocks import MovedClock

NAME = "a/b/c.parquet"


class Flushes:
    """Notes what is flushed, by path; the one with the given number fails."""

    def __init__(self, fails_at: int = 0, error: int = errno.EIO) -> None:
        self.paths: list[Path] = []
        self._fails_at, self._error = fails_at, error

    def __call__(self, descriptor: int) -> None:
        self.paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        if len(self.paths) == self._fails_at:
            raise OSError(self._error, os.strerror(self._error))
        os.fsync(descriptor)


def opened(folder: Path, flush: Callable[[int], None] = os.fsync, clock: MovedClock | None = None) -> FolderStore:
    store = FolderStore(folder, clock or MovedClock(), flush)
    store.check()
    return store


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_object_and_every_new_folder_are_flushed(tmp_path: Path) -> None:
    flushes = Flushes()
    opened(tmp_path, flushes).put_if_absent(NAME, b"content")
    assert flushes.paths[0].parent == tmp_path / ".unfinished"
    assert flushes.paths[1:] == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]


def test_an_object_that_was_there_is_flushed_too(tmp_path: Path) -> None:
    """A process that ended between link and flush told nobody; who finds the object tells it is durable."""
    opened(tmp_path).put_if_absent(NAME, b"content")
    flushes = Flushes()
    assert opened(tmp_path, flushes).put_if_absent(NAME, b"content") is PutOutcome.EXISTS
    assert flushes.paths[-1] == tmp_path / "a" / "b"


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_flush_that_fails_stops_the_caller(tmp_path: Path, number: int) -> None:
    with pytest.raises(DiskFailed, match=r"cannot be flushed.*check the disk"):
        opened(tmp_path, Flushes(number)).put_if_absent(NAME, b"content")
    assert all(not name.startswith(".unfinished") for name in files(tmp_path))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_full_disk_is_waited_for(tmp_path: Path, number: int) -> None:
    with pytest.raises(RetryLater, match="full"):
        opened(tmp_path, Flushes(number, errno.ENOSPC)).put_if_absent(NAME, b"content")
    assert files(tmp_path) == []
    assert opened(tmp_path).put_if_absent(NAME, b"content") is PutOutcome.CREATED


def test_a_process_that_ends_while_it_writes_leaves_no_object(tmp_path: Path) -> None:
    def end(_descriptor: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened(tmp_path, end).put_if_absent(NAME, b"content")
    assert opened(tmp_path).get(NAME) is None


def test_what_killed_processes_left_is_swept_after_a_day(tmp_path: Path) -> None:
    store, now = opened(tmp_path), 1_750_000_000.0
    for name, modified_at in (("old", now - 90_000), ("new", now - 3_600)):
        left = tmp_path / ".unfinished" / name
        left.write_bytes(b"half")
        os.utime(left, (modified_at, modified_at))
    assert list(store.list()) == []
    opened(tmp_path, clock=MovedClock(now))
    assert files(tmp_path) == [".unfinished/new"]


def test_a_folder_that_cannot_be_used_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidSettings, match=r"cannot be used.*make it writable, or name one"):
        opened(tmp_path / "file")


def test_a_file_system_without_links_is_told_before_the_first_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path, _target: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(InvalidSettings, match="name one on another file system"):
        opened(tmp_path)
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a//b", "", ".unfinished/x", "a/./b"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name of an object"):
        opened(tmp_path / "objects").put_if_absent(name, b"content")


@pytest.mark.parametrize(("code", "error"), [(errno.EIO, RetryLater), (errno.EACCES, InvalidSettings)])
def test_an_object_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception]
) -> None:
    store = opened(tmp_path)
    store.put_if_absent(NAME, b"content")

    def fail(_path: Path) -> bytes:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(error):
        store.get(NAME)
