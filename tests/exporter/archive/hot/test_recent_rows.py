"""The bounded memory of one monitor."""

from __future__ import annotations

import pytest

from exporter.archive.hot.memory import MemoryHotTier
from exporter.archive.hot.packing import keys_of, pack
from exporter.archive.hot.recent_rows import RecentRows
from tests.support.clocks import NOON_S, MovedClock
from tests.support.hot_places import CLASSES, SCORES, hot_rows, texts

LIMIT = 1_000
EVER = 0


def test_the_oldest_by_time_are_given_up_and_the_limit_holds() -> None:
    recent = RecentRows(LIMIT, predicts_text=False)
    for batch in range(20):
        ids = [f"{batch}-{number}" for number in range(100)]
        recent.add(pack(hot_rows(ids, time_s=NOON_S + batch), predicts_text=False), EVER)
        assert len(recent) <= LIMIT * 1.25
    newest, oldest = texts("19-0", "19-99"), texts("0-0", "0-99")
    assert recent.find(keys_of(newest), EVER)[0].tolist() == [0, 1]
    assert recent.find(keys_of(oldest), EVER)[0].tolist() == []


def test_what_is_past_the_retention_goes_before_what_is_not() -> None:
    recent = RecentRows(LIMIT, predicts_text=False)
    recent.add(pack(hot_rows([f"old-{number}" for number in range(900)], time_s=NOON_S - 100), False), EVER)
    recent.add(pack(hot_rows([f"new-{number}" for number in range(900)]), False), round((NOON_S - 50) * 1e6))
    assert len(recent) == 900


def test_names_that_no_row_needs_are_forgotten() -> None:
    recent = RecentRows(LIMIT, predicts_text=True)
    for batch in range(30):
        rows = hot_rows([f"{batch}-{number}" for number in range(100)], [f"class {batch}"] * 100, time_s=NOON_S + batch)
        recent.add(pack(rows, predicts_text=True), EVER)
    assert 10 < len(recent.names) <= 15


def test_two_kinds_of_predictions_of_one_name_are_kept_apart() -> None:
    tier = MemoryHotTier(MovedClock())
    tier.put(CLASSES, hot_rows(["a"], ["x"]))
    renamed = type(CLASSES)(CLASSES.name, predicts_text=False, retention_s=CLASSES.retention_s)
    assert tier.find(renamed, texts("a")).num_rows == 0


def test_values_are_bounded_and_those_past_their_time_go_first() -> None:
    clock = MovedClock()
    tier = MemoryHotTier(clock)
    for number in range(10_000):
        tier.put_value(f"{number}", b"", ttl_s=10 if number % 2 else 1000)
    clock.move(100)
    tier.put_value("one more", b"value", ttl_s=1000)
    assert [tier.get_value(key) for key in ("0", "1", "one more")] == [b"", None, b"value"]
    for number in range(10_000):
        tier.put_value(f"later {number}", b"", ttl_s=1000)
    assert tier.get_value("0") is None
    assert tier.get_value("later 9999") == b""


@pytest.mark.parametrize("count", [0, 1, 7])
def test_an_id_is_found_whatever_run_it_is_in(count: int) -> None:
    recent = RecentRows(LIMIT, predicts_text=False)
    for number in range(count):
        recent.add(pack(hot_rows([f"{number}"]), predicts_text=False), EVER)
    rows, entries = recent.find(keys_of(texts(*(f"{number}" for number in range(count)), "unknown")), EVER)
    assert rows.tolist() == list(range(count))
    assert len(entries) == count


def test_a_monitor_keeps_to_its_retention() -> None:
    tier = MemoryHotTier(MovedClock())
    tier.put(SCORES, hot_rows(["a"], time_s=NOON_S - SCORES.retention_s - 1))
    assert tier.find(SCORES, texts("a")).num_rows == 0
