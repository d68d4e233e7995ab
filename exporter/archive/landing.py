"""Lands what the spools hold in the warm tier, and deletes what has landed; driven by calls of `step`.

STATE/spool/<slot>/: a folder for each process that takes rows. Folders may appear at any time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from exporter.archive.slot_landing import LandingTools, SlotLanding, SlotStatus
from exporter.archive.spool.disk import Disk
from exporter.archive.spool.recovery import recover
from exporter.archive.spool.watermark import LocalWatermark, Watermark

WatermarkOf = Callable[[str], Watermark | None]
"""What the writer of a slot tells; None for a slot that nobody in this exporter writes to."""

log = logging.getLogger(__name__)


class Lander:
    """Lands every spool in a folder, one group of each in turn; one caller."""

    def __init__(self, folder: Path, exporter: str, watermark_of: WatermarkOf, tools: LandingTools) -> None:
        """`exporter` is the beginning of every origin: <exporter>/<slot>/<identity of the spool>."""
        self._folder = folder
        self._exporter = exporter
        self._watermark_of = watermark_of
        self._tools = tools
        self._slots: dict[str, SlotLanding] = {}

    def step(self) -> bool:
        """Lands at most one group of each spool; whether there was any, so that it is worth going on at once.

        Fenced when somebody else lands one of them by now, and other errors that end the work, go on to the caller.
        """
        self._find_slots()
        worked = [slot.step() for slot in self._slots.values()]
        return any(worked)

    def status(self) -> Sequence[SlotStatus]:
        """How every spool stands, by slot."""
        return [self._slots[name].status() for name in sorted(self._slots)]

    @property
    def origins(self) -> Sequence[str]:
        """What the warm tier knows the spools as, those that are claimed."""
        return [slot.origin for slot in self._slots.values() if slot.origin is not None]

    @property
    def missing(self) -> int:
        """Acknowledged entries that the disk has lost, since this lander began."""
        return sum(slot.missing for slot in self._slots.values())

    @property
    def set_aside(self) -> int:
        """Entries that could not be landed and are kept in a folder `quarantine`, since this lander began."""
        return sum(slot.set_aside for slot in self._slots.values())

    def close(self) -> None:
        """Lets go of all files."""
        for slot in self._slots.values():
            slot.close()

    def _find_slots(self) -> None:
        for name in sorted(self._tools.disk.folders(self._folder)):
            if name in self._slots:
                continue
            directory = self._folder / name
            durable = self._watermark_of(name) or recovered_watermark(self._tools.disk, directory)
            if durable is not None:
                self._slots[name] = SlotLanding(directory, f"{self._exporter}/{name}", durable, self._tools)


def recovered_watermark(disk: Disk, directory: Path) -> Watermark | None:
    """Of a spool that nobody writes to, once what it holds is durable; None while somebody does."""
    lock = disk.lock(directory)
    if lock is None:
        return None
    try:
        return LocalWatermark(recover(disk, directory).last)
    finally:
        disk.close(lock)
