"""What every warm tier gives back, however its rows and their columns have changed."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from exporter.archive.entry import Kind
from exporter.archive.schema import EVENT_COLUMNS, PROVENANCE
from exporter.archive.warm.tier import Span, WarmTier
from tests.support.archives import DAY_S, EVER, MONITOR, ORIGIN, an_entry, ids, labels, letters, plain, predictions
from tests.support.batches import START_S
from tests.support.landed import everything, land
from tests.support.warm_places import WarmPlace

PREDICTIONS, LABELS, DEAD_LETTERS = Kind.PREDICTIONS, Kind.LABELS, Kind.DEAD_LETTERS


def test_a_span_takes_in_its_start_and_not_its_end(tier: WarmTier) -> None:
    land(tier, predictions(["a", "b", "c", "d"], [START_S, START_S + 1, START_S + 2, START_S + 2.000001]))
    assert ids(tier.read(PREDICTIONS, MONITOR, Span(START_S + 1, START_S + 2))) == ["b"]
    assert ids(tier.read(PREDICTIONS, MONITOR, Span(START_S + 1, START_S + 2.000001))) == ["b", "c"]
    assert ids(tier.read(PREDICTIONS, MONITOR, Span(START_S, START_S))) == []


def test_some_columns_are_read_alone(tier: WarmTier) -> None:
    land(tier, predictions(["a", "b"], [START_S, START_S + 9], age=[1.0, 2.0], region="north"))
    batches = list(tier.read(PREDICTIONS, MONITOR, Span(START_S + 5, START_S + 10), ["age", "id"]))
    assert {tuple(batch.schema.names) for batch in batches} == {("age", "id")}
    assert [row for batch in batches for row in batch.to_pylist()] == [{"age": 2.0, "id": "b"}]


def test_reading_what_nobody_sent_gives_no_rows(tier: WarmTier) -> None:
    land(tier, predictions(["a"]))
    assert everything(tier, monitor="nobody") == []
    assert everything(tier, LABELS) == []
    assert len(tier.find(PREDICTIONS, "nobody", ["a"])) == 0
    assert len(tier.newest(LABELS, MONITOR, 0, 10)) == 0
    assert len(tier.join_labels([ORIGIN], 0, 10)) == 0
    assert plain(tier.read_labelled("nobody", EVER)) == []


@pytest.mark.parametrize(
    "rows", [predictions(["a"], age=1.0), labels(["a"]), letters([0])], ids=["predictions", "labels", "dead letters"]
)
def test_every_batch_has_the_columns_of_its_kind_and_of_its_origin(tier: WarmTier, rows: pa.RecordBatch) -> None:
    entry = an_entry(rows)
    land(tier, entry)
    wanted = {*EVENT_COLUMNS[entry.kind], *(field.name for field in PROVENANCE)}
    for batch in tier.read(entry.kind, MONITOR, EVER):
        assert wanted <= set(batch.schema.names)
        for field in PROVENANCE:
            assert batch.schema.field(field.name).type == field.type
    assert wanted <= set(tier.find(entry.kind, MONITOR, [str(rows.column("id")[0])]).schema.names)


def test_a_feature_comes_and_goes(tier: WarmTier) -> None:
    land(tier, predictions(["a"], age=1.0), predictions(["b"], START_S + 1))
    land(tier, predictions(["c"], START_S + 2, region="north"))
    batches = list(tier.read(PREDICTIONS, MONITOR, EVER))
    assert all(batch.schema.equals(batches[0].schema) for batch in batches)
    found = {row["id"]: (row["age"], row["region"]) for batch in batches for row in batch.to_pylist()}
    assert found == {"a": (1.0, None), "b": (None, None), "c": (None, "north")}


@pytest.mark.parametrize("is_apart", [True, False], ids=["in two landings", "in one landing"])
def test_a_number_that_became_a_category_reads_as_text(tier: WarmTier, is_apart: bool) -> None:
    older, newer = predictions(["a"], age=1.5), predictions(["b"], START_S + 1, age="old")
    if is_apart:
        land(tier, older)
        land(tier, newer)
    else:
        land(tier, older, newer)
    batches = list(tier.read(PREDICTIONS, MONITOR, EVER))
    assert {batch.schema.field("age").type for batch in batches} == {pa.string()}
    assert {row["id"]: row["age"] for row in plain(batches)} == {"a": "1.5", "b": "old"}
    assert {row["id"]: row["age"] for row in plain(tier.find(PREDICTIONS, MONITOR, ["a", "b"]))} == {
        "a": "1.5",
        "b": "old",
    }


def test_columns_change_over_many_small_landings(tier: WarmTier) -> None:
    features: list[dict[str, Any]] = [{}, {"age": 1.5}, {"region": "north"}, {"age": "old", "region": "süd"}]
    for number in range(40):
        land(tier, predictions([f"p{number}"], START_S + number, **features[number % 4]))
    found = {row["id"]: (row.get("age"), row.get("region")) for row in everything(tier)}
    expected = [(None, None), ("1.5", None), (None, "north"), ("old", "süd")]
    assert found == {f"p{number}": expected[number % 4] for number in range(40)}


def test_ids_are_found(tier: WarmTier) -> None:
    land(tier, predictions([f"p{number}" for number in range(100)], age=[float(number) for number in range(100)]))
    land(tier, predictions(["p7", "late"], START_S + 2 * DAY_S, region="north"))
    found = tier.find(PREDICTIONS, MONITOR, ["p7", "p99", "late", "nobody", "p99"])
    assert ids(found) == ["late", "p7", "p7", "p99"]
    assert [row.get("age") for row in plain(found) if row["id"] == "p99"] == [99.0]
    assert ids(tier.find(PREDICTIONS, MONITOR, [])) == []
    assert ids(tier.find(LABELS, MONITOR, ["p7"])) == []


def test_dead_letters_are_found_by_their_position(tier: WarmTier) -> None:
    land(tier, letters([0, 1]), letters([1, 2]))
    assert ids(tier.find(DEAD_LETTERS, MONITOR, ["1", "2"])) == ["1", "1", "2"]


def test_the_newest_come_in_order(tier: WarmTier) -> None:
    times = [START_S + offset for offset in (50, 10, 2 * DAY_S, 40, 30)]
    land(tier, predictions(["a", "b", "c", "d", "e"], times))
    assert tier.newest(PREDICTIONS, MONITOR, 0, 3).column("id").to_pylist() == ["d", "a", "c"]
    assert tier.newest(PREDICTIONS, MONITOR, START_S + 40, 10).column("id").to_pylist() == ["d", "a", "c"]
    assert tier.newest(PREDICTIONS, MONITOR, START_S + 41, 10).column("id").to_pylist() == ["a", "c"]


def test_rows_may_land_while_others_are_read(place: WarmPlace) -> None:
    writer = place.tier()
    for number in range(20):
        land(writer, predictions([f"p{number}"], START_S + number))
    reading = place.tier().read(PREDICTIONS, MONITOR, EVER)
    seen = [next(reading)]
    for number in range(20, 60):
        land(writer, predictions([f"p{number}"], START_S + number))
    seen += reading
    known = ids(seen)
    assert len(set(known)) == len(known)
    assert {f"p{number}" for number in range(20)} <= set(known)


def test_one_connection_lands_while_it_reads(tier: WarmTier) -> None:
    for number in range(20):
        land(tier, predictions([f"p{number}"], START_S + number))
    reading = tier.read(PREDICTIONS, MONITOR, EVER)
    seen = [next(reading)]
    for number in range(20, 60):
        land(tier, predictions([f"p{number}"], START_S + number))
    seen += reading
    known = ids(seen)
    assert len(set(known)) == len(known)
    assert {f"p{number}" for number in range(20)} <= set(known)
