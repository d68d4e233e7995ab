"""What has to be true of a history, whatever happened in it: kept by one who sees everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter.archive.entry import SequencedEntry
from tests.simulation.bodies import ids_of, number_of
from tests.simulation.machine import Machine
from tests.simulation.tier import ArchivedRows


class BrokenPromise(BaseException):
    """Something is that must never be; no code under test may catch it."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a sender was told is durable: an entry of an origin."""

    origin: str
    sequence: int
    payload: bytes


@dataclass(slots=True)
class Truth:
    """Everything that was sent, acknowledged, landed and damaged. It is an `Auditor` of the tier.

    attempts : how often each body was sent.
    waiting  : acknowledged, and not seen in the archive yet.
    excused  : bodies that may be lost: their bytes were damaged on the platter, or their folder thrown away.
    damaged  : those of them whose loss has to be noticed.
    """

    machine: Machine
    archive: ArchivedRows
    attempts: dict[int, int] = field(default_factory=dict)
    acked: set[int] = field(default_factory=set)
    waiting: dict[int, Acknowledged] = field(default_factory=dict)
    excused: set[int] = field(default_factory=set)
    damaged: set[int] = field(default_factory=set)
    _numbers: dict[tuple[str, int], int] = field(default_factory=dict)
    _acked_sequences: dict[tuple[str, int], bytes] = field(default_factory=dict)
    _newest: dict[str, int] = field(default_factory=dict)

    def acknowledged(self, number: int, told: Acknowledged) -> None:
        """The sender of a body was told that it is durable."""
        place = f"{told.origin}/{told.sequence}"
        if not (self.is_archived(number) or self.machine.holds_durably(told.payload)):
            raise BrokenPromise(f"body {number} was acknowledged as {place}, but is not durable")
        known = self._acked_sequences.setdefault((told.origin, told.sequence), told.payload)
        if known != told.payload:
            raise BrokenPromise(f"{place} was {known!r} and is now {told.payload!r}: a sequence was used twice")
        self.acked.add(number)
        self.waiting[number] = told

    def committing(self, origin: str, fresh: Sequence[SequencedEntry]) -> None:
        for one in fresh:
            number, place = number_of(one.entry), f"{origin}/{one.sequence}"
            if number not in self.attempts:
                raise BrokenPromise(f"{place} is body {number}, which nobody sent")
            if self._numbers.setdefault((origin, one.sequence), number) != number:
                raise BrokenPromise(f"{place} was body {self._numbers[origin, one.sequence]} and is now body {number}")
            if one.sequence <= self._newest.get(origin, 0):
                raise BrokenPromise(f"{place} landed after {origin}/{self._newest[origin]}")
            self._newest[origin] = one.sequence
            if not (self._is_excused(number) or self.machine.holds_durably(b"<%d/" % number)):
                raise BrokenPromise(f"{place}, body {number}, landed before it was durable")

    def check(self) -> None:
        """What is acknowledged is archived or durable in a spool; offsets and counts tell no more than the rows."""
        for number, told in list(self.waiting.items()):
            if self.is_archived(number):
                del self.waiting[number]
            elif number not in self.excused:
                self._check_waiting(number, told)
        if self.archive.counted != len(self.archive.rows):
            raise BrokenPromise(f"the archive counts {self.archive.counted} rows, and has {len(self.archive.rows)}")

    def check_end(self, missing: int, set_aside: int) -> None:
        """Nothing waits any more; what was lost or refused was lost or refused for a reason, and counted."""
        self.check()
        lost = self.waiting.keys() - self.archive.poisoned
        if lost - self.excused:
            raise BrokenPromise(f"bodies {sorted(lost)} were acknowledged, and have not landed")
        if lost & self.damaged and not missing and not self._has_quarantined_files():
            raise BrokenPromise(f"bodies {sorted(lost & self.damaged)} are damaged, and nobody noticed")
        if missing and not self.excused:
            raise BrokenPromise(f"{missing} entries are said to be missing, and none is")
        if set_aside and not (self.archive.poisoned or self.excused):
            raise BrokenPromise(f"{set_aside} entries were set aside, and none was refused")
        unasked = self.archive.rows.keys() - {key for number in self.attempts for key in ids_of(number)}
        if unasked:
            raise BrokenPromise(f"rows {sorted(unasked)} were never sent")

    def is_archived(self, number: int) -> bool:
        return all(key in self.archive.rows for key in ids_of(number))

    def _has_quarantined_files(self) -> bool:
        folders = [folder for name, folder in self.machine.folders.items() if name.endswith("/quarantine")]
        return any(name.endswith(".spool") for folder in folders for name in folder)

    def _is_excused(self, number: int) -> bool:
        return number in self.excused or self.is_archived(number)

    def _check_waiting(self, number: int, told: Acknowledged) -> None:
        if not self.machine.holds_durably(told.payload):
            raise BrokenPromise(f"body {number} was acknowledged as {told.origin}/{told.sequence}, and is lost")
        offset = self.archive.offsets.get(told.origin)
        if offset is not None and told.sequence < offset.next_sequence and number not in self.archive.poisoned:
            raise BrokenPromise(f"{told.origin} stands at {offset.next_sequence}, but {told.sequence} has not landed")
