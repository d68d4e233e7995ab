"""A warm tier whose transactions take place, or do not, or do and nobody is told; its database itself never fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from exporter.archive.entry import Kind, SequencedEntry
from exporter.archive.warm.tier import Claim, Landed
from exporter.errors import CorruptEntry, Fenced, RetryLater
from tests.simulation.bodies import ids_of, number_of
from tests.simulation.process_disk import Surroundings


@dataclass(slots=True)
class ArchivedRows:
    """The database, which outlives every process.

    rows     : for each id, how often a row of it was added.
    counted  : the side count of all rows.
    offsets  : origin → epoch, next sequence.
    """

    rows: dict[str, int] = field(default_factory=dict)
    counted: int = 0
    offsets: dict[str, Claim] = field(default_factory=dict)
    poisoned: set[int] = field(default_factory=set)


class Auditor(Protocol):
    """Looks at each transaction as it takes place."""

    def committing(self, origin: str, fresh: Sequence[SequencedEntry]) -> None:
        """Entries that an origin has not landed before."""


class SimulatedTier:
    """One process's connection to the database; does what `exporter.archive.warm.tier.WarmTier` asks of a landing."""

    def __init__(self, archive: ArchivedRows, world: Surroundings, auditor: Auditor) -> None:
        self._archive = archive
        self._world = world
        self._auditor = auditor

    def claim(self, origin: str) -> Claim:
        self._world.turn("claim", origin)
        if self._world.is_failing("claim"):
            raise RetryLater("the database is away")
        known = self._archive.offsets.get(origin, Claim(origin, 0, 1))
        claim = self._archive.offsets[origin] = replace(known, epoch=known.epoch + 1)
        return claim

    def land(self, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        self._world.turn("land", f"{entries[0].sequence}-{entries[-1].sequence}")
        if self._world.is_failing("land"):
            raise RetryLater("the database is away")
        landed = self._commit(claim, entries)
        self._world.turn("committed", f"next {landed.claim.next_sequence}")
        if self._world.is_failing("answer"):
            raise RetryLater("the connection was lost before the commit was confirmed")
        return landed

    def _commit(self, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        archive = self._archive
        current = archive.offsets[claim.origin]
        if current.epoch != claim.epoch:
            raise Fenced(f"{claim.origin} was claimed by somebody else")
        fresh = [one for one in entries if one.sequence >= current.next_sequence]
        for one in fresh:
            if number_of(one.entry) in archive.poisoned:
                raise CorruptEntry(f"body {number_of(one.entry)} breaks a constraint")
        self._auditor.committing(claim.origin, fresh)
        added = self._insert(fresh)
        if fresh:
            current = archive.offsets[claim.origin] = replace(current, next_sequence=fresh[-1].sequence + 1)
        return Landed(current, {("credit", Kind.PREDICTIONS): added})

    def _insert(self, entries: Sequence[SequencedEntry]) -> int:
        added = 0
        for one in entries:
            for key in ids_of(number_of(one.entry)):
                if key not in self._archive.rows:
                    self._archive.rows[key] = 1
                    added += 1
        self._archive.counted += added
        return added

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"a landing needs no {name}")
