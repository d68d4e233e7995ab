"""A file that cannot be restored keeps nothing else away, and its hour is not told to be whole."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.restorations import RESTORED
from exporter.archive.cold.restoring import RestoreRequest, restore
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.errors import RetryLater
from tests.support.archives import EVER, MONITOR, labels, letters, predictions
from tests.support.cold_tiers import Stumbling, World, a_world, some_keys
from tests.support.restored_worlds import DAY, NOW, WHOLE_DAY, brought_back, dropped, in_warm, to_cold


def spoil(folder: Path, file: ColdFile) -> None:
    path = folder / "cold" / file.name
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def ended(world: World) -> list[tuple[float, float, float]]:
    """The spans that were told to be back, with when their labels are."""
    details = [event.detail for event in world.ledger.audit_events(EVER, [RESTORED])]
    return [(float(each["start"]), float(each["end"]), float(each["labels_until"])) for each in details]


def test_everything_but_a_file_that_is_not_what_was_written_is_restored(tmp_path: Path) -> None:
    world = dropped(tmp_path)
    [first, *_] = world.ledger.cold_files(kind=Kind.PREDICTIONS)
    spoil(tmp_path, first)
    restored = brought_back(world)
    assert [(each.file, each.is_held) for each in restored.wrong] == [(first, False)]
    assert restored.wrong[0].problem.startswith(f"{first.name} has the SHA-256 ")
    assert (restored.files, restored.rows, restored.new_rows) == (11, 66 - first.rows, 66 - first.rows)
    assert len(in_warm(world)) == 60 - first.rows


def test_only_the_hours_that_are_whole_are_told_to_be_back(tmp_path: Path) -> None:
    world = dropped(tmp_path)
    middle = sorted({file.hour for file in world.ledger.cold_files(kind=Kind.PREDICTIONS)})[1]
    spoiled = next(file for file in world.ledger.cold_files(kind=Kind.PREDICTIONS) if file.hour == middle)
    content = (tmp_path / "cold" / spoiled.name).read_bytes()
    spoil(tmp_path, spoiled)
    brought_back(world)
    assert ended(world) == [(DAY, middle, math.inf), (middle + 3600, DAY + DAY_S, math.inf)]
    (tmp_path / "cold" / spoiled.name).write_bytes(content)
    assert brought_back(world).wrong == ()
    assert ended(world)[2:] == [(DAY, DAY + DAY_S, math.inf)]
    assert len(in_warm(world)) == 60


@pytest.mark.parametrize("hour", [DAY, DAY + 23 * 3600])
def test_an_hour_at_the_edge_of_the_period_is_left_out(tmp_path: Path, hour: int) -> None:
    world = a_world(tmp_path)
    world.land(predictions(["a", "b"], [hour, DAY + 12 * 3600]))
    to_cold(world)
    [spoiled] = [file for file in world.ledger.cold_files() if file.hour == hour]
    spoil(tmp_path, spoiled)
    brought_back(world)
    start, end = (DAY + 3600, DAY + DAY_S) if hour == DAY else (DAY, hour)
    assert ended(world) == [(start, end, math.inf)]


def test_labels_that_are_away_are_told_of_the_hours_before_them_and_dead_letters_of_none(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.land(predictions(["a", "b"], [DAY, DAY + 4 * 3600]), letters([0], DAY))
    world.land(labels(["a"], DAY + 2 * 3600))
    to_cold(world)
    for kind in (Kind.LABELS, Kind.DEAD_LETTERS):
        spoil(tmp_path, world.ledger.cold_files(kind=kind)[0])
    assert len(brought_back(world).wrong) == 2
    assert ended(world) == [(DAY, DAY + DAY_S, DAY + 2 * 3600)]


def test_labels_that_are_away_say_nothing_of_hours_behind_them(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.land(predictions(["a", "b"], [DAY, DAY + 2 * 3600]), labels(["a"], DAY + 3600))
    to_cold(world)
    for file in world.ledger.cold_files():
        spoil(tmp_path, file)
    brought_back(world)
    assert ended(world) == [(DAY + 3600, DAY + 7200, DAY + 3600), (DAY + 3 * 3600, DAY + DAY_S, math.inf)]


def test_labels_that_came_since_do_not_stand_for_those_that_are_away(tmp_path: Path) -> None:
    """As many of the same hour, so that counts alone would not tell."""
    world = a_world(tmp_path)
    world.land(predictions(["a"], DAY), labels(["a"], DAY + 3600))
    to_cold(world)
    spoil(tmp_path, world.ledger.cold_files(kind=Kind.LABELS)[0])
    world.land(labels(["b"], DAY + 3600))
    brought_back(world)
    assert ended(world) == [(DAY, DAY + DAY_S, DAY + 3600)]


def test_a_wrong_file_whose_rows_are_in_warm_keeps_nothing_away(tmp_path: Path) -> None:
    world = dropped(tmp_path)
    brought_back(world)
    [first, *_] = world.ledger.cold_files(kind=Kind.PREDICTIONS)
    spoil(tmp_path, first)
    restored = brought_back(world)
    assert [(each.file, each.is_held) for each in restored.wrong] == [(first, True)]
    assert ended(world) == [(DAY, DAY + DAY_S, math.inf)] * 2


def test_a_store_that_goes_away_ends_it(tmp_path: Path) -> None:
    world = dropped(tmp_path)

    class Away(Stumbling):
        def get(self, name: str) -> bytes | None:
            raise RetryLater("away")

    away = replace(world.cold, store=Away(world.cold.store, ""))
    with pytest.raises(RetryLater, match="away"):
        restore(world.tiers, away, RestoreRequest(MONITOR, WHOLE_DAY, NOW + 1), lambda *_: None)
    assert ended(world) == []


def test_a_warm_tier_that_takes_other_rows_is_noticed(tmp_path: Path) -> None:
    world = dropped(tmp_path)

    class Lossy(Stumbling):
        def restore(self, kind: Kind, monitor: str, rows: Any) -> int:
            return world.warm.restore(kind, monitor, [batch.slice(1) for batch in rows])

    lossy: Any = Lossy(world.warm, "")
    asked = RestoreRequest(MONITOR, WHOLE_DAY, NOW + 1)
    restored = restore(replace(world.tiers, warm=lossy), world.cold, asked, lambda *_: None)
    assert (restored.files, restored.rows, restored.new_rows, len(restored.wrong)) == (0, 0, 0, 12)
    assert not any(each.is_held for each in restored.wrong)
    assert restored.wrong[0].problem.startswith("warm differs from cold after it was restored: ")
    assert all(
        not start <= file.hour < end
        for start, end, _ in ended(world)
        for file in world.ledger.cold_files(kind=Kind.PREDICTIONS)
    )


def test_rows_whose_key_was_removed_do_not_come_back(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    world = dropped(tmp_path, keys=keys)
    keys.remove(f"{MONITOR}/2025-06")
    restored = brought_back(world)
    assert restored.new_rows == 0
    assert all("was removed from" in each.problem for each in restored.wrong)
    assert world.warm.hours() == []
