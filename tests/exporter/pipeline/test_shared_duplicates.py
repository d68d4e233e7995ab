"""A body that goes to another exporter again, once the first has landed it, counts once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.archive.hot.memory import MemoryHotTier
from exporter.monitor.spec import Monitor
from tests.support.batches import a_monitor
from tests.support.clocks import NOON_S, MovedClock
from tests.support.replicas import Replica, an_event, replicas

COUNTED = "infranaut_predictions_total"
DUPLICATES = "infranaut_duplicate_records_total"
LABELLED = "infranaut_labels_total"
PENDING = "infranaut_labels_pending"


def a_labelled_monitor(private: tuple[str, ...] = ()) -> Monitor:
    monitor = a_monitor({"age": {"type": "number"}}, model_version="version").model_dump(
        mode="json", exclude_defaults=True
    )
    monitor["spec"] |= {"labels": {"join": "id"}, "privacy": {"pseudonymise": list(private)}}
    return Monitor.model_validate(monitor)


@contextmanager
def two(folder: Path, monitor: Monitor) -> Iterator[list[Replica]]:
    """Two exporters that share what they know of ids."""
    with replicas(folder, monitor, ["a", "b"], MemoryHotTier(MovedClock()), shares_duplicates=True) as pair:
        yield pair


@pytest.mark.parametrize("monitor", [a_monitor(model_version="version"), a_labelled_monitor(("id",))])
def test_what_another_exporter_took_is_told_as_a_duplicate_and_kept_once(tmp_path: Path, monitor: Monitor) -> None:
    with two(tmp_path, monitor) as (first, second):
        first.watched.predict(an_event("p1", NOON_S), an_event("p2", NOON_S, version="v1"))
        first.land()
        receipt = second.watched.predict(an_event("p3", NOON_S), an_event("p1", NOON_S), an_event("p4", NOON_S))
        assert (receipt.accepted, [reject.position for reject in receipt.rejects]) == (2, [1])
        assert receipt.rejects[0].detail == "id 'p1' was taken before"
        assert (first.value(COUNTED), second.value(COUNTED)) == (2, 2)
        assert second.value(DUPLICATES, model_version="v2") == 1
        assert [entry.rows.num_rows for entry in second.journal.kept] == [2]


def test_a_body_of_nothing_new_is_not_kept_and_its_rows_are_rejected(tmp_path: Path) -> None:
    with two(tmp_path, a_monitor(model_version="version")) as (first, second):
        first.watched.predict(an_event("p1", NOON_S))
        first.land()
        receipt = second.watched.predict(an_event("p1", NOON_S))
        assert (receipt.accepted, [reject.reason for reject in receipt.rejects]) == (0, ["duplicate"])
        assert second.journal.kept == []
        assert [letter["reason"] for letter in second.watched.dead_letters()] == ["duplicate"]
        assert (second.value(COUNTED), second.value(DUPLICATES)) == (0, 1)


def test_what_has_not_landed_yet_is_nobodys(tmp_path: Path) -> None:
    with two(tmp_path, a_monitor(model_version="version")) as (first, second):
        first.watched.predict(an_event("p1", NOON_S))
        assert second.watched.predict(an_event("p1", NOON_S)).accepted == 1


def test_a_label_of_what_was_taken_elsewhere_is_credited_where_it_came(tmp_path: Path) -> None:
    """It came before its prediction was sent here again, and still waits."""
    with two(tmp_path, a_labelled_monitor()) as (first, second):
        second.watched.label({"id": "p1", "label": 1})
        first.watched.predict(an_event("p1", NOON_S))
        first.land()
        assert second.watched.predict(an_event("p1", NOON_S)).accepted == 0
        second.land()
        assert (second.value(LABELLED), second.value(PENDING)) == (1, 0)
        assert (first.value(COUNTED), second.value(COUNTED)) == (1, 0)


def test_without_sharing_each_exporter_knows_its_own_ids_only(tmp_path: Path) -> None:
    monitor = a_monitor(model_version="version")
    with replicas(tmp_path, monitor, ["a", "b"], MemoryHotTier(MovedClock())) as (first, second):
        first.watched.predict(an_event("p1", NOON_S))
        first.land()
        assert second.watched.predict(an_event("p1", NOON_S)).accepted == 1
