"""A label finds its prediction wherever that is, and counts once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pytest

from exporter.archive.entry import Kind
from exporter.archive.hot.memory import MemoryHotTier
from exporter.archive.hot.tier import HotMonitor, hot_monitor
from exporter.archive.late_labels import LateLabels
from exporter.errors import RetryLater
from exporter.monitor.spec import Monitor
from tests.support.archives import EVER, a_stream, an_entry, moment, predictions
from tests.support.batches import a_monitor
from tests.support.clocks import NOON_S, MovedClock
from tests.support.landed import labelled
from tests.support.replicas import AGAIN_EVERY_S, an_event, replicas

JOINED = "infranaut_labels_total"
OUTCOMES = "infranaut_outcomes_total"
DELAYS = "infranaut_label_delay_seconds_sum"


def a_labelled_monitor(task: str = "binary") -> Monitor:
    monitor = a_monitor(
        {"age": {"type": "number"}, "region": {"type": "category", "values": ["north", "south"]}},
        task=task,
        model_version="version",
        error="error",
    ).model_dump(mode="json", exclude_defaults=True)
    monitor["spec"] |= {"labels": {"join": "id"}, "segments": {"by": ["region"]}}
    if task == "multiclass":
        monitor["spec"]["model"]["classes"] = ["low", "high"]
    return Monitor.model_validate(monitor)


@pytest.mark.parametrize("is_hot", [False, True])
def test_a_label_that_came_to_another_replica_is_credited_there_to_its_predictions_series(
    tmp_path: Path, is_hot: bool
) -> None:
    hot = MemoryHotTier(MovedClock()) if is_hot else None
    with replicas(tmp_path, a_labelled_monitor(), ["a", "b"], hot) as (first, second):
        first.watched.predict(an_event("p1", NOON_S), an_event("p2", NOON_S, region="south", score=0.25))
        first.land()
        first.watched.clock.move(100)
        second.watched.label({"id": "p1", "label": 1}, {"id": "p2", "label": 1}, {"id": "nobody", "label": 1})
        second.land()
        if not is_hot:
            assert second.value(JOINED) == 0
            second.find_late()
        assert second.value(JOINED, model_version="v2", segment="region=north") == 1
        assert second.value(OUTCOMES, actual="1", predicted="1", segment="region=north") == 1
        assert second.value(OUTCOMES, actual="1", predicted="0", segment="region=south") == 1
        assert second.value(DELAYS) == 200
        assert second.value("infranaut_labels_pending") == 0
        second.find_late()
        assert (first.value(JOINED), second.value(JOINED)) == (0, 2)
        again = second.watched.label({"id": "p1", "label": 0})
        assert [reject.reason for reject in again.rejects] == ["duplicate"]


def test_a_label_that_memory_has_joined_is_not_credited_again(tmp_path: Path) -> None:
    with replicas(tmp_path, a_labelled_monitor(), ["a"], MemoryHotTier(MovedClock())) as (only,):
        only.watched.predict(an_event("p1", NOON_S))
        only.watched.label({"id": "p1", "label": 1})
        only.land()
        only.find_late()
        assert only.value(JOINED) == 1


def test_a_label_whose_prediction_lands_later_is_found_at_the_next_look(tmp_path: Path) -> None:
    with replicas(tmp_path, a_labelled_monitor("multiclass"), ["a", "b"]) as (first, second):
        second.watched.label({"id": "p1", "label": "high"})
        second.land()
        second.find_late()
        first.watched.predict(an_event("p1", NOON_S, score="low"))
        first.land()
        second.find_late()
        assert second.value(JOINED) == 0
        second.watched.clock.move(AGAIN_EVERY_S)
        second.find_late()
        assert second.value(OUTCOMES, actual="high", predicted="low") == 1


@pytest.mark.parametrize("is_hot", [False, True])
def test_a_label_of_a_prediction_that_failed_is_credited_to_nobody(tmp_path: Path, is_hot: bool) -> None:
    hot = MemoryHotTier(MovedClock()) if is_hot else None
    with replicas(tmp_path, a_labelled_monitor(), ["a", "b"], hot) as (first, second):
        first.watched.predict(an_event("p1", NOON_S, score=None, error="timeout"), an_event("p2", NOON_S))
        first.land()
        second.watched.label({"id": "p1", "label": 1}, {"id": "p2", "label": 1})
        second.land()
        second.find_late()
        assert second.value(JOINED) == 1


@pytest.mark.parametrize("is_joined_here", [False, True])
def test_labels_that_are_brought_back_are_not_credited_again(tmp_path: Path, is_joined_here: bool) -> None:
    with replicas(tmp_path, a_labelled_monitor(), ["a", "b"]) as (first, second):
        first.watched.predict(an_event("p1", NOON_S))
        first.land()
        second.watched.label({"id": "p1", "label": 1})
        second.land()
        second.find_late()
        warm, name = first.warm, first.watched.shared.monitor.name
        for kind in (Kind.LABELS, Kind.PREDICTIONS):
            rows = list(warm.read(kind, name, EVER))
            warm.drop_day(kind, moment(NOON_S).date(), {name: 1})
            assert warm.restore(kind, name, rows) == 1
        if not is_joined_here:
            assert warm.join_restored(name, EVER) == 1
        second.watched.clock.move(AGAIN_EVERY_S)
        second.find_late()
        assert list(labelled(warm, name)) == ["p1"]
        assert (first.value(JOINED), second.value(JOINED)) == (0, 1)
        assert second.value(OUTCOMES) == 1


def test_a_segment_of_which_no_row_had_a_value_is_credited_as_missing(tmp_path: Path) -> None:
    with replicas(tmp_path, a_labelled_monitor(), ["a", "b"]) as (first, second):
        rows = predictions(["p1"], NOON_S)
        first.warm.land(first.warm.claim("older"), a_stream(an_entry(rows)))
        second.watched.label({"id": "p1", "label": 1})
        second.land()
        second.find_late()
        assert second.value(JOINED, segment="region=missing") == 1


class EmptiedHotTier(MemoryHotTier):
    """Neither answers nor takes anything while it is away."""

    rebuilds = 0

    def get_value(self, key: str) -> bytes | None:
        self._answer()
        return super().get_value(key)

    def rebuild(self, monitor: HotMonitor, batches: Iterable[pa.RecordBatch]) -> int:
        self.rebuilds += 1
        self._answer()
        return super().rebuild(monitor, batches)

    def _answer(self) -> None:
        if not self.is_up:
            raise RetryLater("away")


def test_a_hot_tier_that_was_away_is_filled_again_from_warm(tmp_path: Path) -> None:
    hot = EmptiedHotTier(MovedClock())
    with replicas(tmp_path, a_labelled_monitor(), ["a", "b"]) as (first, second):
        first.watched.predict(an_event("p1", NOON_S), an_event("p2", NOON_S))
        first.land()
        joiner = LateLabels(second.late_labels.monitors, hot, list, AGAIN_EVERY_S)
        for is_up, found in ((False, []), (True, [0, 1])):
            hot.is_up = is_up
            joiner.refill_hot(first.warm, NOON_S)
            monitor = hot_monitor(second.watched.shared.monitor)
            assert hot.find(monitor, pa.array(["p1", "p2"]))["row"].to_pylist() == found
        hot.is_up = False
        joiner.refill_hot(first.warm, NOON_S)
        hot.is_up = True
        first.watched.predict(an_event("p3", NOON_S))
        first.land()
        joiner.refill_hot(first.warm, NOON_S + 60)
        assert hot.find(monitor, pa.array(["p3"])).num_rows == 1


class TiredHotTier(EmptiedHotTier):
    """Answers, and gives up over a rebuild."""

    def rebuild(self, monitor: HotMonitor, batches: Iterable[pa.RecordBatch]) -> int:
        self.rebuilds += 1
        self.is_up = False
        raise RetryLater("too slow")


def test_a_hot_tier_that_is_away_costs_no_reading_of_warm(tmp_path: Path) -> None:
    hot = EmptiedHotTier(MovedClock())
    hot.is_up = False
    with replicas(tmp_path, a_labelled_monitor(), ["a", "b"]) as (first, second):
        joiner = LateLabels(second.late_labels.monitors, hot, list, AGAIN_EVERY_S)
        joiner.refill_hot(first.warm, NOON_S)
    assert hot.rebuilds == 0


def test_a_hot_tier_that_gives_up_over_and_over_is_refilled_ever_more_rarely(tmp_path: Path) -> None:
    hot = TiredHotTier(MovedClock())
    tried = []
    with replicas(tmp_path, a_labelled_monitor(), ["a", "b"]) as (first, second):
        joiner = LateLabels(second.late_labels.monitors, hot, list, AGAIN_EVERY_S)
        for seconds in range(0, 3600, 5):
            hot.is_up, before = True, hot.rebuilds
            joiner.refill_hot(first.warm, NOON_S + seconds)
            tried += [seconds] * (hot.rebuilds - before)
    assert tried == [0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430, 3030]
