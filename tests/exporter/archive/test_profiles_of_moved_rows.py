"""Windows whose rows have left the warm tier, or came back to it, keep every row once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.archive.entry import Kind
from exporter.archive.profiles import REVISION_PAUSE_S, WINDOW_S
from exporter.archive.warm.tier import Span
from exporter.window.children import Child
from tests.support.archives import EVER, labels
from tests.support.kept_hours import (
    HOUR,
    MONITOR,
    REFERENCE,
    assert_as_raw,
    close_window,
    drop_the_day,
    raw_profiles,
    some,
)
from tests.support.profile_keepers import KeptArchive, a_kept_archive
from tests.support.warm_places import PLACES


@pytest.fixture(params=PLACES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeptArchive]:
    with a_kept_archive(tmp_path, [(MONITOR, REFERENCE)], HOUR + 100, request.param) as opened:
        yield opened


def test_late_rows_of_an_hour_that_has_left_warm_are_merged_once_each(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    before = raw_profiles(archive)[Child("1")]
    drop_the_day(archive)
    archive.clock.move(3600)
    archive.land(some("late", 7, seed=2))
    archive.settle()
    first_late = raw_profiles(archive)[Child("1")]
    assert archive.window(HOUR)[Child("1")].whole.exact() == before.merge(first_late).exact()
    archive.clock.move(3600)
    archive.land(some("later still", 60, seed=3, version="2"))
    archive.restart()
    archive.settle()
    late = raw_profiles(archive)
    kept = archive.window(HOUR)
    assert kept[Child("1")].whole.exact() == before.merge(late[Child("1")]).exact()
    assert kept[Child("2")].whole.exact() == late[Child("2")].exact()
    assert archive.revisions()[HOUR] == 3
    stored = archive.stored()
    archive.restart()
    archive.settle()
    assert archive.stored() == stored


def test_late_rows_that_have_left_warm_as_well_stay_in_the_profile(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    for seed, name in enumerate(("first", "second"), 2):
        drop_the_day(archive)
        assert archive.settle() == 0
        archive.clock.move(3600)
        archive.land(some(name, 60, seed=seed))
        archive.settle()
    assert archive.window(HOUR)[Child("1")].whole.rows == 50 + 60 + 60


def test_rows_that_were_restored_are_the_whole_window_again(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    close_window(archive)
    rows = list(archive.warm.read(Kind.PREDICTIONS, "credit", Span(HOUR, HOUR + WINDOW_S)))
    drop_the_day(archive)
    archive.clock.move(3600)
    archive.land(some("late", 7, seed=2))
    archive.settle()
    archive.warm.restore(Kind.PREDICTIONS, "credit", rows)
    archive.clock.move(3600)
    archive.settle()
    assert archive.window(HOUR)[Child("1")].base is None
    assert_as_raw(archive)


def test_rows_that_come_back_without_their_labels_take_none_from_the_profile(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    archive.land(labels([f"a{row}" for row in range(20)], HOUR + 700))
    close_window(archive)
    before = archive.stored()
    rows = {kind: list(archive.warm.read(kind, "credit", EVER)) for kind in (Kind.PREDICTIONS, Kind.LABELS)}
    for kind in rows:
        drop_the_day(archive, kind)
    archive.clock.move(3600)
    archive.warm.restore(Kind.PREDICTIONS, "credit", rows[Kind.PREDICTIONS])
    assert archive.settle() == 1
    assert archive.stored() == before
    archive.clock.move(REVISION_PAUSE_S - 1)
    assert archive.settle() == 0
    archive.clock.move(3600)
    archive.warm.restore(Kind.LABELS, "credit", rows[Kind.LABELS])
    assert archive.warm.join_restored("credit", EVER) == 20
    archive.restart()
    assert archive.settle() == 0
    assert archive.stored() == before
    assert_as_raw(archive)


def test_a_late_row_counts_once_the_labels_of_a_window_that_came_back_are_there(archive: KeptArchive) -> None:
    archive.land(some("a", 50))
    archive.land(labels([f"a{row}" for row in range(20)], HOUR + 700))
    close_window(archive)
    rows = list(archive.warm.read(Kind.PREDICTIONS, "credit", Span(HOUR, HOUR + WINDOW_S)))
    drop_the_day(archive)
    archive.clock.move(3600)
    archive.warm.restore(Kind.PREDICTIONS, "credit", rows)
    archive.land(some("late", 7, seed=2))
    archive.settle()
    assert archive.revisions() == {HOUR: 1}
    archive.warm.join_restored("credit", EVER)
    archive.clock.move(3600)
    archive.settle()
    [profile] = archive.stored()
    assert (profile.revision, profile.rows, profile.labelled) == (2, 57, 20)
    assert_as_raw(archive)
