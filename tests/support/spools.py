"""Spools in folders of a test, on a disk that can be told to fail."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from exporter.archive.spool.disk import LocalDisk
from exporter.archive.spool.limits import SpoolLimits
from exporter.archive.spool.reader import SpoolReader
from exporter.archive.spool.watermark import LocalWatermark
from exporter.archive.spool.writer import Deliver, Outcome, Spool, attach_spool
from tests.support.clocks import MovedClock


class FailingDisk(LocalDisk):
    """This machine's disk, on which the calls named in `errors` fail with their error number.

    `first_write` writes all, and then says once that it failed.
    """

    def __init__(self) -> None:
        self.errors: dict[str, int] = {}

    def create(self, path: Path, size: int) -> int:
        self._fail("create")
        return super().create(path, size)

    def read(self, handle: int, offset: int, length: int) -> bytes:
        self._fail("read")
        if offset <= 4096 < offset + length:
            self._fail("read_second_block")
        return super().read(handle, offset, length)

    def write(self, handle: int, buffers: Sequence[bytes], offset: int) -> None:
        self._fail("write")
        super().write(handle, buffers, offset)
        if "first_write" in self.errors:
            number = self.errors.pop("first_write")
            raise OSError(number, errno.errorcode[number])

    def sync(self, handle: int) -> None:
        self._fail("sync")
        super().sync(handle)

    def sync_directory(self, directory: Path) -> None:
        self._fail("sync_directory")
        super().sync_directory(directory)

    def link(self, path: Path, name: Path) -> None:
        self._fail("link")
        super().link(path, name)

    def _fail(self, what: str) -> None:
        if what in self.errors:
            raise OSError(self.errors[what], errno.errorcode[self.errors[what]])


class OpenedSpool:
    """A spool without a thread: a test drains it, and sees what was told."""

    def __init__(
        self, directory: Path, limits: SpoolLimits | None = None, deliver: Deliver | None = None, at_least: int = 1
    ) -> None:
        self.directory = directory
        self.disk = FailingDisk()
        self.durable = LocalWatermark()
        self.clock = MovedClock()
        self.told: list[Outcome] = []
        self.spool: Spool = attach_spool(
            self.disk, directory, self.durable, limits or small_limits(), deliver,
            at_least=at_least, monotonic=self.clock.now,
        )  # fmt: skip

    def put(self, *payloads: bytes) -> list[Outcome]:
        """Appends, drains, and tells what was told."""
        before = len(self.told)
        for payload in payloads:
            self.spool.append(payload, self.told.append)
        self.spool.drain()
        return self.told[before:]

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.directory.glob("*.spool"))


def small_limits(file_bytes: int = 4096, spool_bytes: int = 16 * 4096, queue_entries: int = 100) -> SpoolLimits:
    return SpoolLimits(spool_bytes, file_bytes, queue_entries, queue_bytes=1_000_000, group_bytes=20_000)


def what_is_read(directory: Path, durable: int, after: int = 0) -> list[tuple[int, bytes]]:
    """Sequences and payloads that a reader finds."""
    reader = SpoolReader(LocalDisk(), directory, after)
    try:
        return [(stored.sequence, stored.payload) for stored in reader.entries(durable)]
    finally:
        reader.close()
