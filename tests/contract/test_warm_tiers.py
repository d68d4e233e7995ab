"""What every warm tier keeps when entries land, whatever holds its rows: all of them, each once, counted right."""

from __future__ import annotations

import numpy as np
import pytest

from exporter.archive.entry import Kind, SequencedEntry
from exporter.archive.warm.tier import Claim, StoredHour, WarmTier
from exporter.errors import Fenced
from tests.support.archives import (
    DAY_S,
    EVER,
    HOUR_S,
    MONITOR,
    ORIGIN,
    a_stream,
    an_entry,
    archived,
    ids,
    labels,
    letters,
    moment,
    predictions,
    varied_predictions,
)
from tests.support.batches import START_S
from tests.support.landed import assert_counts_are_right, everything, land, new_rows
from tests.support.warm_places import WarmPlace

MIDNIGHT_S = START_S - START_S % DAY_S
PREDICTIONS, LABELS, DEAD_LETTERS = Kind.PREDICTIONS, Kind.LABELS, Kind.DEAD_LETTERS


def test_what_has_landed_is_read_back_with_where_it_came_from(tier: WarmTier) -> None:
    rng = np.random.default_rng(1)
    stream = a_stream(varied_predictions(rng, 50, "a"), varied_predictions(rng, 30, "b"), labels(["a-1"]), letters([7]))
    landed = tier.land(tier.claim(ORIGIN), stream)
    assert new_rows(landed) == {(MONITOR, PREDICTIONS): 80, (MONITOR, LABELS): 1, (MONITOR, DEAD_LETTERS): 1}
    assert everything(tier) == archived({ORIGIN: stream[:2]})
    assert everything(tier, LABELS) == archived({ORIGIN: stream[2:3]})
    assert everything(tier, DEAD_LETTERS) == archived({ORIGIN: stream[3:]})
    assert_counts_are_right(tier)


def test_a_claim_tells_what_has_landed(tier: WarmTier) -> None:
    first = tier.claim(ORIGIN)
    assert first.origin == ORIGIN
    landed = tier.land(first, [SequencedEntry(number, an_entry(predictions([f"p{number}"]))) for number in (0, 4, 9)])
    assert landed.claim == Claim(ORIGIN, first.epoch, 10)
    second = tier.claim(ORIGIN)
    assert second.next_sequence == 10
    assert second.epoch > first.epoch
    assert ids(tier.read(PREDICTIONS, MONITOR, EVER)) == ["p0", "p4", "p9"]


def test_origins_have_offsets_of_their_own(tier: WarmTier) -> None:
    land(tier, predictions(["a"]), origin="exporter-1/0")
    land(tier, predictions(["b"]), predictions(["c"]), origin="exporter-1/1")
    assert tier.claim("exporter-1/1").next_sequence == tier.claim("exporter-1/0").next_sequence + 1
    assert ids(tier.read(PREDICTIONS, MONITOR, EVER)) == ["a", "b", "c"]


def test_entries_that_are_sent_again_with_the_same_claim_land_once(tier: WarmTier) -> None:
    claim = tier.claim(ORIGIN)
    stream = a_stream(predictions(["a", "b"]), labels(["a"]), letters([1, 2]), predictions(["c"]))
    tier.land(claim, stream[:3])
    again = tier.land(claim, stream)
    assert new_rows(again) == {(MONITOR, PREDICTIONS): 1}
    assert again.claim.next_sequence == 5
    assert everything(tier) == archived({ORIGIN: [stream[0], stream[3]]})
    assert everything(tier, DEAD_LETTERS) == archived({ORIGIN: stream[2:3]})
    assert_counts_are_right(tier)


def test_sending_again_what_has_all_landed_changes_nothing(tier: WarmTier) -> None:
    claim = tier.claim(ORIGIN)
    stream = a_stream(predictions(["a", "b"]), predictions(["c"]))
    tier.land(claim, stream)
    again = tier.land(claim, stream[:1])
    assert new_rows(again) == {}
    assert again.claim.next_sequence == 3
    assert everything(tier) == archived({ORIGIN: stream})


def test_a_prediction_sent_again_in_the_same_body_lands_once(tier: WarmTier) -> None:
    landed = land(tier, predictions(["a", "b", "a"], prediction=[0.1, 0.2, 0.3]))
    assert new_rows(landed) == {(MONITOR, PREDICTIONS): 2}
    assert [row["prediction"] for row in everything(tier)] == [0.1, 0.2]
    assert_counts_are_right(tier)


def test_a_prediction_sent_again_in_the_same_landing_lands_once(tier: WarmTier) -> None:
    landed = land(tier, predictions(["a"], prediction=0.1), predictions(["b", "a"], prediction=0.9))
    assert new_rows(landed) == {(MONITOR, PREDICTIONS): 2}
    assert [(row["id"], row["prediction"]) for row in everything(tier)] == [("a", 0.1), ("b", 0.9)]


def test_a_prediction_sent_again_later_through_another_origin_lands_once(tier: WarmTier) -> None:
    land(tier, predictions(["a"], prediction=0.1), origin="exporter-1/0")
    landed = land(tier, predictions(["a", "b"], START_S + 60, 0.9), origin="exporter-2/0")
    assert new_rows(landed) == {(MONITOR, PREDICTIONS): 1}
    assert [(row["id"], row["prediction"]) for row in everything(tier)] == [("a", 0.1), ("b", 0.9)]
    assert_counts_are_right(tier)


def test_a_prediction_with_the_same_id_on_another_utc_day_is_another(tier: WarmTier) -> None:
    late, early = MIDNIGHT_S - 0.000001, float(MIDNIGHT_S)
    land(tier, predictions(["a", "a"], [late, early]))
    assert new_rows(land(tier, predictions(["a", "a"], [early + DAY_S - 0.000001, early + DAY_S]))) == {
        (MONITOR, PREDICTIONS): 1
    }
    assert [row["time"] for row in everything(tier)] == [moment(late), moment(early), moment(early + DAY_S)]
    assert_counts_are_right(tier)


def test_a_label_is_taken_once_however_many_days_apart(tier: WarmTier) -> None:
    landed = land(tier, labels(["a"], START_S, 1.0), labels(["a", "b", "b"], START_S + 3 * DAY_S, 0.0))
    assert new_rows(landed) == {(MONITOR, LABELS): 2}
    assert new_rows(land(tier, labels(["b", "a"], START_S + 9 * DAY_S))) == {}
    assert [(row["id"], row["label"]) for row in everything(tier, LABELS)] == [("a", 1.0), ("b", 0.0)]
    assert_counts_are_right(tier)


def test_dead_letters_are_known_by_their_entry_and_position(tier: WarmTier) -> None:
    stream = a_stream(letters([0, 1]), letters([0, 1]))
    assert new_rows(tier.land(tier.claim(ORIGIN), stream)) == {(MONITOR, DEAD_LETTERS): 4}
    assert new_rows(land(tier, letters([1]), origin="exporter-2/0")) == {(MONITOR, DEAD_LETTERS): 1}
    assert len(everything(tier, DEAD_LETTERS)) == 5


def test_monitors_share_ids(tier: WarmTier) -> None:
    mine, theirs = an_entry(predictions(["a"], age=1.0)), an_entry(predictions(["a"], region="north"), "churn")
    landed = land(tier, mine, theirs, an_entry(labels(["a"])), an_entry(labels(["a"]), "churn"))
    assert sum(landed.rows.values()) == 4
    assert [row.get("age") for row in everything(tier)] == [1.0]
    assert [row.get("region") for row in everything(tier, monitor="churn")] == ["north"]
    assert len(tier.join_labels([ORIGIN], 0, 10)) == 2
    assert_counts_are_right(tier, MONITOR, "churn")


def test_an_empty_entry_moves_the_offset_only(tier: WarmTier) -> None:
    claim = tier.claim(ORIGIN)
    landed = tier.land(claim, a_stream(predictions([]), labels([]), letters([])))
    assert new_rows(landed) == {}
    assert landed.claim.next_sequence == 4
    assert tier.claim(ORIGIN).next_sequence == 4
    assert everything(tier) == []


def test_no_entries_at_all_land(tier: WarmTier) -> None:
    claim = tier.claim(ORIGIN)
    assert tier.land(claim, []).claim == claim


ODD_IDS = ["", " ", "'; drop table x; --", "\t\n", "%_\\", "NULL", "😀", "é", "e\u0301", "x" * 70_000, "\u0661"]


def test_ids_may_be_any_text(tier: WarmTier) -> None:
    land(tier, predictions(ODD_IDS), labels(ODD_IDS))
    assert ids(tier.read(PREDICTIONS, MONITOR, EVER)) == sorted(ODD_IDS)
    assert new_rows(land(tier, predictions(ODD_IDS), labels(ODD_IDS))) == {}
    assert ids(tier.find(PREDICTIONS, MONITOR, ODD_IDS)) == sorted(ODD_IDS)
    assert ids(tier.join_labels([ORIGIN], 0, 100)) == sorted(ODD_IDS)
    assert_counts_are_right(tier)


def test_numbers_may_be_infinite_and_anything_may_be_missing(tier: WarmTier) -> None:
    values = [float("inf"), float("-inf"), None, -0.0, 1e308, 5e-324]
    names = [f"p{number}" for number in range(6)]
    stream = a_stream(predictions(names, prediction=values, age=values, region=[None, "", "x", None, "y", None]))
    tier.land(tier.claim(ORIGIN), stream)
    assert everything(tier) == archived({ORIGIN: stream})


@pytest.mark.parametrize("seconds", [-1e9, -1.0, -0.000001, 0.0, MIDNIGHT_S, MIDNIGHT_S - 0.000001, 4e9])
def test_times_may_be_before_1970_and_at_the_border_of_a_day(tier: WarmTier, seconds: float) -> None:
    land(tier, predictions(["a"], seconds))
    assert [row["time"] for row in everything(tier)] == [moment(seconds)]
    [hour] = tier.hours()
    assert hour == StoredHour(MONITOR, PREDICTIONS, int(seconds // HOUR_S) * HOUR_S, 1, 0)
    day = moment(seconds).date()
    tier.drop_day(PREDICTIONS, day, {MONITOR: 1})
    assert everything(tier) == []


def test_multiclass_predictions_and_labels_are_text(tier: WarmTier) -> None:
    land(tier, predictions(["a", "b"], prediction=["cat", None]), labels(["a", "b"], label=["dog", "cat"]))
    assert [row.get("prediction") for row in everything(tier)] == ["cat", None]
    joined = tier.join_labels([ORIGIN], 0, 10).sort_by("id").to_pylist()
    assert [(row["prediction"], row["label"]) for row in joined] == [("cat", "dog"), (None, "cat")]


def test_who_claimed_before_is_refused(place: WarmPlace) -> None:
    old, new = place.tier(), place.tier()
    claim = old.claim(ORIGIN)
    newer = new.claim(ORIGIN)
    with pytest.raises(Fenced, match=ORIGIN):
        old.land(claim, a_stream(predictions(["a"])))
    assert everything(old) == []
    landed = new.land(newer, a_stream(predictions(["a"])))
    assert landed.claim.next_sequence == 2
    with pytest.raises(Fenced, match=ORIGIN):
        old.land(claim, a_stream(predictions(["b"]), first=2))
    assert ids(old.read(PREDICTIONS, MONITOR, EVER)) == ["a"]


def test_a_claim_of_another_origin_fences_nobody(place: WarmPlace) -> None:
    one, other = place.tier(), place.tier()
    claim = one.claim("exporter-1/0")
    other.claim("exporter-1/1")
    one.land(claim, a_stream(predictions(["a"])))
    assert ids(other.read(PREDICTIONS, MONITOR, EVER)) == ["a"]


def test_what_one_connection_landed_another_knows(place: WarmPlace) -> None:
    one, other = place.tier(), place.tier()
    for number in range(30):
        land(one, predictions([f"p{number}", f"q{number}"]), origin="exporter-1/0")
        landed = land(other, predictions([f"p{number}", f"r{number}"]), origin="exporter-1/1")
        assert new_rows(landed) == {(MONITOR, PREDICTIONS): 1}
    assert len(everything(one)) == 90
    assert_counts_are_right(other)


def test_everything_survives_reopening(place: WarmPlace) -> None:
    first = place.tier()
    stream = a_stream(varied_predictions(np.random.default_rng(2), 100, "a"), labels(["a-5", "a-6"]))
    first.land(first.claim(ORIGIN), stream)
    first.join_labels([ORIGIN], 0, 1)
    first.close()
    second = place.tier()
    assert second.claim(ORIGIN).next_sequence == 3
    assert everything(second) == archived({ORIGIN: stream[:1]})
    assert new_rows(land(second, stream[0].entry, stream[1].entry)) == {}
    assert len(second.join_labels([ORIGIN], 0, 10)) == 1
    assert_counts_are_right(second)


def test_migrating_again_has_no_effect(place: WarmPlace) -> None:
    one, other = place.tier(), place.tier()
    land(one, predictions(["a"]))
    one.migrate()
    other.migrate()
    assert ids(other.read(PREDICTIONS, MONITOR, EVER)) == ["a"]


def test_a_large_landing_is_one(tier: WarmTier) -> None:
    rng = np.random.default_rng(8)
    stream = a_stream(varied_predictions(rng, 12_000, "a"), varied_predictions(rng, 8_000, "b"))
    landed = tier.land(tier.claim(ORIGIN), stream)
    assert new_rows(landed) == {(MONITOR, PREDICTIONS): 20_000}
    assert everything(tier) == archived({ORIGIN: stream})
    asked = ["a-0", "a-8191", "a-8192", "a-11999", "b-0", "b-7999"]
    assert ids(tier.find(PREDICTIONS, MONITOR, asked)) == sorted(asked)
    assert new_rows(land(tier, stream[1].entry)) == {}
    assert_counts_are_right(tier)


def test_many_small_landings_are_one_tier(tier: WarmTier) -> None:
    rng = np.random.default_rng(3)
    stream = a_stream(*(varied_predictions(rng, int(rng.integers(0, 4)), f"p{number}") for number in range(150)))
    claim = tier.claim(ORIGIN)
    for numbered in stream:
        claim = tier.land(claim, [numbered]).claim
    assert everything(tier) == archived({ORIGIN: stream})
    assert new_rows(land(tier, *(numbered.entry for numbered in stream))) == {}
    assert_counts_are_right(tier)


def test_the_size_grows_with_what_is_kept(tier: WarmTier) -> None:
    before = tier.size_bytes()
    assert before > 0
    land(tier, varied_predictions(np.random.default_rng(1), 20_000, "a"))
    assert tier.size_bytes() > before + 20_000 * 20
