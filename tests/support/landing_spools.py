"""A lander over real spool folders and a warm tier in memory that refuses what a test says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from exporter.archive.entry import SequencedEntry
from exporter.archive.landing import Lander
from exporter.archive.slot_landing import LandingBounds, LandingTools, SlotStatus
from exporter.archive.spool.watermark import LocalWatermark
from exporter.archive.warm.tier import Landed
from tests.simulation.bodies import decode_body
from tests.simulation.tier import ArchivedRows, SimulatedTier
from tests.support.clocks import MovedClock
from tests.support.spools import FailingDisk


class ObedientWorld:
    """A `Surroundings` in which nothing happens, but for the failures that a test asks for; an `Auditor` that notes."""

    def __init__(self) -> None:
        self.failing: set[str] = set()
        self.calls: list[str] = []
        self.committed: list[tuple[str, list[int]]] = []

    def turn(self, what: str, where: str) -> None:
        self.calls.append(what)

    def is_failing(self, what: str) -> bool:
        return what in self.failing

    def committing(self, origin: str, fresh: Sequence[SequencedEntry]) -> None:
        self.committed.append((origin, [one.sequence for one in fresh]))


class LandedSpools:
    """Everything around a lander; `start` begins another one, as a second process does."""

    def __init__(self, folder: Path, bounds: LandingBounds | None = None) -> None:
        self.folder = folder
        self.world = ObedientWorld()
        self.archive = ArchivedRows()
        self.clock = MovedClock()
        self.disk = FailingDisk()
        self.watermarks: dict[str, LocalWatermark] = {}
        self.followed: list[int] = []
        self._bounds = bounds or LandingBounds()
        self.lander = self.start()

    def start(self) -> Lander:
        tools = LandingTools(
            self.disk, SimulatedTier(self.archive, self.world, self.world), self.clock, random.Random(1),
            self._follow, self._bounds, decode_body,
        )  # fmt: skip
        return Lander(self.folder, "exporter", self.watermarks.get, tools)

    def land_all(self) -> None:
        """Steps until there is nothing to do."""
        while self.lander.step():
            pass

    @property
    def status(self) -> SlotStatus:
        """Of the only slot."""
        [status] = self.lander.status()
        return status

    def _follow(self, entries: Sequence[SequencedEntry], landed: Landed) -> None:
        self.followed += [one.sequence for one in entries]
