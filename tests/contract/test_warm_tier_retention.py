"""How every warm tier lets go of days, and takes them back."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from exporter.archive.entry import Kind
from exporter.archive.warm.tier import WarmTier
from exporter.errors import LateRows
from tests.support.archives import DAY_S, EVER, MONITOR, an_entry, ids, labels, letters, predictions, varied_predictions
from tests.support.batches import START_S
from tests.support.landed import assert_counts_are_right, everything, joined, labelled, land, new_rows

DAY = date(2025, 6, 15)
MIDNIGHT_S = START_S - START_S % DAY_S
PREDICTIONS, LABELS, DEAD_LETTERS = Kind.PREDICTIONS, Kind.LABELS, Kind.DEAD_LETTERS


def test_a_dropped_day_is_gone_and_its_neighbours_stay(tier: WarmTier) -> None:
    times = [MIDNIGHT_S - 0.000001, MIDNIGHT_S, MIDNIGHT_S + DAY_S - 0.000001, MIDNIGHT_S + DAY_S]
    land(tier, predictions(["a", "b", "c", "d"], times), labels(["b"], MIDNIGHT_S), letters([0], MIDNIGHT_S))
    tier.drop_day(PREDICTIONS, DAY, {MONITOR: 2})
    assert ids(tier.read(PREDICTIONS, MONITOR, EVER)) == ["a", "d"]
    assert ids(tier.find(PREDICTIONS, MONITOR, ["a", "b"])) == ["a"]
    assert len(everything(tier, LABELS)) == len(everything(tier, DEAD_LETTERS)) == 1
    assert_counts_are_right(tier)


def test_a_day_with_rows_that_nobody_expected_stays(tier: WarmTier) -> None:
    land(tier, predictions(["a"]))
    before = everything(tier)
    for expected in ({MONITOR: 0}, {MONITOR: 2}, {MONITOR: 1, "nobody": 3}):
        with pytest.raises(LateRows, match="2025-06-15"):
            tier.drop_day(PREDICTIONS, DAY, expected)
    assert everything(tier) == before
    assert_counts_are_right(tier)


def test_a_day_goes_for_the_monitors_that_were_named(tier: WarmTier) -> None:
    land(tier, an_entry(predictions(["a"])), an_entry(predictions(["a", "b"]), "churn"), an_entry(labels(["a"])))
    tier.drop_day(PREDICTIONS, DAY, {"churn": 2, "nobody": 0})
    assert everything(tier, monitor="churn") == []
    assert ids(tier.read(PREDICTIONS, MONITOR, EVER)) == ["a"]
    tier.drop_day(PREDICTIONS, DAY, {MONITOR: 1})
    assert everything(tier) == []
    tier.drop_day(PREDICTIONS, DAY, {})
    assert_counts_are_right(tier, MONITOR, "churn")


def test_what_was_dropped_is_no_longer_known(tier: WarmTier) -> None:
    land(tier, predictions(["a"]), labels(["b"]))
    tier.drop_day(PREDICTIONS, DAY, {MONITOR: 1})
    tier.drop_day(LABELS, DAY, {MONITOR: 1})
    assert new_rows(land(tier, predictions(["a"]), labels(["b"]))) == {(MONITOR, PREDICTIONS): 1, (MONITOR, LABELS): 1}
    assert_counts_are_right(tier)


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.value)
def test_a_day_that_is_restored_is_what_it_was(tier: WarmTier, kind: Kind) -> None:
    rng = np.random.default_rng(4)
    land(
        tier,
        varied_predictions(rng, 40, "a", MIDNIGHT_S),
        labels([f"a-{row}" for row in range(30)], MIDNIGHT_S),
        letters([0, 1], MIDNIGHT_S),
        varied_predictions(rng, 20, "b", MIDNIGHT_S),
    )
    before, hours = everything(tier, kind), tier.hours()
    rows = list(tier.read(kind, MONITOR, EVER))
    tier.drop_day(kind, DAY, {MONITOR: len(before)})
    assert everything(tier, kind) == []
    assert tier.restore(kind, MONITOR, rows) == len(before)
    assert everything(tier, kind) == before
    assert set(tier.hours()) == set(hours)
    assert tier.restore(kind, MONITOR, rows) == 0
    assert everything(tier, kind) == before
    assert_counts_are_right(tier)


def test_restored_rows_join_those_that_are_there(tier: WarmTier) -> None:
    land(tier, predictions(["a", "b", "c"], [START_S, START_S + 1, START_S + 2]))
    rows = list(tier.read(PREDICTIONS, MONITOR, EVER))
    tier.drop_day(PREDICTIONS, DAY, {MONITOR: 3})
    land(tier, predictions(["b"], START_S + 50, 0.9), origin="exporter-2/0")
    assert tier.restore(PREDICTIONS, MONITOR, rows) == 2
    assert [(row["id"], row["prediction"]) for row in everything(tier)] == [("a", 0.5), ("c", 0.5), ("b", 0.9)]
    assert_counts_are_right(tier)


def test_restored_predictions_find_their_labels_again(tier: WarmTier) -> None:
    land(tier, predictions(["a", "b"]), labels(["a"], START_S + DAY_S))
    joined(tier)
    rows = list(tier.read(PREDICTIONS, MONITOR, EVER))
    tier.drop_day(PREDICTIONS, DAY, {MONITOR: 2})
    tier.restore(PREDICTIONS, MONITOR, rows)
    joined(tier)
    assert labelled(tier) == {"a": 1.0}
    assert_counts_are_right(tier)


def test_restored_labels_find_their_predictions(tier: WarmTier) -> None:
    land(tier, labels(["a"]))
    rows = list(tier.read(LABELS, MONITOR, EVER))
    tier.drop_day(LABELS, DAY, {MONITOR: 1})
    land(tier, predictions(["a"]), origin="exporter-2/0")
    assert tier.restore(LABELS, MONITOR, rows) == 1
    assert joined(tier) == ["a"]
    assert_counts_are_right(tier)
