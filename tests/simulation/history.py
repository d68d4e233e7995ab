"""One history: processes that take turns as chance has it, while the disk, the database and the power fail."""

from __future__ import annotations

import random
from collections.abc import Callable

from exporter.archive.slot_landing import LandingBounds
from exporter.archive.spool.limits import SpoolLimits
from exporter.archive.spool.watermark import LocalWatermark
from exporter.errors import StopError
from tests.simulation.damage import damage_something
from tests.simulation.faults import some_faults, some_traits
from tests.simulation.machine import Machine, PowerLost, ProcessKilled
from tests.simulation.process_disk import ProcessDisk
from tests.simulation.processes import SPOOLS, LandingProcess, SimulatedSenders, WritingProcess
from tests.simulation.tier import ArchivedRows
from tests.simulation.truth import BrokenPromise, Truth
from tests.support.clocks import MovedClock

ROUNDS = 30
_QUIET_WITHIN = 400

Process = WritingProcess | LandingProcess


class SimulatedHistory:
    """Everything in it follows from the seed. It is the `Surroundings` of its processes."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.trace: list[tuple[str, str, str]] = []
        self._rates = some_faults(rng)
        self._is_calm = False
        self._machine = Machine(rng, some_traits(rng))
        self._archive = ArchivedRows()
        self._truth = Truth(self._machine, self._archive)
        self._clock = MovedClock(1_000.0)
        self._sender = SimulatedSenders()
        file_bytes = rng.choice((128, 256, 512))
        self._limits = SpoolLimits(
            max(512, file_bytes * rng.choice((2, 4, 16))),
            file_bytes,
            rng.choice((4, 100)),
            2_000,
            rng.choice((60, 150, 1_000)),
        )
        self._bounds = LandingBounds(entries=rng.choice((1, 3, 8)), rows=12, size_bytes=300)
        self._watermarks = {str(slot): LocalWatermark() for slot in range(rng.choice((1, 1, 2)))}
        self._writers: dict[str, WritingProcess] = {}
        self._landers: list[LandingProcess] = []
        self._running: list[Process] = []
        self._missing = self._set_aside = 0

    def run(self) -> None:
        """BrokenPromise when something is that must never be."""
        for number in range(1, 200):
            if self.rng.random() < self._rates.poison:
                self._archive.poisoned.add(number)
        for _ in range(ROUNDS):
            try:
                self._round()
            except PowerLost:
                self._lose_power()
            self._truth.check()
        self._is_calm = True
        self._drain_a_full_disk()
        self._come_to_rest()
        for lander in self._landers:
            self._count(lander)
        self._truth.check_end(self._missing, self._set_aside)

    def turn(self, what: str, where: str) -> None:
        """Of its `Surroundings`."""
        rates = self._rates
        self.trace.append((self._running[-1].name, what, where))
        if self._is_calm:
            return
        draw = self.rng.random()
        if draw < rates.lose_power:
            raise PowerLost
        draw -= rates.lose_power
        if draw < rates.kill:
            raise ProcessKilled
        if draw - rates.kill < rates.turn_over and len(self._running) == 1:
            self._work(self.rng.choice([other for other in self._processes() if other is not self._running[0]]))

    def is_failing(self, what: str) -> bool:
        """Of its `Surroundings`."""
        if self._is_calm or self.rng.random() >= self._rates.failing[what]:
            return False
        self._note(f"{what} fails")
        return True

    def _round(self) -> None:
        rng, rates = self.rng, self._rates
        self._clock.move(rng.choice((0.0, 0.1, 2.0, 40.0)))
        self._sender.think_of(rng.choice((0, 1, 3)))
        if rng.random() < rates.fill_disk:
            self._take_room(rng.choice((0.0, 0.5, 1.0)))
        if rng.random() < rates.damage and not self._truth.excused:
            self._damage()
        if rng.random() < rates.second_lander:
            self._start_lander()
        process: Process = rng.choice(self._processes())
        if isinstance(process, WritingProcess) and rng.random() < rates.stop:
            self._run(process, process.stop)
            self._end(process, "stopped")
        else:
            self._work(process)

    def _processes(self) -> list[Process]:
        """All of them; what has ended is started again."""
        for slot, watermark in self._watermarks.items():
            if slot not in self._writers:
                self._writers[slot] = WritingProcess(
                    slot, ProcessDisk(self._machine, self), watermark, self._sender, self._truth,
                    self._limits, self.rng, self._clock,
                )  # fmt: skip
        if not self._landers:
            self._start_lander()
        return [*self._writers.values(), *self._landers]

    def _start_lander(self) -> None:
        self._landers.append(
            LandingProcess(
                ProcessDisk(self._machine, self), self, self._watermarks, self._truth,
                self._bounds, self.rng, self._clock,
            )
        )  # fmt: skip

    def _work(self, process: Process) -> None:
        self._run(process, process.work)

    def _run(self, process: Process, action: Callable[[], None]) -> None:
        self._running.append(process)
        try:
            action()
        except ProcessKilled:
            self._end(process, "killed")
        except StopError as error:
            self._end(process, f"{type(error).__name__}: {error}")
        finally:
            self._running.pop()

    def _end(self, process: Process, why: str) -> None:
        self._note(f"{process.name}: {why}")
        process.end()
        if isinstance(process, WritingProcess):
            self._writers.pop(process.slot, None)
        elif process in self._landers:
            self._count(process)
            self._landers.remove(process)

    def _lose_power(self) -> None:
        for each in list(self._writers.values()):
            self._end(each, "power lost")
        for lander in list(self._landers):
            self._end(lander, "power lost")
        self._machine.lose_power()
        for slot, watermark in self._watermarks.items():
            watermark.set(0)
            if self.rng.random() < self._rates.throw_away:
                self._note(f"the folder of {slot} is thrown away")
                self._machine.throw_away(SPOOLS / slot)
                self._truth.excused |= self._truth.waiting.keys()
                self._truth.damaged.clear()

    def _damage(self) -> None:
        slot = self.rng.choice(list(self._watermarks))
        lost = damage_something(self._machine, SPOOLS / slot, self.rng)
        if lost:
            self._note(f"bodies {sorted(lost)} are damaged")
        self._truth.excused |= lost
        self._truth.damaged |= lost

    def _take_room(self, share: float) -> None:
        self._machine.taken_by_others = 0
        self._machine.taken_by_others = int(share * max(0, self._machine.traits.capacity - self._machine.used()))
        self._note(f"{share:.0%} of the free room is taken")

    def _drain_a_full_disk(self) -> None:
        """What is durable lands without a free byte."""
        self._note("calm, on a full disk")
        self._take_room(1.0)
        self._land_all()
        self._truth.check()
        for number, told in self._truth.waiting.items():
            watermark = self._watermarks[told.origin.split("/")[1]]
            if told.sequence <= watermark.get() and number not in self._archive.poisoned | self._truth.excused:
                raise BrokenPromise(
                    f"body {number}, {told.origin}/{told.sequence}, does not land while the disk is full"
                )

    def _come_to_rest(self) -> None:
        """Everything that was sent is acknowledged and lands, once nothing fails any more."""
        self._note("room again")
        self._machine.traits.capacity += 100_000
        for _ in range(_QUIET_WITHIN):
            self._clock.move(60.0)
            for each in self._processes():
                self._work(each)
            if len(self._truth.acked) == len(self._truth.attempts) and not self._sender.unsent:
                break
        else:
            raise BrokenPromise(f"bodies {list(self._sender.unsent)} are never taken; {self._folders()}")
        self._land_all()
        for slot, watermark in self._watermarks.items():
            left = [name for name in self._machine.folder(SPOOLS / slot) if name.endswith(".spool")]
            if watermark.get() and len(left) > 2:
                raise BrokenPromise(f"{sorted(left)} are never deleted")

    def _land_all(self) -> None:
        for _ in range(_QUIET_WITHIN):
            self._clock.move(60.0)
            landers = [process for process in self._processes() if isinstance(process, LandingProcess)]
            for lander in landers:
                self._work(lander)
            if landers == self._landers and not any(lander.has_worked for lander in landers):
                return
        raise BrokenPromise("the landers find no end")

    def _folders(self) -> dict[str, list[str]]:
        return {name: sorted(folder) for name, folder in self._machine.folders.items()}

    def _count(self, lander: LandingProcess) -> None:
        self._missing += lander.lander.missing
        self._set_aside += lander.lander.set_aside

    def _note(self, what: str) -> None:
        self.trace.append(("--", what, ""))
