"""Rows that come back from cold into warm: the very same ones, for as long as they are wanted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.cold.moving import due_moves, move
from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.pins import LONGEST_KEEP_S
from exporter.archive.cold.restoring import RestoredSpan, RestoreRequest, files_to_restore, restore
from exporter.archive.cold.retention import DropDay
from exporter.archive.digest import digest_of_all
from exporter.archive.entry import Kind
from exporter.archive.warm.tier import Span
from exporter.errors import InvalidSettings
from tests.support.archives import EVER, MONITOR, labels, letters, plain, predictions
from tests.support.batches import START_S
from tests.support.cold_tiers import Crash, Stumbling, a_world
from tests.support.restored_worlds import KEPT, NOW, WHOLE_DAY, brought_back, dropped, in_warm


def test_what_comes_back_is_what_went(tmp_path: Path) -> None:
    world = dropped(tmp_path)
    assert brought_back(world) == RestoredSpan(files=12, rows=66, new_rows=66, joined=0)
    for kind, rows in ((Kind.PREDICTIONS, 60), (Kind.LABELS, 3), (Kind.DEAD_LETTERS, 3)):
        assert in_warm(world, kind) == plain(world.cold_rows(kind=kind))
        assert len(in_warm(world, kind)) == rows
    assert digest_of_all(world.warm.read(Kind.PREDICTIONS, MONITOR, EVER)) == digest_of_all(world.cold_rows())


def test_whole_hours_come_back(tmp_path: Path) -> None:
    world = dropped(tmp_path)
    brought_back(world, Span(START_S + 60, START_S + 61))
    assert {hour.start for hour in world.warm.hours()} == {START_S // 3600 * 3600}
    [hour] = [hour for hour in world.warm.hours() if hour.kind is Kind.PREDICTIONS]
    files = world.ledger.cold_files(MONITOR, Kind.PREDICTIONS, Span(hour.start, hour.start + 1))
    assert hour.rows == sum(file.rows for file in files)


def test_labels_that_came_later_come_back_up_to_the_delay_and_no_other_rows(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.land(predictions(["a", "b"], [START_S, START_S + 2 * 3600]), letters([0], START_S + 2 * 3600))
    world.land(labels(["a", "x", "y"], [START_S + 3600, START_S + 2 * DAY_S, START_S + 2 * DAY_S + 3600]))
    world.clock.now_s = NOW
    move(world.tiers, due_moves(world.tiers, KEPT))
    brought_back(world, Span(START_S + 60, START_S + 61), labels_late_s=2 * DAY_S)
    assert [row["id"] for row in in_warm(world)] == ["a"]
    assert [row["id"] for row in in_warm(world, Kind.LABELS)] == ["a", "x"]
    assert in_warm(world, Kind.DEAD_LETTERS) == []


def test_the_delay_counts_from_the_end_of_the_last_hour(tmp_path: Path) -> None:
    """A prediction at the end of the hour may get its label an hour and a half after it."""
    world = a_world(tmp_path)
    hour = START_S // 3600 * 3600
    world.land(predictions(["a"], hour + 3599), labels(["a"], hour + 3600 + 5399))
    world.clock.now_s = NOW
    move(world.tiers, due_moves(world.tiers, KEPT))
    brought_back(world, Span(hour, hour + 1), labels_late_s=5400)
    assert [row["id"] for row in in_warm(world, Kind.LABELS)] == ["a"]


def test_later_labels_stay_as_long_as_their_predictions_and_other_rows_of_those_days_go(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    later = START_S + 2 * DAY_S
    world.land(predictions(["a", "b"], [START_S, later]), labels(["a"], later))
    world.clock.now_s = NOW
    move(world.tiers, due_moves(world.tiers, KEPT))
    brought_back(world, days=10, labels_late_s=3 * DAY_S)
    brought_back(world, Span(later, later + 1), days=1)
    world.clock.move(2 * DAY_S)
    move(world.tiers, due_moves(world.tiers, KEPT))
    assert [row["id"] for row in in_warm(world)] == ["a"]
    assert [row["id"] for row in in_warm(world, Kind.LABELS)] == ["a"]
    world.clock.move(9 * DAY_S)
    move(world.tiers, due_moves(world.tiers, KEPT))
    assert world.warm.hours() == []


def test_what_is_there_is_not_added_again(tmp_path: Path) -> None:
    world = dropped(tmp_path)
    brought_back(world)
    assert brought_back(world).new_rows == 0
    assert len(in_warm(world)) == 60


def test_restored_rows_stay_until_their_time_is_over_and_go_by_the_next_move(tmp_path: Path) -> None:
    world = dropped(tmp_path)
    brought_back(world, days=10)
    world.clock.move(9 * DAY_S)
    assert due_moves(world.tiers, KEPT) == []
    world.clock.move(DAY_S)
    move(world.tiers, due_moves(world.tiers, KEPT))
    assert world.warm.hours() == []
    assert sum(batch.num_rows for batch in world.cold_rows()) == 60


@pytest.mark.parametrize("after_s", [0, -1, LONGEST_KEEP_S + 1])
def test_a_time_that_nobody_would_remember_is_refused(tmp_path: Path, after_s: float) -> None:
    world = dropped(tmp_path)
    with pytest.raises(InvalidSettings, match="at most 90 days"):
        brought_back(world, days=after_s / DAY_S)
    assert world.warm.hours() == []


def test_it_can_be_told_beforehand_what_would_be_read(tmp_path: Path) -> None:
    world = dropped(tmp_path)
    files = files_to_restore(world.tiers, RestoreRequest(MONITOR, WHOLE_DAY, NOW + 1))
    assert files == [file for kind in Kind for file in world.ledger.cold_files(kind=kind)]


def test_everybody_is_told_of_each_file(tmp_path: Path) -> None:
    world, told = dropped(tmp_path), []
    asked = RestoreRequest(MONITOR, WHOLE_DAY, NOW + DAY_S)
    restore(world.tiers, world.cold, asked, lambda number, of, read: told.append((number, of, read.file.name)))
    files = files_to_restore(world.tiers, asked)
    assert told == [(number, 12, file.name) for number, file in enumerate(files, 1)]


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("at", [1, 3])
def test_a_crash_between_files_is_mended_by_the_next_restoration(tmp_path: Path, at: int, is_after: bool) -> None:
    world = dropped(tmp_path)
    stumbling: Any = Stumbling(world.warm, "restore", at, is_after=is_after)
    asked = RestoreRequest(MONITOR, WHOLE_DAY, NOW + DAY_S)
    with pytest.raises(Crash):
        restore(replace(world.tiers, warm=stumbling), world.cold, asked, lambda *_: None)
    assert not any(isinstance(action, DropDay) for action in due_moves(world.tiers, KEPT))
    brought_back(world)
    assert len(in_warm(world)) == 60


def test_rows_that_came_since_do_not_hinder_it(tmp_path: Path) -> None:
    world = dropped(tmp_path)
    world.land(predictions(["late"], START_S))
    brought_back(world)
    assert len(in_warm(world)) == 61
