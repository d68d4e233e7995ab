"""Reading from cold: the rows that are asked for, and little else."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exporter.archive.cold import parquet
from exporter.archive.cold.names import DAY_S, RowHour
from exporter.archive.cold.reading import ColdQuery, ColdRows
from exporter.archive.cold.verify import VerifiedState, verify_file
from exporter.archive.entry import Kind
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry
from tests.support.archives import EVER, MONITOR, plain, predictions, varied_predictions
from tests.support.batches import START_S
from tests.support.cold_tiers import Stumbling, World, a_world, some_keys
from tests.support.warm_in_memory import WarmInMemory


def filled(folder: Path, **cold: Any) -> World:
    world, rng = a_world(folder, **cold), np.random.default_rng(8)
    for number in range(3):
        world.land(varied_predictions(rng, 40, f"e{number}"), origin=f"exporter-{number}/0")
    copy_all(world)
    return world


def copy_all(world: World) -> None:
    for stored in world.warm.hours():
        world.copy(RowHour(stored.monitor, stored.kind, stored.start))


def rows_of(world: World, **query: Any) -> ColdRows:
    query = {"kind": Kind.PREDICTIONS, "monitor": MONITOR, "span": EVER, **query}
    return ColdRows(world.cold, world.tiers.ledger, ColdQuery(**query))


@pytest.mark.parametrize(
    "span",
    [
        EVER,
        Span(START_S, START_S + 3 * 3600),
        Span(START_S + 1_000, START_S + 5_000),
        Span(START_S + 4_000.5, START_S + 4_001.5),
        Span(START_S // 3600 * 3600, START_S // 3600 * 3600 + 3600),
        Span(0, 1),
    ],
)
def test_a_span_has_the_rows_that_warm_has_in_it(tmp_path: Path, span: Span) -> None:
    world = filled(tmp_path)
    assert plain(world.cold_rows(span)) == plain(world.warm.read(Kind.PREDICTIONS, MONITOR, span))


def test_files_that_tell_of_unusable_values_are_read_with_files_that_do_not(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    for number, unusable in enumerate([None, '["age"]']):
        rows = predictions([f"p{number}"], age=[None])
        told = rows if unusable is None else rows.append_column("unusable", pa.array([unusable]))
        world.land(told, origin=f"exporter-{number}/0")
    copy_all(world)
    schemas = [world.cold.open(file).schema().names for file in world.tiers.ledger.cold_files()]
    assert ["unusable" in names for names in schemas] == [False, True]
    assert {file.state for file in map(partial(verify_file, world.cold), world.tiers.ledger.cold_files())} == {
        VerifiedState.RIGHT
    }
    found = {row["id"]: row["unusable"] for batch in world.cold_rows() for row in batch.to_pylist()}
    assert found == {"p0": None, "p1": '["age"]'}


def test_columns_come_in_the_order_asked_for_and_unknown_ones_are_left_out(tmp_path: Path) -> None:
    rows = rows_of(filled(tmp_path), columns=["region", "id", "unheard of"])
    assert rows.schema().names == ["region", "id"]
    assert {tuple(batch.schema.names) for batch in rows.batches()} == {("region", "id")}


def test_columns_are_cut_by_time_without_being_asked_for(tmp_path: Path) -> None:
    world, span = filled(tmp_path), Span(START_S + 1_000, START_S + 5_000)
    ids = [name for batch in rows_of(world, span=span, columns=["id"]).batches() for name in batch["id"].to_pylist()]
    expected = [row["id"] for row in plain(world.warm.read(Kind.PREDICTIONS, MONITOR, span))]
    assert sorted(ids) == sorted(expected)


def test_some_ids_are_found(tmp_path: Path) -> None:
    world = filled(tmp_path)
    wanted = ["e0-3", "e2-39", "nobody"]
    found = plain(rows_of(world, ids=wanted, columns=["id", "time", "origin"]).batches())
    assert [row["id"] for row in found] == ["e0-3", "e2-39"]
    [origin] = [batch for batch in rows_of(world, ids=["e0-3"], columns=["origin"]).batches() if batch.num_rows]
    assert origin.to_pylist() == [{"origin": "exporter-0/0"}]


def test_files_with_other_columns_come_together(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    different = (predictions(["a"], age=1.0), predictions(["b"], region="north"), predictions(["c"], age="old"))
    for origin, rows in enumerate(different):
        world.warm = WarmInMemory()
        world.land(rows, origin=f"exporter/{origin}")
        copy_all(world)
    schema = rows_of(world).schema()
    assert (schema.field("age").type, schema.field("region").type) == (pa.string(), pa.string())
    table = pa.Table.from_batches(list(rows_of(world).batches()), schema=schema).sort_by("id")
    assert table["age"].to_pylist() == ["1", None, "old"]
    assert table["region"].to_pylist() == [None, "north", None]


def test_a_given_form_is_kept(tmp_path: Path) -> None:
    form = pa.schema([("region", pa.string()), ("later", pa.float64())])
    batches = list(rows_of(filled(tmp_path)).batches(form))
    assert {batch.schema for batch in batches} == {form}
    assert all(batch["later"].null_count == batch.num_rows for batch in batches)


def test_only_what_may_matter_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 1_000)
    world = a_world(tmp_path)
    world.land(varied_predictions(np.random.default_rng(1), 20_000, "p"))
    copy_all(world)

    class Counting(Stumbling):
        fetched = 0

        def get_range(self, name: str, start: int, length: int) -> bytes:
            type(self).fetched += length
            return world.cold.store.get_range(name, start, length)

    def fetched(**query: Any) -> float:
        Counting.fetched = 0
        counting: Any = Counting(world.cold.store, "")
        seen = World(world.warm, world.ledger, replace(world.cold, store=counting))
        list(rows_of(seen, **query).batches(rows_of(world, **query).schema()))
        return Counting.fetched / sum(file.size_bytes for file in world.ledger.cold_files())

    everything = fetched()
    assert 0.9 < everything < 3
    assert fetched(columns=["prediction"]) < 0.6 * everything
    assert fetched(ids=["p-17"]) < 0.6 * everything
    assert fetched(span=Span(START_S, START_S + 1)) < 0.6 * everything
    assert fetched(span=Span(0, 1)) == 0


def test_nothing_but_what_the_ledger_has_is_read(tmp_path: Path) -> None:
    world = filled(tmp_path)
    name = next(iter(world.ledger.files))
    hidden = world.ledger.files.pop(name)
    assert sum(batch.num_rows for batch in world.cold_rows()) == 120 - hidden.rows
    assert name in world.objects()


@pytest.mark.parametrize("harm", ["gone", "cut off"])
def test_a_file_that_is_not_what_the_ledger_says_is_told(tmp_path: Path, harm: str) -> None:
    world = filled(tmp_path)
    path = tmp_path / "cold" / next(iter(world.ledger.files))
    content = path.read_bytes()
    path.unlink()
    if harm == "cut off":
        path.write_bytes(content[:-1])
    with pytest.raises(CorruptEntry, match="the ledger says"):
        world.cold_rows()


def test_rows_of_a_removed_key_come_with_nulls_and_those_of_other_months_whole(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    world = a_world(tmp_path, keys=keys)
    world.land(predictions(["june"], START_S, age=1.0), predictions(["july"], START_S + 30 * DAY_S, age=2.0))
    copy_all(world)
    assert sorted(row["id"] for row in plain(world.cold_rows())) == ["july", "june"]
    keys.remove(f"{MONITOR}/2025-06")
    sealed, whole = (batch.to_pylist()[0] for batch in world.cold_rows())
    assert (sealed["id"], sealed["age"], sealed["origin"]) == (None, None, "exporter-1/0")
    assert sealed["time"] is not None
    assert (whole["id"], whole["age"]) == ("july", 2.0)
    assert [row["id"] for row in plain(world.cold_rows(ids=["june", "july"]))] == ["july"]
    for end, rows in ((START_S, 0), (START_S + 1, 1)):
        cut = world.cold_rows(Span(START_S - 1, end), columns=["origin"])
        assert sum(batch.num_rows for batch in cut) == rows
