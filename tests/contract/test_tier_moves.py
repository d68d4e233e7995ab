"""Rows on their way through the tiers, with every real warm tier: the digest says that they are the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exporter.archive.cold.folder import FolderStore
from exporter.archive.cold.moving import Moved, Tiers, due_moves, move
from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.reading import ColdQuery, ColdRows
from exporter.archive.cold.restoring import RestoredSpan, RestoreRequest, restore
from exporter.archive.cold.retention import CopyHour, DropDay
from exporter.archive.cold.tier import ColdTier
from exporter.archive.cold.verify import VerifiedState, verify
from exporter.archive.digest import NO_ROWS, RowDigest, digest_of_all
from exporter.archive.entry import Kind
from exporter.archive.schema import with_provenance
from exporter.archive.warm.tier import Span
from exporter.monitor.spec import Retention
from tests.support.archives import EVER, HOUR_S, MONITOR, a_stream, labels, letters, predictions, varied_predictions
from tests.support.batches import START_S
from tests.support.clocks import MovedClock
from tests.support.cold_tiers import Crash, Stumbling
from tests.support.landed import assert_counts_are_right, labelled
from tests.support.warm_places import PLACES, WarmPlace

KEPT = {MONITOR: Retention.model_validate({"warm": "30d", "cold": "365d"})}
DAY = START_S // DAY_S * DAY_S


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WarmPlace]:
    with PLACES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
def tiers(place: WarmPlace, tmp_path: Path) -> Tiers:
    warm, ledger = place.open()
    clock = MovedClock(START_S)
    store = FolderStore(tmp_path / "cold", clock)
    store.check()
    return Tiers(warm, ledger, ColdTier(store, file_rows=100), clock)


def cold_of(tiers: Tiers) -> ColdTier:
    assert tiers.cold is not None
    return tiers.cold


def streams() -> dict[str, Sequence[pa.RecordBatch]]:
    rng = np.random.default_rng(12)
    bodies = [varied_predictions(rng, 60, f"e{number}") for number in range(6)]
    marks = labels([f"e0-{row}" for row in range(20)], START_S + 60)
    return {"a/0": [*bodies[:3], marks, letters([0, 1])], "b/0": [*bodies[3:], letters([0])]}


def land(tiers: Tiers) -> dict[Kind, RowDigest]:
    """The digests of what was sent, by kind."""
    digests = dict.fromkeys(Kind, NO_ROWS)
    for origin, rows in streams().items():
        entries = a_stream(*rows)
        tiers.warm.land(tiers.warm.claim(origin), entries)
        for numbered in entries:
            found = digest_of_all([with_provenance(numbered.entry, origin, numbered.sequence)])
            digests[numbered.entry.kind] = digests[numbered.entry.kind].merge(found)
    return digests


def moved_at(tiers: Tiers, now: float) -> list[Moved]:
    tiers.clock.now_s = now  # type: ignore[attr-defined]  # the clock of these tests
    return move(tiers, due_moves(tiers, KEPT))


def land_late_labels(tiers: Tiers) -> None:
    """Of predictions of one day one has its label within the hour, one after a day, and one after two; all joined."""
    rows = predictions(["a", "b", "c"], [START_S, START_S, START_S + HOUR_S])
    tiers.warm.land(tiers.warm.claim("a/0"), a_stream(rows, labels(["a"])))
    late = labels(["b", "c"], [START_S + DAY_S, START_S + 2 * DAY_S], [0.0, 1.0])
    tiers.warm.land(tiers.warm.claim("b/0"), a_stream(late))
    assert len(tiers.warm.join_labels(["a/0", "b/0"], 0, 10)) == 3


def dropped_with_late_labels(tiers: Tiers) -> None:
    land_late_labels(tiers)
    moved_at(tiers, DAY + 40 * DAY_S)
    assert sum(stored.rows for stored in tiers.warm.hours()) == 0


def restored_day(tiers: Tiers, **request: Any) -> RestoredSpan:
    asked = RestoreRequest(MONITOR, Span(DAY, DAY + DAY_S), tiers.clock.now() + DAY_S, **request)
    return restore(tiers, cold_of(tiers), asked, lambda *_: None)


def warm_digests(tiers: Tiers) -> dict[Kind, RowDigest]:
    return {kind: digest_of_all(tiers.warm.read(kind, MONITOR, EVER)) for kind in Kind}


def cold_digests(tiers: Tiers) -> dict[Kind, RowDigest]:
    readers = {kind: ColdRows(cold_of(tiers), tiers.ledger, ColdQuery(kind, MONITOR, EVER)) for kind in Kind}
    return {kind: digest_of_all(reader.batches()) for kind, reader in readers.items()}


def test_rows_have_one_digest_in_every_tier(tiers: Tiers) -> None:
    sent = land(tiers)
    assert warm_digests(tiers) == sent
    copied = moved_at(tiers, DAY + 2 * DAY_S)
    assert {(type(one.action), one.outcome) for one in copied} == {(CopyHour, "done")}
    assert cold_digests(tiers) == sent
    assert moved_at(tiers, DAY + 2 * DAY_S) == []


def test_rows_leave_warm_once_they_are_proven_and_come_back_the_same(tiers: Tiers) -> None:
    sent = land(tiers)
    moved_at(tiers, DAY + 2 * DAY_S)
    dropped = moved_at(tiers, DAY + 31 * DAY_S)
    assert [(type(one.action), one.outcome) for one in dropped] == [(DropDay, "done")] * 3
    assert sum(stored.rows for stored in tiers.warm.hours()) == 0
    request = RestoreRequest(MONITOR, Span(DAY, DAY + DAY_S), tiers.clock.now() + DAY_S)
    restored = restore(tiers, cold_of(tiers), request, lambda *_: None)
    assert restored.rows == restored.new_rows == sum(digest.rows for digest in sent.values())
    assert warm_digests(tiers) == sent
    assert moved_at(tiers, tiers.clock.now() + 60) == []
    again = moved_at(tiers, tiers.clock.now() + DAY_S)
    assert [(type(one.action), one.outcome) for one in again] == [(DropDay, "done")] * 3
    assert cold_digests(tiers) == sent


def test_joined_labels_leave_the_digest_of_predictions_alone(tiers: Tiers) -> None:
    sent = land(tiers)
    joined = tiers.warm.join_labels(list(streams()), 0, 1_000)
    assert joined.num_rows == 20
    moved_at(tiers, DAY + 2 * DAY_S)
    assert warm_digests(tiers) == cold_digests(tiers) == sent
    moved_at(tiers, DAY + 31 * DAY_S)
    assert sum(stored.rows for stored in tiers.warm.hours()) == 0


def test_predictions_that_come_back_have_their_labels_again(tiers: Tiers) -> None:
    dropped_with_late_labels(tiers)
    assert restored_day(tiers).joined == 1
    assert labelled(tiers.warm) == {"a": 1.0}
    restored = restored_day(tiers, labels_late_s=7 * DAY_S)
    assert (restored.new_rows, restored.joined) == (2, 2)
    assert labelled(tiers.warm) == {"a": 1.0, "b": 0.0, "c": 1.0}
    assert restored_day(tiers, labels_late_s=7 * DAY_S).joined == 0
    assert_counts_are_right(tiers.warm)


@pytest.mark.parametrize("is_after", [False, True])
def test_a_crash_before_labels_are_joined_is_mended_by_the_next_restoration(tiers: Tiers, is_after: bool) -> None:
    dropped_with_late_labels(tiers)
    stumbling: Any = Stumbling(tiers.warm, "join_restored", is_after=is_after)
    with pytest.raises(Crash):
        restored_day(replace(tiers, warm=stumbling), labels_late_s=7 * DAY_S)
    restored_day(tiers, labels_late_s=7 * DAY_S)
    assert labelled(tiers.warm) == {"a": 1.0, "b": 0.0, "c": 1.0}
    assert_counts_are_right(tiers.warm)


def test_labels_that_are_warm_still_find_their_predictions_again(tiers: Tiers) -> None:
    """They have waited since their predictions left, and are in no file yet."""
    land_late_labels(tiers)
    short = {MONITOR: Retention.model_validate({"warm": "1d", "cold": "365d"})}
    tiers.clock.now_s = DAY + 2 * DAY_S + 3600  # type: ignore[attr-defined]  # the clock of these tests
    move(tiers, due_moves(tiers, short))
    assert labelled(tiers.warm) == {}
    assert restored_day(tiers).joined == 3


def test_files_on_hold_and_files_that_are_deleted(tiers: Tiers) -> None:
    land(tiers)
    for now in (DAY + 2 * DAY_S, DAY + 31 * DAY_S):
        moved_at(tiers, now)
    held = tiers.ledger.cold_files(kind=Kind.LABELS)
    tiers.ledger.hold_cold_files([file.name for file in held], is_held=True)
    moved_at(tiers, DAY + 400 * DAY_S)
    left = tiers.ledger.cold_files()
    assert [file.name for file in left] == [file.name for file in held]
    assert all(file.is_held for file in left)
    found = verify(tiers, cold_of(tiers), left, lambda *_: None)
    assert [one.state for one in found.files] == [VerifiedState.RIGHT]


def test_a_file_of_an_hour_on_hold_is_noted_on_hold(tiers: Tiers) -> None:
    land(tiers)
    moved_at(tiers, DAY + 2 * DAY_S)
    tiers.ledger.hold_cold_files([file.name for file in tiers.ledger.cold_files()], is_held=True)
    late = varied_predictions(np.random.default_rng(9), 5, "late")
    tiers.warm.land(tiers.warm.claim("c/0"), a_stream(late))
    moved_at(tiers, DAY + 2 * DAY_S)
    files = [file for file in tiers.ledger.cold_files() if file.origin == "c/0"]
    assert files
    assert all(file.is_held for file in files)
