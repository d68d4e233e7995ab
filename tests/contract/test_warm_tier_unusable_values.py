"""What every warm tier tells of the values that could not be used when their rows came."""

from __future__ import annotations

import pyarrow as pa

from exporter.archive.entry import Kind
from exporter.archive.warm.tier import WarmTier
from tests.support.archives import EVER, MONITOR, ORIGIN, labels, moment, predictions
from tests.support.batches import START_S
from tests.support.landed import everything, land

PREDICTIONS = Kind.PREDICTIONS

UNUSABLE = {"a": '["age","region"]', "b": None, "c": None, "d": '["größe"]'}


def land_unusable(tier: WarmTier) -> None:
    """Rows that tell which of their values could not be used, before, between and behind rows that have no such."""
    land(tier, predictions(["a", "b"], unusable=[UNUSABLE["a"], None], age=[None, 1.0]), predictions(["c"], age=2.0))
    land(tier, predictions(["d"], START_S + 1, unusable=[UNUSABLE["d"]], region="north"))


def test_rows_tell_which_of_their_values_could_not_be_used(tier: WarmTier) -> None:
    land_unusable(tier)
    ways = {
        "read": list(tier.read(PREDICTIONS, MONITOR, EVER)),
        "columns": list(tier.read(PREDICTIONS, MONITOR, EVER, ["unusable", "id"])),
        "read_labelled": list(tier.read_labelled(MONITOR, EVER)),
        "find": tier.find(PREDICTIONS, MONITOR, list(UNUSABLE)).to_batches(),
        "newest": tier.newest(PREDICTIONS, MONITOR, 0, 10).to_batches(),
    }
    for way, batches in ways.items():
        assert {row["id"]: row["unusable"] for batch in batches for row in batch.to_pylist()} == UNUSABLE, way
        assert {batch.schema.field("unusable").type for batch in batches} == {pa.string()}, way


def test_what_rows_tell_of_their_values_is_no_feature_of_theirs(tier: WarmTier) -> None:
    land_unusable(tier)
    land(tier, labels(["a", "d"]))
    joined = tier.join_labels([ORIGIN], 0, 10)
    assert "unusable" not in joined.schema.names
    assert "region" in joined.schema.names


def test_rows_that_come_back_tell_it_again(tier: WarmTier) -> None:
    land_unusable(tier)
    before, rows = everything(tier), list(tier.read(PREDICTIONS, MONITOR, EVER))
    tier.drop_day(PREDICTIONS, moment(START_S).date(), {MONITOR: 4})
    assert everything(tier) == []
    assert tier.restore(PREDICTIONS, MONITOR, rows) == 4
    assert everything(tier) == before
