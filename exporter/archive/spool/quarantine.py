"""Keeps what cannot be landed beside the spool, so that nothing that was acknowledged is deleted unread."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from exporter.archive.spool.disk import Disk, flush, flush_directory, is_no_room
from exporter.archive.spool.files import PART
from exporter.archive.spool.stored_entry import StoredEntry

QUARANTINE = "quarantine"


log = logging.getLogger(__name__)


class Quarantine:
    """The folder `quarantine` of a spool: what is in it stays until a person has looked at it.

    <identity>-<sequence>.entry holds the bytes of an entry that could not be landed; .file is the whole spool file that
    it stands in, where there was no room for another one; <first sequence>.spool is a file that is damaged.

    DiskFailed when a flush fails, for then it cannot be known whether anything was kept.
    """

    def __init__(self, disk: Disk, directory: Path) -> None:
        self._disk = disk
        self._directory = directory
        self._folder = directory / QUARANTINE

    def keep_file(self, name: str) -> None:
        """Gives a spool file a second name, which takes no room on a full disk; again: no effect."""
        self._link(name, name)

    def keep_entry(self, identity: str, stored: StoredEntry, epoch: int) -> None:
        """Keeps an entry; again: no effect. epoch: of the claim of who does so, a newer one being somebody else."""
        name = f"{identity}-{stored.sequence:016x}"
        try:
            self._disk.make_directory(self._folder)
            self._write(name, stored.payload, epoch)
        except OSError as error:
            if not is_no_room(error):
                raise
            log.warning("%s: no room for entry %d; its file is kept instead", self._folder, stored.sequence)
            self._link(stored.file, f"{name}.file")
        else:
            flush_directory(self._disk, self._folder)
            self._remove_parts(name)

    def last_entry(self, identity: str) -> int:
        """The greatest sequence that was set aside: who did so was done with every one before it. 0: none was."""
        names = [name for name in self._disk.list(self._folder) if name.startswith(f"{identity}-")]
        sequences = [int(name[len(identity) + 1 :].partition(".")[0], 16) for name in names if not name.endswith(PART)]
        if sequences:
            flush_directory(self._disk, self._folder)
        return max(sequences, default=0)

    def _link(self, name: str, kept: str) -> None:
        self._disk.make_directory(self._folder)
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            self._disk.link(self._directory / name, self._folder / kept)
        flush_directory(self._disk, self._folder)

    def _write(self, name: str, payload: bytes, epoch: int) -> None:
        """The name is given to bytes that are durable.

        Each claim writes a part of its own: where two write one file, a flush that fails for one of them may leave
        nothing to flush for the other, whose own then succeeds without effect.
        """
        part = self._folder / f"{name}-{epoch}{PART}"
        try:
            handle = self._disk.create(part, len(payload))
        except FileExistsError:
            handle = self._disk.open(part)
        try:
            self._disk.write(handle, [payload], 0)
            flush(self._disk, handle, part)
        finally:
            self._disk.close(handle)
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            self._disk.link(part, self._folder / f"{name}.entry")

    def _remove_parts(self, name: str) -> None:
        """Of an entry that is durably kept: its own, and those of claims that were fenced."""
        for part in [found for found in self._disk.list(self._folder) if found.startswith(f"{name}-")]:
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(self._folder / part)
