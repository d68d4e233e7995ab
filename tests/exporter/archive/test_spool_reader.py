"""What a reader of a spool gives, passes over and tells, with files as writers, crashes and bad disks leave them."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

import pytest

from exporter.archive.spool.disk import LocalDisk
from exporter.archive.spool.files import file_name
from exporter.archive.spool.frame import FILE_HEADER_BYTES
from exporter.archive.spool.reader import SpoolReader
from exporter.archive.spool.trimming import delete_landed
from exporter.errors import DiskFailed, RetryLater
from tests.support.spools import FailingDisk, OpenedSpool, small_limits, what_is_read


def test_entries_are_read_up_to_the_last_durable_one(tmp_path: Path) -> None:
    OpenedSpool(tmp_path).put(b"one", b"two", b"three")
    assert what_is_read(tmp_path, 2) == [(1, b"one"), (2, b"two")]
    assert what_is_read(tmp_path, 3, after=2) == [(3, b"three")]
    assert what_is_read(tmp_path, 0) == []


def test_a_reader_follows_a_writer_through_its_files(tmp_path: Path) -> None:
    opened, reader, found = OpenedSpool(tmp_path), SpoolReader(LocalDisk(), tmp_path, 0), list[int]()
    for number in range(1, 30):
        opened.put(bytes(1000))
        if number % 4:
            found += [stored.sequence for stored in reader.entries(opened.durable.get())]
    found += [stored.sequence for stored in reader.entries(opened.durable.get())]
    assert found == list(range(1, 30))
    assert len(opened.files) > 5
    reader.close()


def test_a_caller_may_stop_at_any_entry(tmp_path: Path) -> None:
    OpenedSpool(tmp_path).put(b"one", b"two", b"three")
    reader = SpoolReader(LocalDisk(), tmp_path, 0)
    assert next(reader.entries(3)).payload == b"one"
    assert [stored.payload for stored in reader.entries(3)] == [b"two", b"three"]
    reader.close()


def test_an_entry_larger_than_what_is_read_at_once_is_whole(tmp_path: Path) -> None:
    large = bytes(range(256)) * 1000
    OpenedSpool(tmp_path, small_limits(file_bytes=2**20, spool_bytes=2**22)).put(b"small", large, b"small")
    assert what_is_read(tmp_path, 3) == [(1, b"small"), (2, large), (3, b"small")]


def test_a_damaged_entry_is_passed_over_counted_and_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    OpenedSpool(tmp_path).put(b"first", b"second", b"third")
    damage(tmp_path / file_name(1), b"second")
    reader = SpoolReader(LocalDisk(), tmp_path, 0)
    assert [stored.payload for stored in reader.entries(3)] == [b"first", b"third"]
    assert reader.missing == 1
    assert "entries 2 to 2 are damaged, at byte 61 of 0000000000000001.spool" in caplog.text
    assert (tmp_path / "quarantine" / file_name(1)).samefile(tmp_path / file_name(1))
    reader.close()


def test_entries_that_come_after_damage_are_read_from_the_same_file(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    opened.put(b"first", b"second")
    damage(tmp_path / file_name(1), b"second")
    reader = SpoolReader(LocalDisk(), tmp_path, 0)
    assert [stored.sequence for stored in reader.entries(2)] == [1]
    opened.put(b"third")
    assert [stored.sequence for stored in reader.entries(3)] == [3]
    assert reader.missing == 1
    reader.close()


def test_a_length_that_is_damaged_does_not_lead_astray(tmp_path: Path) -> None:
    OpenedSpool(tmp_path).put(b"first", b"second", b"third")
    overwrite(tmp_path / file_name(1), FILE_HEADER_BYTES + 4, b"\xff\xff\xff\x7f")
    assert what_is_read(tmp_path, 3) == [(2, b"second"), (3, b"third")]


def test_what_was_durable_before_a_crash_is_not_given_up_for_damage_within_it(tmp_path: Path) -> None:
    first = OpenedSpool(tmp_path)
    for payload in (b"first", b"second", b"third"):
        first.put(payload)
    first.spool.close()
    damage(tmp_path / file_name(1), b"second")
    second = OpenedSpool(tmp_path)
    assert second.durable.get() == 3
    reader = SpoolReader(LocalDisk(), tmp_path, 0)
    assert [stored.sequence for stored in reader.entries(3)] == [1, 3]
    assert reader.missing == 1
    reader.close()


def test_what_a_later_file_proves_is_not_given_up_for_damage_within_it(tmp_path: Path) -> None:
    first = OpenedSpool(tmp_path)
    first.put(b"first", b"second", bytes(3000))
    first.put(bytes(3000))
    first.spool.close()
    overwrite(tmp_path / file_name(4), FILE_HEADER_BYTES, bytes(4000))
    damage(tmp_path / file_name(1), b"second")
    second = OpenedSpool(tmp_path)
    assert second.durable.get() == 3
    second.put(b"later")
    assert [payload[:6] for _, payload in what_is_read(tmp_path, second.durable.get())] == [
        b"first",
        bytes(6),
        b"later",
    ]


def test_a_group_that_a_crash_cut_short_is_not_missing(tmp_path: Path) -> None:
    first = OpenedSpool(tmp_path)
    first.put(b"first")
    first.put(b"second", b"third")
    first.spool.close()
    damage(tmp_path / file_name(1), b"second")
    [sequence] = OpenedSpool(tmp_path).put(b"later")
    assert isinstance(sequence, int)
    reader = SpoolReader(LocalDisk(), tmp_path, 0)
    assert [stored.payload for stored in reader.entries(sequence)] == [b"first", b"later"]
    assert reader.missing == 0
    reader.close()


def test_a_missing_file_is_told_once_something_behind_it_has_landed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened = OpenedSpool(tmp_path)
    for _ in range(3):
        opened.put(bytes(3000))
    (tmp_path / file_name(2)).unlink()
    reader = SpoolReader(LocalDisk(), tmp_path, 1)
    assert [stored.sequence for stored in reader.entries(3)] == [3]
    assert reader.missing == 0
    reader.confirm_gaps()
    assert reader.missing == 1
    assert "entries 2 to 2 are lost" in caplog.text
    reader.close()


def test_files_that_another_lander_deleted_are_no_loss_while_nothing_lands(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    opened.put(bytes(3000))
    reader = SpoolReader(LocalDisk(), tmp_path, 0)
    assert next(reader.entries(1)).sequence == 1
    opened.put(bytes(3000))
    opened.put(bytes(3000))
    delete_landed(LocalDisk(), tmp_path, 2)
    assert [stored.sequence for stored in reader.entries(3)] == [3]
    assert reader.missing == 0
    reader.close()


def test_a_file_whose_beginning_is_damaged_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    opened = OpenedSpool(tmp_path)
    for _ in range(3):
        opened.put(bytes(3000))
    overwrite(tmp_path / file_name(2), 0, b"XX")
    reader = SpoolReader(LocalDisk(), tmp_path, 0)
    assert [stored.sequence for stored in reader.entries(3)] == [1, 3]
    reader.confirm_gaps()
    assert reader.missing == 1
    assert "the beginning of 0000000000000002.spool is damaged" in caplog.text
    assert (tmp_path / "quarantine" / file_name(2)).exists()
    reader.close()


def test_what_was_refused_is_not_read_though_the_next_file_cannot_tell_of_it(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    opened.put(b"kept")
    opened.disk.errors["first_write"] = errno.ENOSPC
    refused = opened.put(b"refused", b"as well")
    assert [type(outcome) for outcome in refused] == [RetryLater, RetryLater]
    opened.clock.move(1.1)
    [sequence] = opened.put(b"damaged")
    assert isinstance(sequence, int)
    overwrite(tmp_path / file_name(sequence), 0, b"XX")
    assert what_is_read(tmp_path, sequence) == [(1, b"kept")]


def test_a_newest_file_whose_beginning_is_damaged_is_kept_before_it_is_deleted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = OpenedSpool(tmp_path)
    first.put(b"one")
    first.spool.close()
    overwrite(tmp_path / file_name(1), 0, b"XX")
    second = OpenedSpool(tmp_path)
    [sequence] = second.put(b"two")
    assert isinstance(sequence, int)
    assert sequence > 1
    assert second.files == [file_name(sequence)]
    assert (tmp_path / "quarantine" / file_name(1)).exists()
    assert "is damaged; it is kept" in caplog.text


def test_a_block_that_the_disk_cannot_read_costs_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    opened = OpenedSpool(tmp_path, small_limits(file_bytes=2**20, spool_bytes=2**22))
    opened.put(*(bytes([number]) * 1000 for number in range(20)))
    disk = FailingDisk()
    disk.errors["read_second_block"] = errno.EIO
    reader = SpoolReader(disk, tmp_path, 0)
    with caplog.at_level(logging.WARNING):
        found = [stored.sequence for stored in reader.entries(20)]
    assert sorted({*range(1, 21)} - {*found}) == [4, 5, 6, 7, 8]
    assert reader.missing == 5
    assert "4096 bytes cannot be read" in caplog.text
    reader.close()


def test_an_error_that_is_not_the_disks_is_raised(tmp_path: Path) -> None:
    OpenedSpool(tmp_path).put(b"one")
    disk = FailingDisk()
    disk.errors["read"] = errno.EBADF
    with pytest.raises(OSError, match="EBADF"):
        list(SpoolReader(disk, tmp_path, 0).entries(1))


def test_landed_files_are_deleted_but_for_the_newest(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    for _ in range(4):
        opened.put(bytes(3000))
    assert delete_landed(LocalDisk(), tmp_path, 2) == 2
    assert opened.files == [file_name(3), file_name(4)]
    assert delete_landed(LocalDisk(), tmp_path, 2) == 0
    assert delete_landed(LocalDisk(), tmp_path, 4) == 1
    assert opened.files == [file_name(4)]
    assert opened.put(bytes(3000)) == [5]


def test_that_the_newest_file_is_there_is_flushed_before_another_is_deleted(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    opened.put(bytes(3000))
    opened.put(bytes(3000))
    opened.disk.errors["sync_directory"] = errno.EIO
    with pytest.raises(DiskFailed):
        delete_landed(opened.disk, tmp_path, 2)
    assert opened.files == [file_name(1), file_name(2)]


def test_a_landed_file_is_deleted_though_the_next_one_was_never_finished(tmp_path: Path) -> None:
    opened = OpenedSpool(tmp_path)
    opened.put(bytes(3000))
    (tmp_path / file_name(9)).write_bytes(b"")
    assert delete_landed(LocalDisk(), tmp_path, 0) == 0
    assert delete_landed(LocalDisk(), tmp_path, 1) == 1
    assert opened.files == [file_name(9)]


def damage(path: Path, payload: bytes) -> None:
    """Flips a bit of a payload."""
    content = path.read_bytes()
    overwrite(path, content.index(payload), bytes([payload[0] ^ 1]))


def overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)
