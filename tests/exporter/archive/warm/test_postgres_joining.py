"""Late labels in PostgreSQL: how many are looked at in one call, and what one call gives."""

from __future__ import annotations

import pytest

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres import PostgresWarm
from exporter.archive.warm.tier import Claim
from tests.support.archives import MONITOR, ORIGIN, a_stream, an_entry, ids, labels, predictions
from tests.support.batches import START_S


def test_numbers_and_text_are_joined_by_turns(tier: PostgresWarm) -> None:
    binary = [an_entry(predictions(["a", "b"], prediction=0.5)), an_entry(labels(["a", "b"], label=1.0))]
    animals = [
        an_entry(predictions(["a"], prediction="cat"), "animals"),
        an_entry(labels(["a"], label="dog"), "animals"),
    ]
    tier.land(tier.claim(ORIGIN), a_stream(*binary, *animals))
    found = [tier.join_labels([ORIGIN], 0, 10).to_pylist() for _ in range(3)]
    of_binary, of_animals = sorted(found[:2], key=len, reverse=True)
    assert [(row["monitor"], row["label"]) for row in of_binary] == [(MONITOR, 1.0), (MONITOR, 1.0)]
    assert [(row["monitor"], row["label"]) for row in of_animals] == [("animals", "dog")]
    assert found[2] == []
    assert sum(hour.labelled for hour in tier.hours()) == 3


def test_every_call_gives_the_categories_that_the_monitor_has(tier: PostgresWarm) -> None:
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]), predictions(["b"], region="north"), labels(["a"])))
    [row] = tier.join_labels([ORIGIN], 0, 10).to_pylist()
    assert row["region"] is None


def test_labels_that_find_nothing_are_looked_at_by_turns(tier: PostgresWarm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten are open; calls that look at two older ones each, or at one that they find, come to all, again and again."""
    monkeypatch.setattr("exporter.archive.warm.postgres_joining._OLDER_AT_ONCE", 2)
    names = [f"p{number}" for number in range(10)]
    claim = tier.land(tier.claim(ORIGIN), a_stream(labels(names))).claim
    assert joined(tier, 7) == []
    for turn in range(3):
        claim = land(tier, claim, names[turn::3])
        assert sorted(name for _ in range(8) for name in joined(tier, 1)) == sorted(names[turn::3])
    assert joined(tier, 7) == []


def test_new_labels_are_found_at_once_however_many_stay_open(
    tier: PostgresWarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.archive.warm.postgres_joining._OLDER_AT_ONCE", 2)
    claim = tier.land(tier.claim(ORIGIN), a_stream(labels([f"x{number}" for number in range(50)]))).claim
    joined(tier, 5)
    claim = land(tier, claim, ["a"])
    tier.land(claim, a_stream(labels(["a"]), first=claim.next_sequence))
    assert joined(tier, 5) == ["a"]


def test_another_process_joins_what_this_one_has_not(tier: PostgresWarm) -> None:
    claim = land(tier, tier.claim(ORIGIN), ["a", "b", "c"])
    tier.land(claim, a_stream(labels(["a", "b", "c"], START_S + 5), first=claim.next_sequence))
    assert len(joined(tier, 2)) == 2
    assert len(tier.find(Kind.LABELS, MONITOR, ["a", "b", "c"])) == 3
    assert len(joined(tier, 2)) == 1


def joined(tier: PostgresWarm, limit: int) -> list[str]:
    return ids(tier.join_labels([ORIGIN], 0, limit))


def land(tier: PostgresWarm, claim: Claim, names: list[str]) -> Claim:
    return tier.land(claim, a_stream(predictions(names), first=claim.next_sequence)).claim
