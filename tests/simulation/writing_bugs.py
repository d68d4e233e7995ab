"""Mistakes of who writes the spool: rows are told to be durable that are not, or not told to be at all."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.spool import frame, group_log
from exporter.archive.spool.disk import Disk
from exporter.archive.spool.group_log import GroupLog
from exporter.archive.spool.recovery import Recovered
from exporter.archive.spool.writer import Spool


def nothing(*_: object) -> None:
    """What is done in place of what was forgotten."""


def no_flush(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(group_log, "flush", nothing)


def first_group_not_flushed(patch: pytest.MonkeyPatch) -> None:
    honest = GroupLog._write
    forgotten: list[GroupLog] = []

    def write(self: Any, file: Any, payloads: Sequence[bytes], size: int) -> None:
        with pytest.MonkeyPatch.context() as late:
            if self not in forgotten:
                late.setattr(group_log, "flush", nothing)
                forgotten.append(self)
            honest(self, file, payloads, size)

    patch.setattr(GroupLog, "_write", write)


def flush_again_when_it_failed(patch: pytest.MonkeyPatch) -> None:
    def flush(disk: Disk, handle: int, _: Path) -> None:
        try:
            disk.sync(handle)
        except OSError:
            flush(disk, handle, _)

    patch.setattr(group_log, "flush", flush)


def failed_flush_ignored(patch: pytest.MonkeyPatch) -> None:
    def flush(disk: Disk, handle: int, _: Path) -> None:
        with contextlib.suppress(OSError):
            disk.sync(handle)

    patch.setattr(group_log, "flush", flush)


def new_file_without_flush_of_its_name(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(group_log, "flush_directory", nothing)


def whole_queue_acknowledged(patch: pytest.MonkeyPatch) -> None:
    def write_group(self: Any, waiting: Any) -> int:
        sequences = self._group_log.append_group([payload for payload, _ in waiting])
        self._durable.set(sequences[-1])
        self._settle(waiting, range(sequences[0], sequences[0] + len(waiting)))
        return len(waiting)

    patch.setattr(Spool, "_write_group", write_group)


def watermark_before_the_flush(patch: pytest.MonkeyPatch) -> None:
    honest = Spool._write_group

    def write_group(self: Any, waiting: Any) -> int:
        self._durable.set(self._group_log._next + len(waiting) - 1)
        return honest(self, waiting)

    patch.setattr(Spool, "_write_group", write_group)


def refusal_for_ever(patch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, refusal: Exception) -> None:
        raise refusal

    patch.setattr(Spool, "_refuse", refuse)


def every_file_follows_the_number_before(patch: pytest.MonkeyPatch) -> None:
    honest = frame.encode_file_header
    patch.setattr(group_log, "encode_file_header", lambda header: honest(replace(header, follows=header.first - 1)))


def same_salt_in_all_files(patch: pytest.MonkeyPatch) -> None:
    honest = GroupLog.__init__

    def begin(self: Any, disk: Disk, directory: Path, limits: Any, recovered: Recovered, _: Any) -> None:
        honest(self, disk, directory, limits, recovered, lambda size: b"s" * size)

    patch.setattr(GroupLog, "__init__", begin)


WRITING_BUGS = (
    no_flush,
    first_group_not_flushed,
    flush_again_when_it_failed,
    failed_flush_ignored,
    new_file_without_flush_of_its_name,
    whole_queue_acknowledged,
    watermark_before_the_flush,
    refusal_for_ever,
    every_file_follows_the_number_before,
    same_salt_in_all_files,
)
