"""What the writer of a spool promises, on a real disk that is made to fail."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter.archive.spool.limits import SpoolLimits
from exporter.archive.spool.watermark import LocalWatermark
from exporter.archive.spool.writer import Outcome, attach_spool, open_spool
from exporter.errors import DiskFailed, InvalidSettings, RejectedPayload, RetryLater
from tests.support.spools import OpenedSpool, small_limits, what_is_read


def test_an_entry_is_told_to_be_durable_after_the_watermark_says_so(tmp_path: Path) -> None:
    opened, seen = OpenedSpool(tmp_path), list[tuple[Outcome, int]]()
    opened.spool.append(b"one", lambda outcome: seen.append((outcome, opened.durable.get())))
    assert not seen
    opened.spool.drain()
    assert seen == [(1, 1)]
    assert what_is_read(tmp_path, 1) == [(1, b"one")]


def test_all_that_waits_is_delivered_at_once(tmp_path: Path) -> None:
    deliveries: list[Callable[[], None]] = []
    opened = OpenedSpool(tmp_path, deliver=deliveries.append)
    assert opened.put(b"a", b"b", b"c") == []
    assert len(deliveries) == 1
    deliveries[0]()
    assert opened.told == [1, 2, 3]


def test_a_thread_writes_what_other_threads_append(tmp_path: Path) -> None:
    durable, sequences = LocalWatermark(), list[int]()
    spool = open_spool(tmp_path, durable)
    threads = [
        threading.Thread(target=lambda: sequences.extend(spool.append_and_wait(b"x" * 100) for _ in range(25)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spool.status().queued_entries == 0
    spool.close()
    assert sorted(sequences) == list(range(1, 101))
    assert len(what_is_read(tmp_path, durable.get())) == 100


def test_a_new_writer_begins_a_new_file_behind_the_last_entry(tmp_path: Path) -> None:
    first = OpenedSpool(tmp_path)
    first.put(b"one", b"two")
    first.spool.close()
    second = OpenedSpool(tmp_path)
    assert second.durable.get() == 2
    assert second.put(b"three") == [3]
    assert second.files == ["0000000000000001.spool", "0000000000000003.spool"]
    assert what_is_read(tmp_path, 3) == [(1, b"one"), (2, b"two"), (3, b"three")]


def test_no_entry_gets_a_smaller_sequence_than_asked_for(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path, at_least=500)
    assert opened.put(b"x") == [500]
    assert what_is_read(tmp_path, 500) == [(500, b"x")]


def test_sequences_that_a_torn_end_may_hold_are_not_used_again(tmp_path: Path) -> None:
    first = OpenedSpool(tmp_path)
    first.put(b"one")
    first.put(b"two")
    first.spool.close()
    path = tmp_path / first.files[0]
    content = path.read_bytes()
    path.write_bytes(content.replace(b"two", b"tWo"))
    second = OpenedSpool(tmp_path)
    assert second.durable.get() == 1
    [sequence] = second.put(b"three")
    assert isinstance(sequence, int)
    assert sequence > 2
    assert what_is_read(tmp_path, sequence) == [(1, b"one"), (sequence, b"three")]


def test_one_process_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    with pytest.raises(RetryLater, match="another process is writing to this spool"):
        OpenedSpool(tmp_path)
    opened.spool.close()
    OpenedSpool(tmp_path).spool.close()


def test_a_full_queue_refuses(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path, small_limits(queue_entries=2))
    opened.spool.append(b"a", opened.told.append)
    opened.spool.append(b"b", opened.told.append)
    with pytest.raises(RetryLater, match="wait for the disk"):
        opened.spool.append(b"c", opened.told.append)
    opened.spool.drain()
    assert opened.put(b"c") == [3]
    assert opened.told == [1, 2, 3]


def test_an_entry_larger_than_a_file_gets_its_own(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    assert opened.put(b"small", b"L" * 10_000, b"small too") == [1, 2, 3]
    assert [(tmp_path / name).stat().st_size for name in opened.files] == [4096, 10_056, 4096]
    assert what_is_read(tmp_path, 3)[1] == (2, b"L" * 10_000)


def test_an_entry_that_can_never_fit_is_rejected(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    with pytest.raises(RejectedPayload) as caught:
        opened.spool.append(bytes(40_000), opened.told.append)
    assert caught.value.status == 413


def test_a_spool_of_less_than_two_files_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="at least two files"):
        SpoolLimits(spool_bytes=100, file_bytes=64)


def test_a_full_spool_refuses_for_a_second_and_then_looks_again(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path, small_limits(spool_bytes=2 * 4096))
    assert opened.put(bytes(3000), bytes(3000)) == [1, 2]
    [refused] = opened.put(bytes(3000))
    assert isinstance(refused, RetryLater)
    assert "its limit is 8,192" in str(refused)
    assert "its limit is 8,192" in str(opened.spool.status().refusal)
    (tmp_path / opened.files[0]).unlink()
    with pytest.raises(RetryLater, match="its limit is 8,192"):
        opened.spool.append(b"", opened.told.append)
    opened.clock.move(1.1)
    assert opened.put(bytes(3000)) == [3]
    assert opened.spool.status().refusal is None


@pytest.mark.parametrize("call", ["create", "write"])
def test_a_full_disk_refuses_until_there_is_room(tmp_path: Path, call: str) -> None:
    opened = OpenedSpool(tmp_path)
    opened.put(bytes(3000))
    opened.disk.errors[call] = errno.ENOSPC
    [refused] = opened.put(bytes(3000))
    assert isinstance(refused, RetryLater)
    opened.disk.errors.clear()
    opened.clock.move(1.1)
    [sequence] = opened.put(bytes(3000))
    assert isinstance(sequence, int)
    assert [found for found, _ in what_is_read(tmp_path, sequence)] == [1, sequence]


@pytest.mark.parametrize(
    ("call", "number"),
    [("sync", errno.EIO), ("sync", errno.ENOSPC), ("sync_directory", errno.EIO), ("write", errno.EIO)],
)
def test_a_failing_disk_is_never_trusted_again(tmp_path: Path, call: str, number: int) -> None:
    opened = OpenedSpool(tmp_path)
    opened.disk.errors[call] = number
    outcomes = opened.put(b"a", b"b")
    assert [type(outcome) for outcome in outcomes] == [DiskFailed, DiskFailed]
    opened.disk.errors.clear()
    opened.clock.move(100.0)
    with pytest.raises(DiskFailed):
        opened.spool.append(b"c", opened.told.append)
    opened.spool.close()


@pytest.mark.parametrize("call", ["read", "write", "sync"])
def test_what_cannot_be_made_durable_again_is_not_opened(tmp_path: Path, call: str) -> None:
    opened = OpenedSpool(tmp_path)
    opened.put(b"one")
    opened.spool.close()
    opened.disk.errors[call] = errno.EIO
    with pytest.raises(DiskFailed, match="made sure of"):
        reopen(opened)
    del opened.disk.errors[call]
    assert reopen(opened) == 1


def test_a_disk_that_takes_no_bytes_at_all_can_still_be_recovered(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    opened.put(b"one")
    opened.spool.close()
    opened.disk.errors["write"] = errno.ENOSPC
    assert reopen(opened) == 1


def test_a_closed_spool_has_written_what_waited_and_takes_no_more(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    opened.spool.append(b"one", opened.told.append)
    opened.spool.close()
    opened.spool.close()
    assert opened.told == [1]
    with pytest.raises(RetryLater, match="stopping"):
        opened.spool.append(b"two", opened.told.append)


def test_a_callback_that_fails_costs_the_others_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    opened = OpenedSpool(tmp_path)
    opened.spool.append(b"one", lambda outcome: 1 // 0)
    assert opened.put(b"two") == [2]
    assert "what was to follow a durable entry failed" in caplog.text


def test_entries_are_durable_though_nobody_listens(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def closed_loop(_: object) -> None:
        raise RuntimeError("Event loop is closed")

    with caplog.at_level(logging.WARNING):
        OpenedSpool(tmp_path, deliver=closed_loop).put(b"one")
    assert "nobody listens any more: Event loop is closed" in caplog.text
    assert what_is_read(tmp_path, 1) == [(1, b"one")]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_ends_by_a_mistake_leaves_nobody_waiting(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, LocalWatermark())
    with pytest.raises(DiskFailed, match="a mistake of its own"):
        spool.append_and_wait("no bytes")  # type: ignore[arg-type]  # the mistake
    with pytest.raises(DiskFailed, match="a mistake of its own"):
        spool.append_and_wait(b"later")
    spool.close()


@pytest.fixture
def small_tmpfs(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small tmpfs needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_real_disk_that_is_full_refuses_and_takes_entries_again_once_there_is_room(small_tmpfs: Path) -> None:
    opened = OpenedSpool(small_tmpfs / "0", small_limits(file_bytes=65_536, spool_bytes=2**20))
    ballast = small_tmpfs / "ballast"
    ballast.write_bytes(bytes(150_000))
    assert opened.put(bytes(30_000), bytes(30_000)) == [1, 2]
    assert [type(outcome) for outcome in opened.put(bytes(30_000))] == [RetryLater]
    assert opened.files == ["0000000000000001.spool"]
    ballast.unlink()
    opened.clock.move(1.1)
    assert opened.put(bytes(30_000)) == [3]
    assert [sequence for sequence, _ in what_is_read(opened.directory, 3)] == [1, 2, 3]
    opened.spool.close()


def reopen(opened: OpenedSpool) -> int:
    """Up to where it is durable."""
    durable = LocalWatermark()
    attach_spool(opened.disk, opened.directory, durable, small_limits()).close()
    return durable.get()
