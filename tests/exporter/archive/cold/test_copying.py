"""Copies from warm to cold: every row once, whatever happens between the steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exporter.archive.cold.copying import plan_cuts
from exporter.archive.cold.coverage import prove_hour
from exporter.archive.cold.names import RowHour, object_name
from exporter.archive.cold.parquet import encode_file
from exporter.archive.cold.store import PutOutcome
from exporter.archive.digest import RowDigest, digest_of_all
from exporter.archive.entry import Kind
from exporter.errors import CorruptEntry, RetryLater
from tests.support.archives import EVER, ORIGIN, labels, letters, plain, predictions, varied_predictions
from tests.support.batches import START_S
from tests.support.cold_tiers import EXPIRES_AT, HOUR, Crash, Stumbling, World, a_world, some_keys
from tests.support.warm_in_memory import WarmInMemory


def landed(folder: Path, **cold: Any) -> World:
    """Five entries of two origins, of 30 rows each over three hours."""
    world, rng = a_world(folder, **cold), np.random.default_rng(11)
    for number in range(5):
        world.land(varied_predictions(rng, 30, f"e{number}"), origin=f"exporter-{number % 2}/0")
    return world


def hours_of(world: World) -> list[RowHour]:
    return sorted(RowHour(stored.monitor, stored.kind, stored.start) for stored in world.warm.hours())


def assert_equal(world: World) -> None:
    """Every row of warm is in cold once, under the digests of the ledger, and all objects are noted."""
    warm = [batch for batch in world.warm.read(Kind.PREDICTIONS, HOUR.monitor, EVER) if batch.num_rows]
    assert plain(world.cold_rows()) == plain(warm)
    noted = [RowDigest.from_hex(file.rows, file.digest) for file in world.ledger.cold_files()]
    whole = RowDigest()
    for digest in noted:
        whole = whole.merge(digest)
    assert whole == digest_of_all(warm)
    assert world.objects() == sorted(world.ledger.files)
    assert all(prove_hour(world.tiers.warm, world.tiers.ledger, hour).is_equal for hour in hours_of(world))


def test_every_row_is_copied_once(tmp_path: Path) -> None:
    world = landed(tmp_path)
    files = [file for hour in hours_of(world) for file in world.copy(hour)]
    assert {file.origin for file in files} == {"exporter-0/0", "exporter-1/0"}
    assert_equal(world)


def test_a_copy_that_was_done_does_nothing(tmp_path: Path) -> None:
    world = landed(tmp_path)
    assert world.copy()
    before = dict(world.ledger.files)
    assert world.copy() == []
    assert world.ledger.files == before


def test_a_file_is_named_and_noted_by_what_is_in_it(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.land(predictions(["a", "b"], START_S), predictions(["c"], START_S + 1))
    [file] = world.copy()
    assert file.name == "credit/predictions/2025-06-15T15/exporter-1_2F0/00000000000000000001.parquet"
    assert (file.origin, file.first_sequence, file.last_sequence, file.rows) == (ORIGIN, 1, 2, 3)
    assert (file.hour, file.expires_at, file.created_at, file.is_held) == (HOUR.start, EXPIRES_AT, START_S, False)
    assert file.size_bytes == world.cold.store.size(file.name)


@pytest.mark.parametrize("origin", ["a/b", "a_b", "a.b", "ä b", "a%2Fb", "..", "a_2Fb"])
def test_names_of_origins_are_safe_and_never_the_same(origin: str) -> None:
    part = object_name(HOUR, origin, 1).split("/")[3]
    assert set(part) <= set("abcdefghijklmnopqrstuvwxyzABCDEF0123456789_-")
    others = {"a/b", "a_b", "a.b", "ä b", "a%2Fb", "..", "a_2Fb"} - {origin}
    assert part not in {object_name(HOUR, other, 1).split("/")[3] for other in others}


def test_files_are_cut_between_entries_and_stay_small(tmp_path: Path) -> None:
    world = a_world(tmp_path, file_rows=10)
    for number, rows in enumerate((4, 4, 4, 25, 1, 2)):
        world.land(predictions([f"{number}-{row}" for row in range(rows)]))
    files = world.copy()
    assert [(file.first_sequence, file.last_sequence, file.rows) for file in files] == [
        (1, 2, 8),
        (3, 3, 4),
        (4, 4, 25),
        (5, 6, 3),
    ]
    assert_equal(world)


def test_rows_that_come_later_go_to_further_files(tmp_path: Path) -> None:
    world = landed(tmp_path)
    first = world.copy()
    world.land(predictions(["late-1", "late-2"]), predictions(["late-3"]), origin="exporter-0/0")
    [later] = world.copy()
    assert (later.rows, later.origin) == (3, "exporter-0/0")
    assert later.first_sequence > max(file.last_sequence for file in first if file.origin == later.origin)
    assert world.copy() == []


@pytest.mark.parametrize("is_sealed", [False, True])
@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("at", [1, 3])
@pytest.mark.parametrize(
    ("part", "method"),
    [("store", "put_if_absent"), ("ledger", "add_cold_file"), ("warm", "read"), ("ledger", "cold_files")],
)
def test_a_crash_at_any_step_is_mended_by_the_next_copy(
    tmp_path: Path, part: str, method: str, at: int, is_after: bool, is_sealed: bool
) -> None:
    world = landed(tmp_path, file_rows=12, keys=some_keys(tmp_path) if is_sealed else None)
    crashing = _stumbling(world, part, method, at, is_after)
    try:
        for hour in hours_of(world):
            crashing.copy(hour)
    except Crash:
        pass
    else:
        pytest.fail("nothing crashed")
    for hour in hours_of(world):
        world.copy(hour)
    assert_equal(world)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_rows_that_came_between_a_crash_and_the_next_copy_go_to_a_file_of_their_own(
    tmp_path: Path, is_sealed: bool
) -> None:
    world = a_world(tmp_path, keys=some_keys(tmp_path) if is_sealed else None)
    world.land(predictions(["a", "b"]))
    with pytest.raises(Crash):
        _stumbling(world, "ledger", "add_cold_file", 1, is_after=False).copy()
    [orphan] = world.objects()
    world.land(predictions(["c"]), predictions(["d"]))
    first, second = world.copy()
    assert (first.name, first.rows, first.last_sequence) == (orphan, 2, 1)
    assert (second.first_sequence, second.last_sequence, second.rows) == (2, 3, 2)
    assert_equal(world)


def test_an_object_that_reaches_further_than_the_cut_is_taken_whole(tmp_path: Path) -> None:
    """A process with larger files ended after its put; what it wrote is not written again in smaller ones."""
    world = a_world(tmp_path)
    world.land(*(predictions([name]) for name in "abcde"))
    with pytest.raises(Crash):
        _stumbling(world, "ledger", "add_cold_file", 1, is_after=False).copy()
    world.cold = replace(world.cold, file_rows=2)
    [file] = world.copy()
    assert (file.first_sequence, file.last_sequence, file.rows) == (1, 5, 5)
    assert_equal(world)


def test_an_object_of_the_same_bytes_is_taken_as_it_is(tmp_path: Path) -> None:
    world = landed(tmp_path)
    world.copy()
    before = dict(world.ledger.files)
    world.ledger.files.clear()
    world.clock.move(60)
    world.copy()
    assert world.ledger.files == {name: replace(file, created_at=START_S + 60) for name, file in before.items()}


def test_a_foreign_object_under_a_name_is_told_and_left(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.land(predictions(["a"]))
    name = object_name(HOUR, ORIGIN, 1)
    world.cold.store.put_if_absent(name, b"not a file of ours")
    with pytest.raises(CorruptEntry, match=f"{name} is taken by an object.*move it away"):
        world.copy()
    assert (world.cold.store.get(name), world.ledger.files) == (b"not a file of ours", {})


@pytest.mark.parametrize("change", ["monitor", "origin", "rows"])
def test_an_object_that_is_not_what_its_name_says_is_not_noted(tmp_path: Path, change: str) -> None:
    world = a_world(tmp_path)
    world.land(predictions(["a", "b"]))
    rows = next(iter(world.warm.read(HOUR.kind, HOUR.monitor, HOUR.span)))
    table = pa.Table.from_batches([rows])
    other = encode_file(table, "fraud" if change == "monitor" else HOUR.monitor, HOUR.kind, HOUR.start)
    content = other.content
    if change == "origin":
        table = table.set_column(table.column_names.index("origin"), "origin", pa.array(["x/0", "x/0"]))
        content = encode_file(table, HOUR.monitor, HOUR.kind, HOUR.start).content
    if change == "rows":
        content = content.replace(other.tag.digest.encode(), b"0" * 32)
    world.cold.store.put_if_absent(object_name(HOUR, ORIGIN, 1), content)
    with pytest.raises(CorruptEntry, match="is taken by an object"):
        world.copy()
    assert world.ledger.files == {}


def test_labels_and_dead_letters_are_copied_as_well(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.land(labels(["a", "b"]), letters([0, 1, 2]), letters([0]))
    for kind, rows in ((Kind.LABELS, 2), (Kind.DEAD_LETTERS, 4)):
        hour = RowHour(HOUR.monitor, kind, HOUR.start)
        assert sum(file.rows for file in world.copy(hour)) == rows
        assert plain(world.cold_rows(kind=kind)) == plain(world.warm.read(kind, HOUR.monitor, EVER))


def test_a_new_file_of_an_hour_on_hold_is_on_hold(tmp_path: Path) -> None:
    world = landed(tmp_path)
    held = world.copy()
    world.ledger.hold_cold_files([held[0].name], is_held=True)
    world.land(predictions(["late"]))
    assert [file.is_held for file in world.copy()] == [True]


def test_a_new_file_of_an_hour_on_hold_is_held_by_the_store_before_it_is_noted(tmp_path: Path) -> None:
    """Else a crash between would leave one that only the ledger holds."""
    world = landed(tmp_path)
    world.ledger.hold_cold_files([file.name for file in world.copy()], is_held=True)
    world.land(predictions(["late"]))
    store, noted = world.cold.store, dict(world.ledger.files)
    world.cold = replace(world.cold, store=Stumbling(store, "hold"))
    with pytest.raises(Crash):
        world.copy()
    assert world.ledger.files == noted
    world.cold = replace(world.cold, store=Stumbling(store, "hold", is_after=True))
    with pytest.raises(Crash):
        world.copy()
    world.cold = replace(world.cold, store=store)
    assert [file.is_held for file in world.copy()] == [True]


def test_rows_that_go_while_they_are_copied_are_told(tmp_path: Path) -> None:
    world = landed(tmp_path)

    class Vanishing(WarmInMemory):
        """Has rows for the first reader only."""

        def read(self, *arguments: Any) -> Iterator[pa.RecordBatch]:
            yield from super().read(*arguments)
            self.batches = {}

    vanishing = World(Vanishing(world.warm.batches), world.ledger, world.cold)
    with pytest.raises(RetryLater, match="have gone while they were copied"):
        vanishing.copy()


def test_an_object_that_goes_while_it_is_looked_at_is_waited_for(tmp_path: Path) -> None:
    world = landed(tmp_path)

    class Forgetful(Stumbling):
        def put_if_absent(self, *_arguments: Any) -> PutOutcome:
            return PutOutcome.EXISTS

    world.cold = replace(world.cold, store=Forgetful(world.cold.store, ""))
    with pytest.raises(RetryLater, match="was there and has gone"):
        world.copy()


def test_the_proof_notices_what_differs(tmp_path: Path) -> None:
    world = landed(tmp_path)
    world.copy()
    world.land(predictions(["late"]))
    assert (prove_hour(world.tiers.warm, world.tiers.ledger, HOUR).uncovered) == 1
    name, file = next(iter(world.ledger.files.items()))
    world.ledger.files[name] = replace(file, digest="0" * 32)
    [unequal] = prove_hour(world.tiers.warm, world.tiers.ledger, HOUR).unequal
    assert unequal.startswith(f"{name} holds {file.rows} rows with the digest {'0' * 32}, warm has {file.rows} with")


def test_a_cut_never_reaches_across_a_file(tmp_path: Path) -> None:
    """Rows in a gap between two files, as somebody's repair may leave them, make a file of their own."""
    world = a_world(tmp_path, file_rows=1)
    world.land(*(predictions([name]) for name in "abcde"))
    world.copy()
    files = world.ledger.cold_files()
    for index in (0, 1, 3, 4):
        del world.ledger.files[files[index].name]
    wide = replace(world.cold, file_rows=100)
    cuts = plan_cuts(wide, world.tiers.warm, world.tiers.ledger, HOUR)
    assert [(cut.first_sequence, cut.last_sequence) for cut in cuts] == [(1, 2), (4, 5)]


def _stumbling(world: World, part: str, method: str, at: int, is_after: bool) -> World:
    """The same world, seen by a process that is about to end."""
    stumbles: dict[str, Any] = {"warm": world.warm, "ledger": world.ledger, "store": world.cold.store}
    stumbles[part] = Stumbling(stumbles[part], method, at, is_after=is_after)
    return World(stumbles["warm"], stumbles["ledger"], replace(world.cold, store=stumbles["store"]), world.clock)
