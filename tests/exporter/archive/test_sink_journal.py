"""An entry is kept once the warm tier has it, whatever the tier does meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.entry import Kind, SequencedEntry
from exporter.archive.journal import Journal, wait_until_kept
from exporter.archive.sink_journal import SinkJournal, SinkLimits
from exporter.archive.warm.embedded import open_embedded
from exporter.archive.warm.tier import Claim, Landed, WarmTier
from exporter.errors import Fenced, InvalidSettings, RetryLater
from tests.support.archives import MONITOR, an_entry, ids, predictions
from tests.support.clocks import MovedClock
from tests.support.polling import wait_until

ORIGIN = "exporter/00"
PATIENT = SinkLimits(answer_within_s=30, retry_s=0.01)
HASTY = SinkLimits(answer_within_s=0.05, retry_s=0.01)


class TroubledTier:
    """The embedded tier, with trouble before or after a landing takes place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.before: Exception | None = None
        self.after: list[Exception] = []
        self.landings: list[list[int]] = []

    def open(self) -> WarmTier:
        if self.before is not None:
            raise self.before
        self._tier, _ = open_embedded(self._folder, MovedClock())
        self._tier.migrate()
        return self

    def land(self, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        if self.before is not None:
            raise self.before
        self.landings.append([entry.sequence for entry in entries])
        landed = self._tier.land(claim, entries)
        if self.after:
            raise self.after.pop()
        return landed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tier, name)


@contextmanager
def a_journal(tier: TroubledTier, limits: SinkLimits = PATIENT) -> Iterator[SinkJournal]:
    journal = SinkJournal(tier.open, ORIGIN, lambda _landed: None, limits)
    try:
        yield journal
    finally:
        journal.close()


def keep(journal: Journal, name: str) -> None:
    wait_until_kept(lambda when_kept: journal.append(an_entry(predictions([name])), when_kept))


def landed_ids(folder: Path) -> list[str]:
    tier, _ = open_embedded(folder, MovedClock(), is_read_only=True)
    try:
        return sorted(ids(tier.find(Kind.PREDICTIONS, MONITOR, list("abcdef"))))
    finally:
        tier.close()


def test_what_is_told_as_kept_is_in_the_tier(tmp_path: Path) -> None:
    with a_journal(TroubledTier(tmp_path)) as journal:
        keep(journal, "a")
        assert landed_ids(tmp_path) == ["a"]


def test_a_landing_of_which_nobody_knows_is_repeated_and_lands_once(tmp_path: Path) -> None:
    tier = TroubledTier(tmp_path)
    with a_journal(tier) as journal:
        keep(journal, "a")
        tier.after = [RetryLater("the reply was lost")]
        keep(journal, "b")
        keep(journal, "c")
        assert [landing[0] for landing in tier.landings] == [0, 1, 1, 2]
    assert landed_ids(tmp_path) == ["a", "b", "c"]


def test_a_sender_is_told_to_try_again_and_its_rows_still_land(tmp_path: Path) -> None:
    tier = TroubledTier(tmp_path)
    with a_journal(tier, HASTY) as journal:
        keep(journal, "a")
        tier.before = RetryLater("away")
        with pytest.raises(RetryLater, match="away"):
            keep(journal, "b")
        assert landed_ids(tmp_path) == ["a"]
        tier.before = None
        wait_until(lambda: landed_ids(tmp_path) == ["a", "b"], 10, "b landed")


def test_a_tier_that_is_away_at_the_start_is_waited_for(tmp_path: Path) -> None:
    tier = TroubledTier(tmp_path)
    tier.before = RetryLater("away")
    with a_journal(tier, HASTY) as journal:
        with pytest.raises(RetryLater, match="away"):
            keep(journal, "a")
        tier.before = None
        keep(journal, "b")
    assert landed_ids(tmp_path) == ["a", "b"]


def test_closing_while_the_tier_is_away_tells_who_waits_and_ends(tmp_path: Path) -> None:
    tier = TroubledTier(tmp_path)
    tier.before = RetryLater("away")
    told: list[Exception | None] = []
    with a_journal(tier, PATIENT) as journal:
        journal.append(an_entry(predictions(["a"])), told.append)
    assert [type(error) for error in told] == [RetryLater]
    assert "sink" not in [thread.name for thread in threading.enumerate()]


def test_more_than_the_queue_holds_is_refused_until_it_has_landed(tmp_path: Path) -> None:
    tier = TroubledTier(tmp_path)
    tier.before = RetryLater("away")
    with a_journal(tier, SinkLimits(queue_bytes=1, answer_within_s=30, retry_s=0.01)) as journal:
        told: list[Exception | None] = []
        journal.append(an_entry(predictions(["a"])), told.append)
        with pytest.raises(RetryLater, match="does not keep up"):
            journal.append(an_entry(predictions(["b"])), told.append)
        tier.before = None
        wait_until(lambda: told == [None], 10, "a kept")
        keep(journal, "b")


@pytest.mark.parametrize("error", [Fenced("another one lands"), InvalidSettings("a wrong password")])
def test_an_error_that_will_not_pass_is_told_to_everybody(tmp_path: Path, error: Exception) -> None:
    tier = TroubledTier(tmp_path)
    with a_journal(tier) as journal:
        keep(journal, "a")
        tier.before = error
        with pytest.raises(type(error)):
            keep(journal, "b")
        wait_until(lambda: journal.failure is error, 10, "its failure")
        with pytest.raises(type(error)):
            journal.append(an_entry(predictions(["c"])), lambda _error: None)
