"""Mistakes that a write-ahead log or its lander can have, each put into the code under test by replacing a little."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.archive import slot_landing
from exporter.archive.entry import Kind, SequencedEntry
from exporter.archive.slot_landing import SlotLanding
from exporter.archive.spool import files, frame, group_log, quarantine, reader, recovery, trimming, writer
from exporter.archive.spool.disk import Disk
from exporter.archive.spool.group_log import GroupLog
from exporter.archive.spool.quarantine import Quarantine
from exporter.archive.spool.reader import SpoolReader
from exporter.archive.spool.recovery import Recovered, SpoolScan, scan_file
from exporter.archive.spool.stored_entry import StoredEntry
from exporter.archive.spool.writer import Spool
from exporter.archive.warm.tier import Claim, Landed
from exporter.errors import RetryLater
from tests.simulation.bodies import ids_of, number_of
from tests.simulation.tier import SimulatedTier

Plant = Callable[[pytest.MonkeyPatch], None]


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


def every_file_follows_the_number_before(patch: pytest.MonkeyPatch) -> None:
    honest = frame.encode_file_header
    patch.setattr(group_log, "encode_file_header", lambda header: honest(replace(header, follows=header.first - 1)))


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


def same_salt_in_all_files(patch: pytest.MonkeyPatch) -> None:
    honest = GroupLog.__init__

    def begin(self: Any, disk: Disk, directory: Path, limits: Any, recovered: Recovered, _: Any) -> None:
        honest(self, disk, directory, limits, recovered, lambda size: b"s" * size)

    patch.setattr(GroupLog, "__init__", begin)


def gap_passed_over_in_silence(patch: pytest.MonkeyPatch) -> None:
    def pass_over(self: Any, _: Any, limit: int) -> None:
        self.position = limit

    patch.setattr(SpoolReader, "_pass_over_damage", pass_over)


def landing_begins_at_the_watermark(patch: pytest.MonkeyPatch) -> None:
    honest = SlotLanding._take_over

    def take_over(self: Any) -> Claim:
        claim = honest(self)
        self._reader.position = self._durable.get()
        return claim

    patch.setattr(SlotLanding, "_take_over", take_over)


def file_deleted_once_read(patch: pytest.MonkeyPatch) -> None:
    honest = SlotLanding._read_group

    def read_group(self: Any, durable: int) -> None:
        honest(self, durable)
        trimming.delete_landed(self._tools.disk, self._directory, self._reader.position)

    patch.setattr(SlotLanding, "_read_group", read_group)


def newest_file_deleted(patch: pytest.MonkeyPatch) -> None:
    def delete_landed(disk: Disk, directory: Path, landed: int) -> None:
        for name in files.spool_files(disk, directory):
            if (scan_file(disk, directory / name).last or 0) <= landed:
                disk.unlink(directory / name)

    patch.setattr(slot_landing, "delete_landed", delete_landed)


def folder_without_identity(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(slot_landing, "spool_identity", lambda *_: "same")
    patch.setattr(slot_landing, "renew_identity", lambda *_: "same")


def renumbered_after_an_unknown_outcome(patch: pytest.MonkeyPatch) -> None:
    honest = SlotLanding._land

    def land(self: Any, claim: Claim, group: Any) -> Exception | None:
        try:
            return honest(self, claim, group)
        except RetryLater:
            self._pending = [
                replace(one, stored=StoredEntry(one.stored.sequence + len(group), one.stored.payload, one.stored.file))
                for one in self._pending
            ]
            raise

    patch.setattr(SlotLanding, "_land", land)


def poisoned_entry_tried_for_ever(patch: pytest.MonkeyPatch) -> None:
    honest = SlotLanding._land

    def land(self: Any, claim: Claim, group: Any) -> Exception | None:
        refusal = honest(self, claim, group)
        if refusal is not None:
            raise RetryLater(str(refusal))
        return None

    patch.setattr(SlotLanding, "_land", land)


def poisoned_entry_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Quarantine, "keep_entry", nothing)


def quarantine_without_flush(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quarantine, "flush", nothing)


def offset_before_rows(patch: pytest.MonkeyPatch) -> None:
    honest = SimulatedTier._commit

    def commit(self: Any, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        before = self._archive.offsets[claim.origin]
        if before.epoch == claim.epoch:
            self._archive.offsets[claim.origin] = replace(before, next_sequence=entries[-1].sequence + 1)
            self._world.turn("offset committed", "")
            self._archive.offsets[claim.origin] = before
        return honest(self, claim, entries)

    patch.setattr(SimulatedTier, "_commit", commit)


def duplicates_counted(patch: pytest.MonkeyPatch) -> None:
    def insert(self: Any, entries: Sequence[SequencedEntry]) -> int:
        keys = [key for one in entries for key in ids_of(number_of(one.entry))]
        self._archive.rows.update(dict.fromkeys(keys, 1))
        self._archive.counted += len(keys)
        return len(keys)

    patch.setattr(SimulatedTier, "_insert", insert)


def no_fencing(patch: pytest.MonkeyPatch) -> None:
    def commit(self: Any, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        fresh = [one for one in entries if one.sequence >= claim.next_sequence]
        self._auditor.committing(claim.origin, fresh)
        added = self._insert(fresh)
        current = self._archive.offsets[claim.origin] = replace(claim, next_sequence=entries[-1].sequence + 1)
        return Landed(current, {("credit", Kind.PREDICTIONS): added})

    patch.setattr(SimulatedTier, "_commit", commit)


BUGS: Mapping[str, Plant] = {
    plant.__name__: plant
    for plant in (
        no_flush, first_group_not_flushed, flush_again_when_it_failed, failed_flush_ignored,
        new_file_without_flush_of_its_name, whole_queue_acknowledged, watermark_before_the_flush, refusal_for_ever,
        last_sequence_used_again, names_of_unfinished_files_forgotten, append_behind_a_torn_end,
        every_file_follows_the_number_before, recovery_without_flush, recovery_without_writing_again, no_checksum,
        no_check_of_the_sequence, same_salt_in_all_files, gap_passed_over_in_silence,
        landing_begins_at_the_watermark, file_deleted_once_read, newest_file_deleted,
 folder_without_identity, renumbered_after_an_unknown_outcome,
        poisoned_entry_tried_for_ever, poisoned_entry_dropped, quarantine_without_flush, offset_before_rows,
        duplicates_counted, no_fencing,
    )
}  # fmt: skip
"""Every planted bug by its name."""


@contextlib.contextmanager
def planted(bug: str) -> Iterator[None]:
    """The code with one of the bugs in it."""
    with pytest.MonkeyPatch.context() as patch:
        BUGS[bug](patch)
        yield
