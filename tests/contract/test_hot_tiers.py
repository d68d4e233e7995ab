"""What every hot tier keeps, wherever it stands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from exporter.archive.hot.tier import HotTier
from tests.support.clocks import NOON_S
from tests.support.hot_places import CLASSES, DAY_S, PLACES, SCORES, HotPlace, hot_rows, texts
from tests.support.polling import wait_until


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HotPlace]:
    with PLACES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
def tier(place: HotPlace) -> HotTier:
    return place.tier


def test_what_one_replica_put_another_one_finds(place: HotPlace) -> None:
    place.tier.put(SCORES, hot_rows(["a", "b", "c"], [0.25, None, 0.75], version="7", segment="south"))
    found = place.other.find(SCORES, texts("c", "unknown", "b"))
    assert found.to_pylist() == [
        {
            "row": 0,
            "id": "c",
            "time": datetime.fromtimestamp(NOON_S, UTC).replace(microsecond=2),
            "prediction": 0.75,
            "model_version": "7",
            "segment": "south",
        },
        {
            "row": 2,
            "id": "b",
            "time": datetime.fromtimestamp(NOON_S, UTC).replace(microsecond=1),
            "prediction": None,
            "model_version": "7",
            "segment": "south",
        },
    ]
    assert place.other.is_up


def test_classes_are_found_as_text(tier: HotTier) -> None:
    tier.put(CLASSES, hot_rows(["a", "b", "c"], ["sieben", None, "日本"]))
    assert tier.find(CLASSES, texts("a", "b", "c"))["prediction"].to_pylist() == ["sieben", None, "日本"]


def test_versions_and_segments_are_told_apart_and_may_be_null(tier: HotTier) -> None:
    tier.put(SCORES, hot_rows(["a"], version="1", segment="north"))
    tier.put(SCORES, hot_rows(["b"], version="2", segment="north"))
    tier.put(SCORES, hot_rows(["c"], version=None, segment="north"))
    tier.put(SCORES, hot_rows(["d"], version="1", segment=None))
    found = tier.find(SCORES, texts("a", "b", "c", "d"))
    assert found["model_version"].to_pylist() == ["1", "2", None, "1"]
    assert found["segment"].to_pylist() == ["north", "north", "north", None]


def test_columns_that_are_dictionaries_and_others_than_those_wanted_do_no_harm(tier: HotTier) -> None:
    rows = hot_rows(["a", "b"], ["x", "y"])
    encoded = [column.dictionary_encode() if pa.types.is_string(column.type) else column for column in rows.columns[2:]]
    columns = [*rows.columns[:2], *encoded, pa.array([1.0, 2.0])]
    tier.put(CLASSES, pa.RecordBatch.from_arrays(columns, [*rows.schema.names, "age"]))
    found = tier.find(CLASSES, texts("a", "b"))
    assert found["prediction"].to_pylist() == ["x", "y"]
    assert found.column_names == ["row", "id", "time", "prediction", "model_version", "segment"]


@pytest.mark.parametrize("monitor", [SCORES, CLASSES])
def test_nothing_put_is_nothing_found_in_the_same_columns(tier: HotTier, monitor: object) -> None:
    assert monitor in (SCORES, CLASSES)
    asked = SCORES if monitor == SCORES else CLASSES
    tier.put(asked, hot_rows([], []))
    none, empty = tier.find(asked, texts("a")), tier.find(asked, texts())
    tier.put(asked, hot_rows(["a"], ["x"] if asked == CLASSES else [1.0]))
    assert none.num_rows == empty.num_rows == 0
    assert none.schema == empty.schema == tier.find(asked, texts("a")).schema
    assert tier.seen(asked, texts()).tolist() == []


def test_of_two_rows_with_one_id_the_first_counts(tier: HotTier) -> None:
    tier.put(SCORES, hot_rows(["a", "a"], [0.1, 0.2]))
    tier.put(SCORES, hot_rows(["a"], [0.3], version="2"))
    found = tier.find(SCORES, texts("a", "a"))
    assert found["prediction"].to_pylist() == [0.1, 0.1]
    assert found["row"].to_pylist() == [0, 1]


def test_monitors_do_not_see_each_other(tier: HotTier) -> None:
    tier.put(SCORES, hot_rows(["a"], [1.0]))
    assert tier.seen(CLASSES, texts("a")).tolist() == [False]


def test_what_was_seen_is_told_for_every_row(tier: HotTier) -> None:
    tier.put(SCORES, hot_rows(["a", "b"]))
    assert tier.seen(SCORES, texts("x", "b", "a", "y", "b")).tolist() == [False, True, True, False, True]


def test_what_is_older_than_the_retention_is_not_found(place: HotPlace) -> None:
    place.tier.put(SCORES, hot_rows(["now", "too old"]))
    place.tier.put(SCORES, hot_rows(["old"], time_s=NOON_S - DAY_S + 60))
    place.tier.put(SCORES, hot_rows(["too old"], time_s=NOON_S - DAY_S - 60))
    place.tier.put(SCORES, hot_rows(["ancient"], time_s=NOON_S - 30 * DAY_S))
    assert place.tier.seen(SCORES, texts("now", "old", "ancient")).tolist() == [True, True, False]
    place.clock.move(120)
    assert place.tier.seen(SCORES, texts("now", "old")).tolist() == [True, False]


def test_a_prediction_from_a_clock_that_is_ahead_is_found_past_midnight_too(place: HotPlace) -> None:
    midnight_s = (NOON_S // DAY_S + 1) * DAY_S
    place.clock.move(midnight_s - NOON_S - 30)
    place.tier.put(SCORES, hot_rows(["ahead"], time_s=midnight_s + 60))
    assert place.tier.seen(SCORES, texts("ahead")).tolist() == [True]


def test_a_rebuild_adds_what_is_missing_however_often_it_runs(tier: HotTier) -> None:
    tier.put(SCORES, hot_rows(["a", "b"], [0.1, 0.2]))
    batches = [hot_rows(["b", "c", "c"], [0.9, 0.3, 0.8]), hot_rows(["d", "a"], [0.4, 0.9]), hot_rows([], [])]
    assert [tier.rebuild(SCORES, batches), tier.rebuild(SCORES, batches)] == [2, 0]
    assert tier.find(SCORES, texts("a", "b", "c", "d"))["prediction"].to_pylist() == [0.1, 0.2, 0.3, 0.4]


def test_many_rows_in_many_batches_are_found_as_a_dict_would_find_them(tier: HotTier) -> None:
    rng = np.random.default_rng(11)
    known: dict[str, tuple[float, str]] = {}
    for number in range(12):
        ids = [f"id-{value}" for value in rng.integers(0, 60_000, 4_500)]
        scores = rng.random(len(ids)).tolist()
        version = str(number % 3)
        tier.put(SCORES, hot_rows(ids, scores, version=version))
        for name, score in zip(ids, scores, strict=True):
            known.setdefault(name, (score, version))
    asked = [f"id-{value}" for value in rng.integers(0, 60_000, 3_000)]
    found = tier.find(SCORES, texts(*asked))
    expected = [(row, name, *known[name]) for row, name in enumerate(asked) if name in known]
    columns = (found[name].to_pylist() for name in ("row", "id", "prediction", "model_version"))
    assert list(zip(*columns, strict=True)) == expected
    assert tier.seen(SCORES, texts(*asked)).tolist() == [name in known for name in asked]


def test_a_value_is_shared_until_its_time_is_over(place: HotPlace) -> None:
    place.tier.put_value("window:1", b"\x00\xff", ttl_s=60)
    place.tier.put_value("window:1", b"newer", ttl_s=60)
    place.tier.put_value("window:2", b"soon gone", ttl_s=0.05)

    def is_gone() -> bool:
        place.clock.move(0.05)
        return place.other.get_value("window:2") is None

    wait_until(is_gone, 10, "the value is gone")
    assert place.other.get_value("window:1") == b"newer"
    assert place.other.get_value("window:3") is None


def test_a_bucket_of_tokens_begins_full_and_fills_by_its_rate(place: HotPlace) -> None:
    assert place.tier.take("credit", 4, rate_per_s=0.001, burst=10) == 4
    assert place.other.take("credit", 40, rate_per_s=0.001, burst=10) == pytest.approx(6, abs=0.01)
    assert place.tier.take("credit", 1, rate_per_s=0.001, burst=10) == pytest.approx(0, abs=0.01)
    assert place.tier.take("another", 1, rate_per_s=0.001, burst=10) == 1

    def is_filled() -> bool:
        place.clock.move(0.5)
        return place.other.take("credit", 5, rate_per_s=100, burst=10) >= 1

    wait_until(is_filled, 10, "a token")


def test_a_bucket_gives_no_more_than_it_holds_to_many_at_once(place: HotPlace) -> None:
    granted: list[float] = []

    def take(tier: HotTier) -> None:
        granted.extend(tier.take("credit", 3, rate_per_s=1e-6, burst=100) for _ in range(10))

    threads = [threading.Thread(target=take, args=(tier,)) for tier in (place.tier, place.other) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == pytest.approx(100, abs=0.01)


def test_rows_are_counted_by_monitor(place: HotPlace) -> None:
    assert place.tier.row_count(SCORES) == 0
    names = [f"p{number}" for number in range(24_000)]
    for start in range(0, len(names), 4_000):
        place.tier.put(SCORES, hot_rows(names[start : start + 4_000]))
    place.tier.put(CLASSES, hot_rows(["a"], ["sieben"]))
    assert (place.other.row_count(SCORES), place.other.row_count(CLASSES)) == (24_000, 1)
