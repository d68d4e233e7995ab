"""Rows wait to be counted until there are enough of them, or a moment has passed; a scrape sees how many wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exporter.pipeline.counting_queue import COUNT_AFTER_S, ROWS_A_COUNT
from tests.support.batches import a_monitor
from tests.support.clocks import NOON_S
from tests.support.pipelines import a_pipeline, beside

FEATURES = {"age": {"type": "number"}, "region": {"type": "category"}}
WAITING = "infranaut_ingest_queue_records"
COUNTED = "infranaut_predictions_total"


def events(scores: Any, **columns: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"p{row}", "ts": NOON_S, "score": score, **{name: values[row] for name, values in columns.items()}}
        for row, score in enumerate(scores)
    ]


def test_rows_wait_to_be_counted_a_moment_at_the_most(tmp_path: Path) -> None:
    watched = a_pipeline(tmp_path, a_monitor(FEATURES))
    watched.predict(*events([0.5]))
    watched.pipeline.tick()
    assert watched.scraped(WAITING) == 1
    watched.clock.move(COUNT_AFTER_S)
    watched.pipeline.tick()
    assert watched.scraped(WAITING) == 0


def test_closing_counts_what_waits(tmp_path: Path) -> None:
    watched = a_pipeline(tmp_path, a_monitor(FEATURES))
    watched.predict(*events([0.5, 0.6]))
    watched.pipeline.close()
    assert watched.scraped(COUNTED) == 2


def test_small_bodies_of_different_formats_are_counted_together(tmp_path: Path) -> None:
    watched = a_pipeline(tmp_path, a_monitor(FEATURES))
    watched.predict(*events([0.5], age=[1.0], region=["north"]))
    watched.predict(f"region,age,score,ts,id\nsouth,2,0.4,{NOON_S},x\n", content_type="text/csv")
    watched.predict({"id": "y", "ts": NOON_S, "score": 0.1, "age": "old"})
    assert watched.value("infranaut_predictions_total") == 3
    assert watched.value("infranaut_feature_violations_total", feature="age", rule="type") == 1


def test_so_many_rows_are_counted_at_once(tmp_path: Path) -> None:
    watched = a_pipeline(tmp_path, a_monitor(FEATURES))
    rows = events([0.5] * ROWS_A_COUNT)
    watched.predict(*rows[:-1])
    assert (watched.scraped(WAITING), watched.scraped(COUNTED)) == (ROWS_A_COUNT - 1, 0)
    watched.predict(rows[-1])
    assert watched.scraped(WAITING) == 0
    assert watched.value(COUNTED) == ROWS_A_COUNT


def test_a_clock_that_is_set_back_makes_nothing_wait(tmp_path: Path) -> None:
    watched = a_pipeline(tmp_path, a_monitor(FEATURES))
    watched.predict(*events([0.5]))
    watched.clock.move(-1)
    watched.pipeline.tick()
    assert watched.scraped(WAITING) == 0


def test_what_waited_in_a_killed_process_does_not_wait_for_ever(tmp_path: Path) -> None:
    killed = a_pipeline(tmp_path, a_monitor(FEATURES))
    killed.predict(*events([0.5, 0.6]))
    assert killed.scraped(WAITING) == 2
    assert beside(tmp_path, killed.shared, 0, killed.clock).scraped(WAITING) == 0
