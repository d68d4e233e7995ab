"""This machine's disk does what the spool asks of one."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from exporter.archive.spool.disk import LocalDisk, flush, flush_directory, is_no_room
from exporter.errors import DiskFailed
from tests.support.spools import FailingDisk


def written(path: Path, buffers: Sequence[bytes], offset: int = 0) -> bytes:
    disk = LocalDisk()
    handle = disk.create(path, 100)
    disk.write(handle, buffers, offset)
    disk.sync(handle)
    content = disk.read(handle, 0, 1_000_000)
    disk.close(handle)
    return content


def test_more_buffers_than_the_system_takes_at_once_are_written(tmp_path: Path) -> None:
    buffers = [b"%05d" % number for number in range(3_000)]
    assert written(tmp_path / "many", buffers) == b"".join(buffers)


def test_a_write_that_stops_halfway_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, single = os.pwritev, os.pwrite
    monkeypatch.setattr(os, "pwritev", lambda handle, buffers, offset: whole(handle, [buffers[0][:2]], offset))
    monkeypatch.setattr(os, "pwrite", lambda handle, data, offset: single(handle, data[:3], offset))
    assert written(tmp_path / "short", [b"abcdef", b"ghijkl"], offset=5)[5:17] == b"abcdefghijkl"


def test_a_read_that_stops_halfway_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.pread
    monkeypatch.setattr(os, "pread", lambda handle, length, offset: whole(handle, min(length, 7), offset))
    assert written(tmp_path / "short", [bytes(range(100))]) == bytes(range(100))


def test_a_file_has_its_room_before_it_is_written_to(tmp_path: Path) -> None:
    disk = LocalDisk()
    disk.close(disk.create(tmp_path / "file", 1_000_000))
    assert disk.size(tmp_path / "file") == 1_000_000
    assert (tmp_path / "file").stat().st_blocks * 512 >= 1_000_000
    with pytest.raises(FileExistsError):
        disk.create(tmp_path / "file", 1)


def test_without_room_there_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "posix_fallocate", no_room)
    with pytest.raises(OSError, match="no space left") as caught:
        LocalDisk().create(tmp_path / "file", 100)
    assert is_no_room(caught.value)
    assert LocalDisk().list(tmp_path) == []


def test_a_folder_is_locked_once_and_free_again_when_it_is_let_go(tmp_path: Path) -> None:
    disk = LocalDisk()
    held = disk.lock(tmp_path)
    assert held is not None
    assert disk.lock(tmp_path) is None
    disk.close(held)
    again = disk.lock(tmp_path)
    assert again is not None
    disk.close(again)


def test_folders_are_made_with_their_parents(tmp_path: Path) -> None:
    disk = LocalDisk()
    assert (disk.list(tmp_path / "a"), disk.folders(tmp_path / "a")) == ([], [])
    disk.make_directory(tmp_path / "a" / "b")
    disk.make_directory(tmp_path / "a" / "b")
    assert disk.folders(tmp_path / "a") == ["b"]


@pytest.mark.parametrize("call", ["sync", "sync_directory"])
def test_a_flush_that_fails_says_where_and_what_to_do(tmp_path: Path, call: str) -> None:
    disk = FailingDisk()
    handle = disk.create(tmp_path / "file", 10)
    disk.errors[call] = errno.EIO
    with pytest.raises(DiskFailed, match=rf"{tmp_path}.*Check the disk, then start the exporter again"):
        flush(disk, handle, tmp_path / "file") if call == "sync" else flush_directory(disk, tmp_path)
    disk.close(handle)
