"""A started exporter knows what it knew: ids, predictions that wait, labels that wait."""

from __future__ import annotations

from pathlib import Path

from exporter.monitor.spec import Monitor
from tests.exporter.archive.test_late_labels import a_labelled_monitor
from tests.support.batches import a_monitor
from tests.support.clocks import NOON_S
from tests.support.replicas import an_event, replicas

COUNTED = "infranaut_predictions_total"
JOINED = "infranaut_labels_total"
PENDING = "infranaut_labels_pending"


def test_an_id_is_a_duplicate_after_a_restart_too(tmp_path: Path) -> None:
    monitor = a_monitor({"age": {"type": "number"}, "region": {"type": "category"}}, model_version="version")
    with replicas(tmp_path, monitor, ["a", "a"]) as (before, after):
        before.watched.predict(an_event("p1", NOON_S), an_event("p2", NOON_S))
        before.watched.predict(an_event("old", NOON_S - 86_399))
        before.land()
        after.watched.clock.move(10)
        assert after.recall() == 2
        receipt = after.watched.predict(an_event("p1", NOON_S), an_event("p3", NOON_S))
        assert [(reject.position, reject.reason) for reject in receipt.rejects] == [(0, "duplicate")]
        assert after.value(COUNTED) == 1


def test_predictions_wait_for_their_labels_across_a_restart_and_labels_for_their_predictions(tmp_path: Path) -> None:
    with replicas(tmp_path, a_labelled_monitor(), ["a", "a"]) as (before, after):
        events = [
            an_event("done", NOON_S),
            an_event("waits", NOON_S),
            an_event("failed", NOON_S, score=None, error="e"),
        ]
        before.watched.predict(*events)
        before.watched.label({"id": "done", "label": 1}, {"id": "early", "label": 1})
        before.land()
        assert after.recall() == 3
        assert (after.value(PENDING), after.value(JOINED), after.value(COUNTED)) == (1, 0, 0)
        labelled = after.watched.label({"id": "done", "label": 1}, {"id": "waits", "label": 0})
        assert [(reject.position, reject.reason) for reject in labelled.rejects] == [(0, "duplicate")]
        assert (after.value(PENDING), after.value(JOINED)) == (0, 1)
        after.watched.predict(an_event("early", NOON_S))
        assert (after.value(PENDING), after.value(JOINED)) == (0, 2)


def test_what_is_recalled_twice_is_there_once(tmp_path: Path) -> None:
    with replicas(tmp_path, a_labelled_monitor(), ["a", "a"]) as (before, after):
        before.watched.predict(an_event("p1", NOON_S))
        before.land()
        assert (after.recall(), after.recall(), after.value(PENDING)) == (1, 0, 1)


def test_a_private_id_is_known_after_a_restart_by_its_hash(tmp_path: Path) -> None:
    monitor = a_labelled_monitor().model_dump(mode="json", exclude_defaults=True)
    monitor["spec"]["privacy"] = {"pseudonymise": ["id"]}
    with replicas(tmp_path, Monitor.model_validate(monitor), ["a", "a"]) as (before, after):
        before.watched.predict(an_event("p1", NOON_S))
        before.land()
        after.recall()
        assert [reject.reason for reject in after.watched.predict(an_event("p1", NOON_S)).rejects] == ["duplicate"]
        after.watched.label({"id": "p1", "label": 1})
        assert after.value(JOINED) == 1
