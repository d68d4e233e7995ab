"""Moves: what is due is done, proven and noted; what differs is left where it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporter.archive.cold.holding import hold_files
from exporter.archive.cold.moving import Moved, Tiers, due_moves, move, survey
from exporter.archive.cold.names import DAY_S, RowHour, object_name
from exporter.archive.cold.retention import CopyHour, DeleteFile, DropDay
from exporter.archive.digest import digest_of_all
from exporter.archive.entry import Kind
from exporter.errors import RetryLater
from exporter.monitor.spec import Retention
from tests.support.archives import EVER, MONITOR, ORIGIN, an_entry, labels, plain, predictions, varied_predictions
from tests.support.batches import START_S
from tests.support.cold_tiers import HOUR, Crash, Stumbling, World, a_world, some_keys

KEPT = {MONITOR: Retention.model_validate({"warm": "30d", "cold": "365d"})}
DAY_END = START_S // DAY_S * DAY_S + DAY_S


def filled(folder: Path, **cold: Any) -> World:
    world, rng = a_world(folder, **cold), np.random.default_rng(4)
    for number in range(4):
        world.land(
            varied_predictions(rng, 20, f"e{number}"), labels([f"e{number}-0"]), origin=f"exporter-{number % 2}/0"
        )
    return world


def moved_at(world: World, now: float) -> list[Moved]:
    world.clock.now_s = now
    return move(world.tiers, due_moves(world.tiers, KEPT))


def rows_left(world: World) -> int:
    return sum(stored.rows for stored in world.warm.hours())


def test_rows_go_from_warm_to_cold_to_nothing(tmp_path: Path) -> None:
    world = filled(tmp_path)
    rows = plain(world.warm.read(Kind.PREDICTIONS, MONITOR, EVER))
    copied = moved_at(world, DAY_END + DAY_S)
    assert {type(one.action) for one in copied} == {CopyHour}
    assert (sum(one.rows for one in copied), rows_left(world)) == (84, 84)
    assert moved_at(world, DAY_END + 29 * DAY_S) == []
    dropped = moved_at(world, DAY_END + 30 * DAY_S)
    assert [(one.outcome, one.rows) for one in dropped] == [("done", 4), ("done", 80)]
    assert rows_left(world) == 0
    assert plain(world.cold_rows()) == rows
    deleted = moved_at(world, DAY_END + 365 * DAY_S)
    assert {(type(one.action), one.outcome) for one in deleted} == {(DeleteFile, "done")}
    assert (world.objects(), world.ledger.files) == ([], {})


def test_every_change_is_noted_in_the_audit(tmp_path: Path) -> None:
    world = filled(tmp_path)
    for days in (1, 30, 365):
        moved_at(world, DAY_END + days * DAY_S)
    assert sorted(set(world.ledger.actions())) == ["archive.copy", "archive.delete", "archive.drop"]
    copies = [event for event in world.ledger.events if event.action == "archive.copy"]
    assert sum(int(event.detail["rows"]) for event in copies) == 84
    assert {event.actor for event in world.ledger.events} == {"exporter"}


def test_everybody_is_told_of_each_action(tmp_path: Path) -> None:
    world, told = filled(tmp_path), []
    world.clock.now_s = DAY_END + DAY_S
    actions = due_moves(world.tiers, KEPT)
    results = move(world.tiers, actions, lambda number, of, moved: told.append((number, of, moved)))
    assert told == [(number, len(actions), moved) for number, moved in enumerate(results, 1)]


def test_a_plan_changes_nothing(tmp_path: Path) -> None:
    world = filled(tmp_path)
    world.clock.now_s = DAY_END + 30 * DAY_S
    assert due_moves(world.tiers, KEPT)
    assert survey(world.tiers, KEPT).has_cold
    assert (world.objects(), world.ledger.events, rows_left(world)) == ([], [], 84)


def test_a_day_whose_files_differ_stays_in_warm(tmp_path: Path) -> None:
    world = filled(tmp_path)
    moved_at(world, DAY_END + DAY_S)
    name, file = next((name, file) for name, file in world.ledger.files.items() if file.kind is Kind.PREDICTIONS)
    world.ledger.files[name] = replace(file, digest="1" * 32)
    results = moved_at(world, DAY_END + 30 * DAY_S)
    assert [one.outcome for one in results] == ["done", "left"]
    assert results[1].detail.startswith(f"{name} holds")
    assert rows_left(world) == 80
    assert "archive.drop" in world.ledger.actions()


def test_rows_that_equal_counts_hide_are_copied_before_their_day_is_dropped(tmp_path: Path) -> None:
    """One row has left warm, another comes for its hour: one row is in warm, one in cold, and they are not the same."""
    world = a_world(tmp_path)
    for name in ("first", "second"):
        world.land(predictions([name]))
        moved_at(world, DAY_END + 30 * DAY_S)
    assert rows_left(world) == 0
    assert sorted(row["id"] for row in plain(world.cold_rows())) == ["first", "second"]


def test_a_day_that_cannot_be_copied_stays_in_warm(tmp_path: Path) -> None:
    world = filled(tmp_path)
    taken = object_name(RowHour(MONITOR, Kind.LABELS, HOUR.start), "exporter-0/0", 2)
    world.cold.store.put_if_absent(taken, b"somebody else's")
    results = moved_at(world, DAY_END + 30 * DAY_S)
    left = [one for one in results if one.outcome == "left"]
    assert [type(one.action) for one in left] == [CopyHour, DropDay]
    assert all(f"{taken} is taken" in one.detail for one in left)
    assert {stored.kind for stored in world.warm.hours()} == {Kind.LABELS}


def test_one_monitor_that_is_not_proven_does_not_hold_up_another(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.land(predictions(["a"]), an_entry(predictions(["b", "c"]), monitor="fraud"))
    kept = {**KEPT, "fraud": KEPT[MONITOR]}
    world.cold.store.put_if_absent(object_name(HOUR, ORIGIN, 1), b"somebody else's")
    world.clock.now_s = DAY_END + 30 * DAY_S
    drop = move(world.tiers, due_moves(world.tiers, kept))[-1]
    assert (drop.outcome, drop.rows) == ("left", 2)
    assert [stored.monitor for stored in world.warm.hours()] == [MONITOR]


def test_rows_that_come_between_proof_and_drop_are_not_lost(tmp_path: Path) -> None:
    world = filled(tmp_path)
    moved_at(world, DAY_END + DAY_S)
    warm, land = world.warm, world.land

    class Busy(Stumbling):
        def drop_day(self, *arguments: Any) -> None:
            land(predictions(["late"]), labels(["late"]))
            warm.drop_day(*arguments)

    tiers = replace(world.tiers, warm=Busy(warm, ""))
    world.clock.now_s = DAY_END + 30 * DAY_S
    results = move(tiers, due_moves(tiers, KEPT))
    assert [(one.outcome, one.rows) for one in results] == [("left", 0), ("done", 81)]
    assert "were expected" in results[0].detail
    moved_at(world, DAY_END + 30 * DAY_S)
    assert rows_left(world) == 0
    assert len([row for batch in world.cold_rows() for row in batch.column("id").to_pylist() if row == "late"]) == 1


def test_a_day_that_somebody_else_drops_after_its_proof_is_done(tmp_path: Path) -> None:
    world = filled(tmp_path)
    moved_at(world, DAY_END + DAY_S)
    world.clock.now_s = DAY_END + 30 * DAY_S
    actions = due_moves(world.tiers, KEPT)

    class Twice(Stumbling):
        def drop_day(self, *arguments: Any) -> None:
            for _ in range(2):
                world.warm.drop_day(*arguments)

    warm: Any = Twice(world.warm, "")
    results = move(replace(world.tiers, warm=warm), actions)
    assert {(one.outcome, one.rows, one.detail) for one in results} == {("done", 0, "somebody else has dropped it")}
    assert rows_left(world) == 0
    assert {one.outcome for one in move(world.tiers, actions)} == {"done"}


def test_rows_that_come_after_their_day_was_dropped_go_to_cold_as_well(tmp_path: Path) -> None:
    world = filled(tmp_path)
    for days in (1, 30):
        moved_at(world, DAY_END + days * DAY_S)
    world.land(predictions(["late"], START_S))
    results = moved_at(world, DAY_END + 31 * DAY_S)
    assert [(type(one.action), one.outcome, one.rows) for one in results] == [
        (CopyHour, "done", 1),
        (DropDay, "done", 1),
    ]
    assert sum(batch.num_rows for batch in world.cold_rows()) == 81


def test_without_a_cold_tier_rows_are_dropped_by_their_side_counts(tmp_path: Path) -> None:
    world = filled(tmp_path)
    tiers = replace(world.tiers, cold=None)
    world.clock.now_s = DAY_END + 30 * DAY_S
    assert [one.outcome for one in move(tiers, due_moves(tiers, KEPT))] == ["done", "done"]
    assert (rows_left(world), world.objects()) == (0, [])


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize(
    ("part", "method"),
    [
        ("store", "put_if_absent"),
        ("store", "delete"),
        ("ledger", "add_cold_file"),
        ("ledger", "remove_cold_file"),
        ("ledger", "audit"),
        ("warm", "drop_day"),
    ],
)
@pytest.mark.parametrize("at", [1, 2])
def test_a_move_that_crashes_at_any_step_is_finished_by_the_next(
    tmp_path: Path, part: str, method: str, is_after: bool, at: int
) -> None:
    world = filled(tmp_path)
    before = digest_of_all(world.warm.read(Kind.PREDICTIONS, MONITOR, EVER))
    crashes = 0
    for days in (1, 30):
        crashes += _move_until_crash(world, DAY_END + days * DAY_S, part, method, at, is_after)
        moved_at(world, DAY_END + days * DAY_S)
        assert digest_of_all(world.cold_rows()) == before
    assert rows_left(world) == 0
    crashes += _move_until_crash(world, DAY_END + 365 * DAY_S, part, method, at, is_after)
    moved_at(world, DAY_END + 365 * DAY_S)
    assert crashes
    assert world.ledger.files == {}
    assert len(world.objects()) <= 1, "an orphan of a crash between ledger and store"


def _move_until_crash(world: World, now: float, part: str, method: str, at: int, is_after: bool) -> int:
    world.clock.now_s = now
    stumbling: dict[str, Any] = {"warm": world.warm, "ledger": world.ledger, "store": world.cold.store}
    stumbling[part] = Stumbling(stumbling[part], method, at, is_after=is_after)
    cold = replace(world.cold, store=stumbling["store"])
    tiers = Tiers(stumbling["warm"], stumbling["ledger"], cold, world.clock)
    try:
        move(tiers, due_moves(tiers, KEPT))
    except Crash:
        return 1
    return 0


def test_a_store_that_is_away_ends_the_move_and_keeps_what_was_done(tmp_path: Path) -> None:
    world = filled(tmp_path)
    world.clock.now_s = DAY_END + DAY_S

    class AwayAtTheSecondPut(Stumbling):
        puts = 0

        def put_if_absent(self, *arguments: Any) -> Any:
            self.puts += 1
            if self.puts == 2:
                raise RetryLater("the store is away")
            return world.cold.store.put_if_absent(*arguments)

    tiers = replace(world.tiers, cold=replace(world.cold, store=AwayAtTheSecondPut(world.cold.store, "")))
    with pytest.raises(RetryLater):
        move(tiers, due_moves(tiers, KEPT))
    assert len(world.ledger.files) == 1
    moved_at(world, DAY_END + DAY_S)
    assert sum(file.rows for file in world.ledger.cold_files()) == 84


def test_a_file_on_hold_outlives_its_retention(tmp_path: Path) -> None:
    world = filled(tmp_path)
    moved_at(world, DAY_END + DAY_S)
    held = world.ledger.cold_files(kind=Kind.LABELS)
    hold_files(world.tiers, world.cold, held, is_held=True)
    moved_at(world, DAY_END + 365 * DAY_S)
    assert world.objects() == [file.name for file in held]
    hold_files(world.tiers, world.cold, held, is_held=False)
    moved_at(world, DAY_END + 365 * DAY_S)
    assert world.objects() == []
    assert {"archive.hold", "archive.release"} <= set(world.ledger.actions())


def test_a_hold_that_comes_between_plan_and_deletion_is_kept(tmp_path: Path) -> None:
    world = filled(tmp_path)
    moved_at(world, DAY_END + DAY_S)
    world.clock.now_s = DAY_END + 365 * DAY_S
    actions = [action for action in due_moves(world.tiers, KEPT) if isinstance(action, DeleteFile)]
    hold_files(world.tiers, world.cold, [actions[0].file], is_held=True)
    results = move(world.tiers, actions)
    assert (results[0].outcome, results[0].detail) == ("left", f"{actions[0].file.name} is on hold")
    assert world.objects() == [actions[0].file.name]


def test_a_month_whose_key_was_removed_is_left_in_words(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    world = filled(tmp_path, keys=keys)
    moved_at(world, DAY_END + DAY_S)
    keys.remove(f"{MONITOR}/2025-06")
    world.land(predictions(["late"]))
    [result] = moved_at(world, DAY_END + 2 * DAY_S)
    assert (result.outcome, "was removed" in result.detail) == ("left", True)
