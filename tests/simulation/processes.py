"""The processes of a simulated machine: those that take bodies and write spools, and those that land them."""

from __future__ import annotations

import random
from collections import deque
from functools import partial

from exporter.archive.landing import Lander
from exporter.archive.slot_landing import LandingBounds, LandingTools
from exporter.archive.spool.limits import SpoolLimits
from exporter.archive.spool.watermark import LocalWatermark
from exporter.archive.spool.writer import Outcome, Spool, attach_spool
from exporter.errors import RetryLater
from tests.simulation.bodies import decode_body, payload_of
from tests.simulation.process_disk import ProcessDisk, Surroundings
from tests.simulation.remembered_path import RememberedPath
from tests.simulation.tier import SimulatedTier
from tests.simulation.truth import Acknowledged, Truth
from tests.support.clocks import MovedClock

SPOOLS = RememberedPath("/spool")
EXPORTER = "x"


class SimulatedSenders:
    """Clients that send what was not acknowledged again, to whichever process."""

    def __init__(self) -> None:
        self.unsent: deque[int] = deque()
        self._next = 1

    def think_of(self, count: int) -> None:
        """So many more bodies."""
        self.unsent.extend(range(self._next, self._next + count))
        self._next += count


class WritingProcess:
    """Takes bodies into the spool of one slot."""

    def __init__(
        self, slot: str, disk: ProcessDisk, watermark: LocalWatermark, sender: SimulatedSenders, truth: Truth,
        limits: SpoolLimits, rng: random.Random, clock: MovedClock,
    ) -> None:  # fmt: skip
        self.name = f"writer {slot}"
        self.slot = slot
        self.disk = disk
        self._watermark = watermark
        self._sender = sender
        self._truth = truth
        self._limits = limits
        self._rng = rng
        self._clock = clock
        self._in_flight: dict[tuple[int, int], None] = {}
        self._spool: Spool | None = None

    def work(self) -> None:
        """Opens the spool, or takes bodies and drains what waits."""
        if self._spool is None:
            self._open()
        else:
            for _ in range(self._rng.choice((0, 1, 1, 2, 5))):
                self._take()
            if self._rng.random() < 0.8:
                self._spool.drain()

    def stop(self) -> None:
        """Ends as after SIGTERM."""
        if self._spool is not None:
            self._spool.close()

    def end(self) -> None:
        """Its senders hear no more of what is under way."""
        self.disk.die()
        self._sender.unsent.extend(number for number, _ in self._in_flight)
        self._in_flight.clear()

    def _open(self) -> None:
        try:
            self._spool = attach_spool(
                self.disk, SPOOLS / self.slot, self._watermark, self._limits,
                entropy=self._rng.randbytes, monotonic=self._clock.now,
            )  # fmt: skip
        except RetryLater:
            return

    def _take(self) -> None:
        if self._spool is None or not self._sender.unsent:
            return
        number = self._sender.unsent.popleft()
        attempt = self._truth.attempts[number] = self._truth.attempts.get(number, 0) + 1
        self._in_flight[number, attempt] = None
        try:
            self._spool.append(payload_of(number, attempt), partial(self._answer, number, attempt))
        except RetryLater:
            self._answer(number, attempt, RetryLater("refused at once"))

    def _answer(self, number: int, attempt: int, outcome: Outcome) -> None:
        del self._in_flight[number, attempt]
        if isinstance(outcome, int):
            origin = f"{EXPORTER}/{self.slot}/{self._truth.machine.identity(SPOOLS / self.slot)}"
            self._truth.acknowledged(number, Acknowledged(origin, outcome, payload_of(number, attempt)))
        else:
            self._sender.unsent.append(number)


class LandingProcess:
    """Lands the spools of all slots."""

    def __init__(
        self, disk: ProcessDisk, world: Surroundings, watermarks: dict[str, LocalWatermark], truth: Truth,
        bounds: LandingBounds, rng: random.Random, clock: MovedClock,
    ) -> None:  # fmt: skip
        self.name = "lander"
        self.disk = disk
        tier = SimulatedTier(truth.archive, world, truth)
        tools = LandingTools(
            disk, tier, clock, rng, lambda entries, landed: None, bounds, decode_body, rng.randbytes
        )  # fmt: skip
        self.lander = Lander(SPOOLS, EXPORTER, watermarks.get, tools)
        self.has_worked = True

    def work(self) -> None:
        self.has_worked = self.lander.step()

    def end(self) -> None:
        self.disk.die()
