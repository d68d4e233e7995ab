"""Labels that come early, twice, for nothing, or to another process than their prediction."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.exporters import RunningExporter, an_exporter
from tests.support.load import MONITOR, predictions
from tests.support.monitor_files import write_monitor
from tests.support.sockets import inode_of_peer, inodes_of

WITH_LABELS = "  labels: {join: id}\n"
JOINED, PENDING = "infranaut_labels_total", "infranaut_labels_pending"


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExporter]:
    """Two workers and a monitor with labels; every test uses ids of its own."""
    folder = tmp_path_factory.mktemp("labels")
    write_monitor(folder / "monitors", more=WITH_LABELS)
    with an_exporter(folder, folder / "monitors", processes=2) as running:
        yield running


def test_a_label_that_comes_before_its_prediction_waits_for_it(exporter: RunningExporter) -> None:
    before = exporter.metrics()
    answer = exporter.post_labels(MONITOR, [{"id": f"early{row}", "label": 1} for row in range(5)])
    assert (answer.status_code, answer.json()["accepted"]) == (202, 5)
    assert exporter.metrics().value(JOINED) == before.value(JOINED)
    exporter.post_predictions(MONITOR, predictions("early", 5))
    after = exporter.wait_for_value(before.value(JOINED) + 5, JOINED)
    assert after.value(PENDING) == before.value(PENDING)
    outcome = {"actual": "1", "predicted": "0"}
    name = "infranaut_outcomes_total"
    assert after.value(name, **outcome) == before.value(name, **outcome) + 5


def test_a_label_that_comes_twice_counts_once(exporter: RunningExporter) -> None:
    before = exporter.metrics().value(JOINED)
    exporter.post_predictions(MONITOR, predictions("twice", 3))
    labels = [{"id": f"twice{row}", "label": 0} for row in range(3)]
    assert exporter.post_labels(MONITOR, labels).status_code == 202
    again = exporter.post_labels(MONITOR, labels)
    assert (again.status_code, again.json()["reasons"]) == (400, {"duplicate": 3})
    assert "'twice0' has a label already" in again.json()["errors"][0]["detail"]
    exporter.wait_for_value(before + 3, JOINED)


def test_a_label_in_one_body_twice_counts_once(exporter: RunningExporter) -> None:
    exporter.post_predictions(MONITOR, predictions("same", 1))
    answer = exporter.post_labels(MONITOR, [{"id": "same0", "label": 0}, {"id": "same0", "label": 1}]).json()
    assert (answer["accepted"], answer["reasons"]) == (1, {"duplicate": 1})


def test_labels_for_a_monitor_that_wants_none_are_refused(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    with an_exporter(tmp_path, tmp_path / "monitors") as exporter:
        answer = exporter.post_labels(MONITOR, [{"id": "a", "label": 1}])
        assert (answer.status_code, "add spec.labels" in answer.json()["error"]) == (404, True)


def test_a_label_finds_a_prediction_that_another_process_took(exporter: RunningExporter) -> None:
    before = exporter.metrics().value(JOINED)
    one, other = connections_to_two_workers(exporter)
    for round_ in range(10):
        row = predictions(f"across{round_}-", 1)[0]
        assert post(one, "predictions", row)["accepted"] == 1
        assert post(other, "labels", {"id": row["id"], "label": 1})["accepted"] == 1
        one, other = other, one
    exporter.wait_for_value(before + 10, JOINED)
    one.close()
    other.close()


def connections_to_two_workers(exporter: RunningExporter) -> tuple[http.client.HTTPConnection, ...]:
    """Opens connections, which whichever worker is first accepts, until two workers have one."""
    found: dict[int, http.client.HTTPConnection] = {}
    spare: list[http.client.HTTPConnection] = []
    deadline_s = time.monotonic() + 20
    while len(found) < 2:
        assert time.monotonic() < deadline_s, "one worker takes every connection"
        connection = http.client.HTTPConnection(exporter.ingest_url.removeprefix("http://"), timeout=10)
        post(connection, "labels", {"id": f"probe{len(spare)}", "label": 1})
        worker = worker_of(exporter, connection)
        if worker in found:
            spare.append(connection)
        found.setdefault(worker, connection)
    for connection in spare:
        connection.close()
    return tuple(found.values())


def worker_of(exporter: RunningExporter, connection: http.client.HTTPConnection) -> int:
    inode = inode_of_peer(connection.sock.getsockname()[1])
    (worker,) = [pid for pid in exporter.children("worker") if inode in inodes_of(pid)]
    return worker


def post(connection: http.client.HTTPConnection, kind: str, row: Mapping[str, Any]) -> Any:
    connection.request("POST", f"/v1/monitors/{MONITOR}/{kind}", json.dumps(row))
    return json.loads(connection.getresponse().read())
