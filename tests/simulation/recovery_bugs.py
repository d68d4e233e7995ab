"""Mistakes of who reads the spool after a crash: what is torn or stale is taken for whole, or what is whole is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.spool import files, frame, group_log, reader, recovery, writer
from exporter.archive.spool.disk import Disk
from exporter.archive.spool.group_log import GroupLog
from exporter.archive.spool.reader import SpoolReader
from exporter.archive.spool.recovery import Recovered, SpoolScan, scan_file


def last_sequence_used_again(patch: pytest.MonkeyPatch) -> None:
    honest = recovery.recover

    def recover(disk: Disk, directory: Path) -> Recovered:
        found = honest(disk, directory)
        return replace(found, next_sequence=max(1, found.next_sequence - 1))

    patch.setattr(writer, "recover", recover)


def names_of_unfinished_files_forgotten(patch: pytest.MonkeyPatch) -> None:
    honest = recovery.recover

    def recover(disk: Disk, directory: Path) -> Recovered:
        found = honest(disk, directory)
        return replace(found, next_sequence=found.last + 1)

    patch.setattr(writer, "recover", recover)


def append_behind_a_torn_end(patch: pytest.MonkeyPatch) -> None:
    honest = GroupLog.__init__

    def begin(self: Any, disk: Disk, directory: Path, limits: Any, recovered: Recovered, entropy: Any) -> None:
        honest(self, disk, directory, limits, recovered, entropy)
        names = files.spool_files(disk, directory)
        header = files.read_header(disk, directory / names[-1]) if names else None
        if header is not None and recovered.last >= header.first:
            handle = disk.open(directory / names[-1])
            data = disk.read(handle, 0, disk.size_of(handle))
            end = max(len(data.rstrip(b"\0")), frame.FILE_HEADER_BYTES)
            self._file = group_log._OpenFile(names[-1], handle, header.salt, len(data), end)
            self._next = recovered.last + 1

    patch.setattr(GroupLog, "__init__", begin)


def recovery_without_flush(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recovery, "_secure", scan_file)


def recovery_without_writing_again(patch: pytest.MonkeyPatch) -> None:
    def secure(disk: Disk, path: Path, proven: int) -> SpoolScan:
        handle = disk.open(path)
        try:
            disk.sync(handle)
        finally:
            disk.close(handle)
        return scan_file(disk, path, proven)

    patch.setattr(recovery, "_secure", secure)


def no_checksum(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(frame, "extend", lambda crc, data: 0)


def no_check_of_the_sequence(patch: pytest.MonkeyPatch) -> None:
    def frame_at(data: bytes, offset: int, salt: bytes, _: int | None) -> frame.Frame | frame.NoFrame:
        return frame.frame_at(data, offset, salt, None)

    patch.setattr(reader, "frame_at", frame_at)
    patch.setattr(recovery, "frame_at", frame_at)


def gap_passed_over_in_silence(patch: pytest.MonkeyPatch) -> None:
    def pass_over(self: Any, _: Any, limit: int) -> None:
        self.position = limit

    patch.setattr(SpoolReader, "_pass_over_damage", pass_over)


RECOVERY_BUGS = (
    last_sequence_used_again,
    names_of_unfinished_files_forgotten,
    append_behind_a_torn_end,
    recovery_without_flush,
    recovery_without_writing_again,
    no_checksum,
    no_check_of_the_sequence,
    gap_passed_over_in_silence,
)
