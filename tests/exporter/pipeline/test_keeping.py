"""Rows are kept before anything comes of them, and kept as they were accepted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.entry import Entry, Kind, decode_entry, encode_entry
from exporter.errors import DiskFailed, RetryLater
from exporter.monitor.spec import Monitor
from exporter.pipeline import Payload
from tests.support.batches import a_monitor
from tests.support.clocks import NOON_S
from tests.support.journals import HeldJournal
from tests.support.pipelines import WatchedPipeline, a_pipeline, as_lines, beside

COUNTED = "infranaut_predictions_total"
NOON = datetime.fromtimestamp(NOON_S, UTC)


def an_event(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "ts": NOON_S, "score": 0.25, "age": 30, **fields}


def a_private_monitor(pseudonymise: list[str], drop: list[str] | None = None) -> Monitor:
    monitor = a_monitor(
        {"age": {"type": "number"}, "customer": {"type": "category"}, "email": {"type": "category"}},
        model_version="version",
    )
    spec = monitor.model_dump(mode="json", exclude_defaults=True)
    spec["spec"] |= {"privacy": {"pseudonymise": pseudonymise, "drop": drop or []}, "labels": {"join": "id"}}
    return Monitor.model_validate(spec)


def rows_of(entry: Entry) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = entry.rows.to_pylist()
    return rows


def test_nothing_comes_of_a_body_before_it_is_kept(tmp_path: Path) -> None:
    journal = HeldJournal()
    journal.is_held = True
    watched = a_pipeline(tmp_path, a_monitor(), journal=journal)
    receipts = []
    admitted = watched.pipeline.admit_predictions(Payload(as_lines([an_event("a")])))
    watched.pipeline.keep(admitted, lambda error: receipts.append((error, watched.pipeline.accept(admitted))))
    assert watched.value(COUNTED) == 0
    assert receipts == []
    journal.release()
    assert watched.value(COUNTED) == 1
    assert [(error, receipt.accepted) for error, receipt in receipts] == [(None, 1)]


@pytest.mark.parametrize("error", [RetryLater("no room"), DiskFailed("the disk")])
def test_a_body_that_was_not_kept_may_be_sent_again(tmp_path: Path, error: Exception) -> None:
    journal = HeldJournal()
    watched = a_pipeline(tmp_path, a_monitor(), journal=journal)
    journal.is_held = True
    body = Payload(as_lines([an_event("a"), "{"]))
    admitted = watched.pipeline.admit_predictions(body)
    told: list[Exception | None] = []
    watched.pipeline.keep(admitted, told.append)
    journal.fail(error)
    assert told == [error]
    journal.is_held, journal.is_full = False, True
    with pytest.raises(RetryLater):
        watched.predict(an_event("a"), "{")
    assert watched.dead_letters() == []
    journal.is_full = False
    receipt = watched.predict(an_event("a"), "{")
    assert (receipt.accepted, len(receipt.rejects)) == (1, 1)
    assert (watched.value(COUNTED), len(watched.dead_letters())) == (1, 1)


def test_what_is_kept_is_what_was_read_with_derived_values_and_without_what_was_rejected(tmp_path: Path) -> None:
    features = {"age": {"type": "number"}, "region": {"type": "category"}, "half": {"type": "number", "sql": "age / 2"}}
    journal = HeldJournal()
    watched = a_pipeline(tmp_path, a_monitor(features, latency_seconds="took"), journal=journal)
    watched.predict(an_event("a", region="north", took=0.5), {"ts": NOON_S}, an_event("b", age="old"))
    (entry,) = (decode_entry(encode_entry(entry)) for entry in journal.kept)
    assert (entry.monitor, entry.kind, entry.source, entry.received_at) == ("credit", Kind.PREDICTIONS, "http", NOON_S)
    common = {"time": NOON, "prediction": 0.25}
    usable = {"age": 30.0, "region": "north", "half": 15.0, "unusable": None}
    nothing = {"age": None, "region": None, "half": None, "unusable": '["age"]'}
    assert rows_of(entry) == [
        {"id": "a", **common, "latency_seconds": 0.5, **usable},
        {"id": "b", **common, "latency_seconds": None, **nothing},
    ]


def test_labels_are_kept_with_the_time_of_their_arrival(tmp_path: Path) -> None:
    journal = HeldJournal()
    watched = a_pipeline(tmp_path, a_private_monitor([]), journal=journal)
    watched.label({"id": "a", "label": 1}, {"id": "b", "label": 0})
    assert [entry.kind for entry in journal.kept] == [Kind.LABELS]
    assert rows_of(journal.kept[0]) == [
        {"id": "a", "time": NOON, "label": 1.0},
        {"id": "b", "time": NOON, "label": 0.0},
    ]


def test_private_fields_are_left_out_or_kept_as_a_keyed_hash(tmp_path: Path) -> None:
    journal = HeldJournal()
    watched = a_pipeline(tmp_path, a_private_monitor(["customer", "age", "version"], ["email"]), journal=journal)
    events = [
        an_event(name, customer=customer, email="a@b.c", version="v1")
        for name, customer in (("a", "Ann"), ("b", "Bob"), ("c", "Ann"), ("d", None))
    ]
    watched.predict(*events)
    rows = rows_of(journal.kept[0])
    assert {name for row in rows for name in row} == {"id", "time", "prediction", "model_version", "customer"}
    customers = [row["customer"] for row in rows]
    assert customers[0] == customers[2] != customers[1]
    assert customers[3] is None
    assert len(customers[0]) == 32
    assert all(text not in str(rows) for text in ("Ann", "Bob", "v1", "a@b.c"))


def test_privacy_names_fields_of_the_payload_not_features(tmp_path: Path) -> None:
    features = {
        "age": {"type": "number", "field": "years"},
        "age_group": {"type": "category", "field": "years"},
        "years": {"type": "category", "field": "tenure"},
    }
    monitor = a_monitor(features).model_dump(mode="json", exclude_defaults=True)
    monitor["spec"]["privacy"] = {"drop": ["years"]}
    journal = HeldJournal()
    watched = a_pipeline(tmp_path, Monitor.model_validate(monitor), journal=journal)
    watched.predict({"id": "a", "ts": NOON_S, "score": 0.5, "years": 30, "tenure": "long"})
    assert rows_of(journal.kept[0]) == [{"id": "a", "time": NOON, "prediction": 0.5, "years": "long"}]


def test_a_private_id_still_tells_duplicates_and_joins_labels_in_memory_and_in_the_archive(tmp_path: Path) -> None:
    journal = HeldJournal()
    watched = a_pipeline(tmp_path, a_private_monitor(["id"]), journal=journal)
    watched.predict(an_event("secret"))
    assert [reject.reason for reject in watched.predict(an_event("secret")).rejects] == ["duplicate"]
    watched.label({"id": "secret", "label": 1})
    assert watched.value("infranaut_labels_total") == 1
    predicted, again, labelled = (entry.rows.column("id").to_pylist() for entry in journal.kept)
    assert predicted == again == labelled != ["secret"]


def test_processes_of_one_exporter_keep_rows_in_one_order_with_their_duplicates(tmp_path: Path) -> None:
    first = a_pipeline(tmp_path, a_monitor(), journal=HeldJournal())
    journal = HeldJournal()
    second: WatchedPipeline = beside(tmp_path, first.shared, 1, first.clock, journal)
    first.predict(an_event("a"))
    assert [reject.reason for reject in second.predict(an_event("a"), an_event("b")).rejects] == ["duplicate"]
    assert [row["id"] for row in rows_of(journal.kept[0])] == ["a", "b"]
