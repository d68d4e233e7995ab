"""Two landers that set the same entry aside at once, while the disk fails one of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.archive.spool.quarantine import Quarantine
from exporter.archive.spool.stored_entry import StoredEntry
from exporter.errors import DiskFailed
from tests.simulation.machine import DiskTraits, Machine
from tests.simulation.process_disk import ProcessDisk

SPOOL = Path("/spool/0")
ENTRY = StoredEntry(1, b"an entry that the tier refuses for ever", "0000000000000001.spool")


@dataclass
class _TwoLanders:
    """The `Surroundings` of the older lander: the newer one sets the entry aside just before its first flush."""

    machine: Machine
    is_newer_failing: bool
    turns: list[str] = field(default_factory=list)
    _is_newer_running: bool = False

    def turn(self, what: str, where: str) -> None:
        if what == "sync" and not self.turns:
            self.turns.append(where)
            self._is_newer_running = True
            try:
                Quarantine(ProcessDisk(self.machine, self), SPOOL).keep_entry("x", ENTRY, epoch=2)
            except DiskFailed:
                self.turns.append("the newer one failed")
            self._is_newer_running = False

    def is_failing(self, what: str) -> bool:
        return what == "sync" and self._is_newer_running and self.is_newer_failing


@pytest.mark.parametrize("is_newer_failing", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_what_two_landers_set_aside_at_once_is_durable(seed: int, is_newer_failing: bool) -> None:
    machine = Machine(random.Random(seed), DiskTraits())
    world = _TwoLanders(machine, is_newer_failing)
    disk = ProcessDisk(machine, world)
    disk.make_directory(SPOOL)
    Quarantine(disk, SPOOL).keep_entry("x", ENTRY, epoch=1)
    machine.lose_power()
    assert ("the newer one failed" in world.turns) is is_newer_failing
    assert machine.holds_durably(ENTRY.payload)
    kept = [name for name in machine.folder(SPOOL / "quarantine") if name.endswith(".entry")]
    assert kept == ["x-0000000000000001.entry"]
