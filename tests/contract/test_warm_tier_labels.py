"""How every warm tier joins labels to predictions: each once, in whatever order they came."""

from __future__ import annotations

import numpy as np

from exporter.archive.entry import Kind
from exporter.archive.warm.tier import Span, WarmTier
from tests.support.archives import DAY_S, EVER, HOUR_S, MONITOR, ORIGIN, an_entry, labels, moment, plain, predictions
from tests.support.batches import START_S
from tests.support.landed import assert_counts_are_right, joined, labelled, land, new_rows

LABELS, PREDICTIONS = Kind.LABELS, Kind.PREDICTIONS


def test_a_label_finds_its_prediction(tier: WarmTier) -> None:
    whole = predictions(
        ["a", "b"], [START_S, START_S + 1], 0.25, age=3.0, region="north", model_version="7", error=[None, "timeout"]
    )
    land(tier, whole, labels(["a"], START_S + 60, 1.0))
    [row] = tier.join_labels([ORIGIN], 0, 10).to_pylist()
    assert row == {
        "monitor": MONITOR,
        "id": "a",
        "label": 1.0,
        "label_time": moment(START_S + 60),
        "time": moment(START_S),
        "prediction": 0.25,
        "model_version": "7",
        "error": None,
        "region": "north",
    }
    assert labelled(tier) == {"a": 1.0}
    [with_label] = [row for row in plain(tier.read_labelled(MONITOR, EVER)) if row["id"] == "a"]
    assert with_label["label_time"] == moment(START_S + 60)
    assert with_label["age"] == 3.0
    assert_counts_are_right(tier)


def test_a_label_is_joined_once(tier: WarmTier) -> None:
    land(tier, predictions(["a"]), labels(["a"]))
    assert joined(tier) == ["a"]
    assert joined(tier) == []
    land(tier, predictions(["b"]), labels(["a", "b"]))
    assert joined(tier) == ["b"]
    assert_counts_are_right(tier)


def test_a_label_that_came_first_finds_its_prediction_once_it_is_there(tier: WarmTier) -> None:
    land(tier, labels(["a", "b"]))
    assert joined(tier) == []
    land(tier, predictions(["b", "c"], START_S + 5))
    assert joined(tier) == ["b"]
    land(tier, predictions(["a"], START_S - DAY_S))
    assert joined(tier) == ["a"]
    assert joined(tier) == []
    assert labelled(tier) == {"a": 1.0, "b": 1.0}
    assert_counts_are_right(tier)


def test_a_label_and_its_prediction_come_in_one_landing_in_any_order(tier: WarmTier) -> None:
    land(tier, labels(["a"]), predictions(["a", "b"]), labels(["b"]))
    assert joined(tier) == ["a", "b"]


def test_labels_that_find_nothing_do_not_stand_in_the_way(tier: WarmTier) -> None:
    land(tier, labels(["x", "y", "z"], START_S), labels(["a", "b", "c"], START_S + 1), predictions(["a", "b", "c"]))
    found = [joined(tier, limit=2), joined(tier, limit=2), joined(tier, limit=2)]
    assert [len(each) for each in found] == [2, 1, 0]
    assert sorted(found[0] + found[1]) == ["a", "b", "c"]
    land(tier, predictions(["y"]))
    assert joined(tier) == ["y"]
    assert_counts_are_right(tier)


def test_labels_of_other_origins_are_left_alone(tier: WarmTier) -> None:
    land(tier, predictions(["a", "b", "c"]), labels(["a"]), origin="exporter-1/0")
    land(tier, labels(["b"]), origin="exporter-1/1")
    land(tier, labels(["c"]), origin="exporter-2/0")
    assert joined(tier, ["exporter-1/0", "exporter-1/1"]) == ["a", "b"]
    assert joined(tier, []) == []
    assert joined(tier, ["exporter-2/0"]) == ["c"]


def test_labels_from_before_are_left_alone(tier: WarmTier) -> None:
    early = an_entry(labels(["a"], START_S), received_at=START_S)
    late = an_entry(labels(["b"], START_S + 10), received_at=START_S + 10)
    land(tier, predictions(["a", "b"]), early, late)
    assert joined(tier, since=START_S + 10.5) == []
    assert joined(tier, since=START_S + 10) == ["b"]
    assert joined(tier, since=START_S) == ["a"]


def test_labels_from_before_are_joined_once_they_are_asked_for(tier: WarmTier) -> None:
    land(tier, predictions(["a"]), labels(["a", "b"], [START_S, START_S + 10]))
    for since in (START_S + 10, START_S + 5):
        assert joined(tier, since=since) == []
    assert joined(tier, since=START_S) == ["a"]


def test_a_label_joins_one_of_two_predictions_with_its_id(tier: WarmTier) -> None:
    land(tier, predictions(["a", "a"], [START_S, START_S + DAY_S]), labels(["a"], START_S + DAY_S + 5))
    assert joined(tier) == ["a"]
    rows = plain(tier.read_labelled(MONITOR, EVER))
    assert [row["id"] for row in rows] == ["a", "a"]
    assert sum("label" in row for row in rows) == 1
    assert_counts_are_right(tier)


def test_a_label_that_comes_again_after_it_was_dropped_is_not_counted_twice(tier: WarmTier) -> None:
    land(tier, predictions(["a"]), labels(["a"], START_S + DAY_S))
    assert joined(tier) == ["a"]
    tier.drop_day(LABELS, moment(START_S + DAY_S).date(), {MONITOR: 1})
    assert new_rows(land(tier, labels(["a"], START_S + 2 * DAY_S))) == {(MONITOR, LABELS): 1}
    joined(tier)
    assert sum(hour.labelled for hour in tier.hours()) <= 1


def test_predictions_that_were_brought_back_are_joined_again_whatever_the_origin(tier: WarmTier) -> None:
    land(tier, predictions(["a", "b", "c"], [START_S, START_S, START_S + HOUR_S]), labels(["a"], START_S + DAY_S, 0.0))
    land(tier, labels(["b", "c", "x"], START_S + DAY_S), origin="exporter-2/0")
    assert len(joined(tier, [ORIGIN, "exporter-2/0"])) == 3
    rows = {kind: list(tier.read(kind, MONITOR, EVER)) for kind in (PREDICTIONS, LABELS)}
    tier.drop_day(PREDICTIONS, moment(START_S).date(), {MONITOR: 3})
    tier.drop_day(LABELS, moment(START_S + DAY_S).date(), {MONITOR: 4})
    assert tier.join_restored(MONITOR, EVER) == 0
    for kind, batches in rows.items():
        tier.restore(kind, MONITOR, batches)
    assert labelled(tier) == {}
    assert tier.join_restored("another", EVER) == 0
    assert tier.join_restored(MONITOR, Span(START_S, START_S + HOUR_S)) == 2
    assert labelled(tier) == {"a": 0.0, "b": 1.0}
    assert tier.join_restored(MONITOR, EVER) == 1
    assert tier.join_restored(MONITOR, EVER) == 0
    assert labelled(tier) == {"a": 0.0, "b": 1.0, "c": 1.0}
    assert_counts_are_right(tier)


def test_labels_for_predictions_out_of_the_span_still_wait(tier: WarmTier) -> None:
    land(tier, predictions(["a", "b"], [START_S, START_S + DAY_S]), labels(["a", "b"], START_S + DAY_S))
    assert tier.join_restored(MONITOR, Span(START_S, START_S + HOUR_S)) == 1
    assert joined(tier) == ["b"]
    assert_counts_are_right(tier)


def test_a_label_that_is_brought_back_goes_to_the_newest_prediction_with_its_id(tier: WarmTier) -> None:
    land(tier, predictions(["a", "a"], [START_S, START_S + DAY_S]), labels(["a"], START_S + DAY_S + 5))
    assert tier.join_restored(MONITOR, Span(START_S, START_S + HOUR_S)) == 0
    assert tier.join_restored(MONITOR, EVER) == 1
    [row] = [row for row in plain(tier.read_labelled(MONITOR, EVER)) if "label" in row]
    assert row["time"] == moment(START_S + DAY_S)


def test_a_label_that_is_brought_back_to_a_joined_prediction_adds_nothing(tier: WarmTier) -> None:
    land(tier, predictions(["a", "b"]), labels(["a"], START_S + DAY_S))
    assert joined(tier) == ["a"]
    rows = list(tier.read(LABELS, MONITOR, EVER))
    tier.drop_day(LABELS, moment(START_S + DAY_S).date(), {MONITOR: 1})
    tier.restore(LABELS, MONITOR, rows)
    assert tier.join_restored(MONITOR, EVER) == 0
    assert labelled(tier) == {"a": 1.0}
    assert_counts_are_right(tier)


def test_labels_of_both_types_are_joined_again(tier: WarmTier) -> None:
    land(tier, predictions(["a", "b"], prediction="cat"), labels(["a"], label=1.0), labels(["b"], label="dog"))
    assert tier.join_restored(MONITOR, EVER) == 2
    assert sorted(labelled(tier)) == ["a", "b"]
    assert_counts_are_right(tier)


def test_predictions_of_which_some_have_labels_are_read_with_them(tier: WarmTier) -> None:
    land(
        tier, predictions(["a", "b", "c"], [START_S, START_S + HOUR_S, START_S + DAY_S]), labels(["b", "c"], label=0.0)
    )
    joined(tier)
    rows = plain(tier.read_labelled(MONITOR, Span(START_S, START_S + DAY_S)))
    assert [(row["id"], row.get("label")) for row in rows] == [("a", None), ("b", 0.0)]
    batches = list(tier.read_labelled(MONITOR, EVER))
    assert all(batch.schema.equals(batches[0].schema) for batch in batches)
    assert {"label", "label_time"} <= set(batches[0].schema.names)


def test_labels_are_joined_over_many_landings(tier: WarmTier) -> None:
    rng = np.random.default_rng(5)
    names = [f"p{number}" for number in range(120)]
    shuffled = rng.permutation(names).tolist()
    found: list[str] = []
    for at in range(0, 120, 4):
        land(tier, predictions(names[at : at + 4], START_S + 600 * at), labels(shuffled[at : at + 4], START_S + at))
        found += joined(tier, limit=3)
    while more := joined(tier, limit=7):
        found += more
    assert sorted(found) == sorted(names)
    assert labelled(tier) == dict.fromkeys(names, 1.0)
    assert_counts_are_right(tier)
