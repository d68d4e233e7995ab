"""Mistakes of who lands the spool in the warm tier: where it begins, what it deletes, what it does when refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.archive import slot_landing
from exporter.archive.slot_landing import SlotLanding
from exporter.archive.spool import files, quarantine, trimming
from exporter.archive.spool.disk import Disk
from exporter.archive.spool.quarantine import Quarantine
from exporter.archive.spool.recovery import scan_file
from exporter.archive.spool.stored_entry import StoredEntry
from exporter.archive.warm.tier import Claim
from exporter.errors import RetryLater


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
    patch.setattr(Quarantine, "keep_entry", lambda *_: None)


def quarantine_without_flush(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quarantine, "flush", lambda *_: None)


LANDING_BUGS = (
    landing_begins_at_the_watermark,
    file_deleted_once_read,
    newest_file_deleted,
    folder_without_identity,
    renumbered_after_an_unknown_outcome,
    poisoned_entry_tried_for_ever,
    poisoned_entry_dropped,
    quarantine_without_flush,
)
