"""Mistakes of a warm tier: rows and offset are not one transaction, ids not unique, claims not fenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from exporter.archive.entry import Kind, SequencedEntry
from exporter.archive.warm.tier import Claim, Landed
from tests.simulation.bodies import ids_of, number_of
from tests.simulation.tier import SimulatedTier


def offset_before_rows(patch: pytest.MonkeyPatch) -> None:
    honest = SimulatedTier._commit

    def commit(self: Any, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        before = self._archive.offsets[claim.origin]
        if before.epoch == claim.epoch:
            self._archive.offsets[claim.origin] = replace(before, next_sequence=entries[-1].sequence + 1)
            self._world.turn("offset committed", "")
            self._archive.offsets[claim.origin] = before
        return honest(self, claim, entries)

    patch.setattr(SimulatedTier, "_commit", commit)


def duplicates_counted(patch: pytest.MonkeyPatch) -> None:
    def insert(self: Any, entries: Sequence[SequencedEntry]) -> int:
        keys = [key for one in entries for key in ids_of(number_of(one.entry))]
        self._archive.rows.update(dict.fromkeys(keys, 1))
        self._archive.counted += len(keys)
        return len(keys)

    patch.setattr(SimulatedTier, "_insert", insert)


def no_fencing(patch: pytest.MonkeyPatch) -> None:
    def commit(self: Any, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        fresh = [one for one in entries if one.sequence >= claim.next_sequence]
        self._auditor.committing(claim.origin, fresh)
        added = self._insert(fresh)
        current = self._archive.offsets[claim.origin] = replace(claim, next_sequence=entries[-1].sequence + 1)
        return Landed(current, {("credit", Kind.PREDICTIONS): added})

    patch.setattr(SimulatedTier, "_commit", commit)


TIER_BUGS = (
    offset_before_rows,
    duplicates_counted,
    no_fencing,
)
