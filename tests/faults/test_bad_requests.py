"""Requests that are wrong, huge, slow or many: each is answered, and neither the process nor the scrape suffers."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.support.exporters import RunningExporter, an_exporter
from tests.support.load import MONITOR, predictions
from tests.support.monitor_files import write_monitor
from tests.support.payloads import as_lines
from tests.support.scrapes import ParsedScrape
from tests.support.sockets import address_of, head_of_post

FEATURES = "age: {type: number}, region: {type: category}"
COUNTED = "infranaut_predictions_total"
FAILED = "infranaut_ingest_records_failed_total"
PREDICTIONS = f"/v1/monitors/{MONITOR}/predictions"
MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExporter]:
    """One worker, so that whatever hurts it hurts the next test too; in the end nobody must have stumbled."""
    folder = tmp_path_factory.mktemp("requests")
    write_monitor(folder / "monitors", features=FEATURES)
    with an_exporter(folder, folder / "monitors") as running:
        workers = running.children("worker")
        yield running
        assert running.children("worker") == workers
        assert "Traceback" not in running.text_of_log()


def test_an_unknown_monitor_is_told_with_the_one_that_was_meant(exporter: RunningExporter) -> None:
    answer = exporter.post_predictions("credti", predictions("a", 1))
    assert (answer.status_code, answer.json()) == (404, {"error": "no monitor 'credti'; did you mean 'credit'?"})
    other = exporter.post_predictions("zebra", predictions("a", 1))
    assert (other.status_code, other.json()) == (404, {"error": "no monitor 'zebra'; there are credit"})


def test_another_method_is_told_the_right_one(exporter: RunningExporter) -> None:
    answer = requests.get(f"{exporter.ingest_url}/v1/monitors/{MONITOR}/predictions", timeout=10)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("headers", [{"content_type": "application/xml"}, {"content_encoding": "br"}])
def test_what_cannot_be_read_is_refused_by_its_name(exporter: RunningExporter, headers: dict[str, str]) -> None:
    answer = exporter.post(MONITOR, "predictions", b"<rows/>", **headers)
    assert answer.status_code == 415
    assert next(iter(headers.values())) in answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"\n\n", b"[]"])
def test_a_body_without_rows_is_answered(exporter: RunningExporter, body: bytes) -> None:
    before = exporter.metrics().value(COUNTED)
    assert exporter.post(MONITOR, "predictions", body).status_code in {202, 400}
    assert exporter.metrics().value(COUNTED) == before


def test_a_hundred_megabytes_are_refused_and_the_process_lives(exporter: RunningExporter) -> None:
    """With a length, in chunks of unknown total, and as a gzip bomb of a hundred kilobytes."""
    row = as_lines(predictions("large", 1))
    large = row * (100 * MEBIBYTE // len(row))
    before = exporter.metrics().value(FAILED, reason="too_large")
    chunks = (large[start : start + MEBIBYTE] for start in range(0, len(large), MEBIBYTE))
    for answer in (
        exporter.post(MONITOR, "predictions", large),
        exporter.post(MONITOR, "predictions", chunks),
        exporter.post(MONITOR, "predictions", gzip.compress(large, 1), content_encoding="gzip"),
    ):
        assert answer.status_code == 413
        assert "67,108,864 bytes" in answer.json()["error"]
    assert exporter.metrics().value(FAILED, reason="too_large") == before + 3
    assert exporter.post_predictions(MONITOR, predictions("after-large", 1)).status_code == 202
    letters = "".join(path.read_text() for path in (exporter.state / "dead-letters" / MONITOR).iterdir())
    assert letters.count('"reason":"too_large"') >= 3
    assert len(letters) < MEBIBYTE


def test_a_body_beyond_all_that_may_be_under_way_is_too_large_and_not_for_later(exporter: RunningExporter) -> None:
    host, port = address_of(exporter.ingest_url)
    connection = http.client.HTTPConnection(host, port, timeout=30)
    chunk, chunks = b"x" * MEBIBYTE, 300
    headers = {"Content-Length": str(chunks * len(chunk))}
    connection.request("POST", PREDICTIONS, (chunk for _ in range(chunks)), headers)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_slow_client_keeps_nobody_waiting(exporter: RunningExporter) -> None:
    body = as_lines(predictions("slow", 3))
    with socket.create_connection(address_of(exporter.ingest_url)) as connection:
        connection.sendall(head_of_post(PREDICTIONS, len(body)))
        for position, byte in enumerate(body):
            connection.sendall(bytes([byte]))
            if position % 50 == 0:
                assert exporter.post_predictions(MONITOR, predictions(f"quick{position}-", 1)).status_code == 202
        assert b" 202 " in connection.recv(65_536)


def test_a_client_that_hangs_up_in_mid_body_leaves_nothing_behind(exporter: RunningExporter) -> None:
    before = exporter.metrics().value("infranaut_ingest_records_total")
    for _ in range(20):
        with socket.create_connection(address_of(exporter.ingest_url)) as connection:
            connection.sendall(head_of_post(PREDICTIONS, 1_000_000) + as_lines(predictions("gone", 10)))
    assert exporter.post_predictions(MONITOR, predictions("after-gone", 1)).status_code == 202
    assert exporter.metrics().value("infranaut_ingest_records_total") == before + 1


def test_a_storm_of_single_events_from_many_connections_counts_each_once(exporter: RunningExporter) -> None:
    before = settled(exporter).value(COUNTED)
    rows = predictions("storm", 600)

    def post(row: dict[str, object]) -> int:
        return exporter.post_predictions(MONITOR, [row]).status_code

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(post, rows)) == {202}
    exporter.wait_for_value(before + 600, COUNTED)


def test_each_of_many_simultaneous_events_gets_an_answer_of_its_own(exporter: RunningExporter) -> None:
    """Events that come together are taken as one batch; a bad one must not answer for its neighbours."""
    good = predictions("mixed", 40)
    bad = [{**row, "id": None} for row in good]
    host, port = address_of(exporter.ingest_url)

    def post(row: dict[str, object]) -> int:
        connection = http.client.HTTPConnection(host, port, timeout=20)
        connection.request("POST", PREDICTIONS, json.dumps(row))
        status = connection.getresponse().status
        connection.close()
        return status

    with ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(post, [row for pair in zip(good, bad, strict=True) for row in pair]))
    assert statuses == [202, 400] * 40


def test_no_rubbish_stops_the_scrape(exporter: RunningExporter) -> None:
    rows = [json.dumps(row) for row in predictions("fine", 3)]
    rubbish = [
        '{"id": "r1", "ts": NaN, "score": Infinity, "age": -Infinity}',
        '{"id": "r2", "ts": ',
        '{"id": "\\ud800", "ts": 1, "score": 0.5, "region": "\\udfff"}',
        '[[[[[[', "null", '"text"', "\x00\x01", '{"id": {"a": 1}, "ts": [], "score": {}}',
    ]  # fmt: skip
    fine_region = json.dumps({**predictions("odd", 1)[0], "region": '\n"\\{}\u2028\U0001f600'})
    body = "\n".join([rows[0], *rubbish, rows[1], fine_region, rows[2]]).encode("utf-8", "surrogatepass")
    answer = exporter.post(MONITOR, "predictions", body).json()
    assert (answer["accepted"], answer["rejected"]) == (4, len(rubbish))
    for kind in ("predictions", "labels", "nonsense"):
        exporter.post(MONITOR, kind, bytes(range(256)) * 100)
    settled(exporter)


def test_a_hundred_thousand_distinct_categories_make_no_new_series(exporter: RunningExporter) -> None:
    before = settled(exporter)
    rows = [{**row, "region": f"region {number}"} for number, row in enumerate(predictions("many", 100_000))]
    assert exporter.post_predictions(MONITOR, rows).json()["accepted"] == 100_000
    after = exporter.wait_for_value(before.value(COUNTED) + 100_000, COUNTED)
    assert after.value("infranaut_series") == before.value("infranaut_series")
    other = {"feature": "region", "bin": "c:__other__"}
    name = "infranaut_feature_bin_total"
    assert after.value(name, **other) == before.value(name, **other) + 100_000


def test_the_web_listener_says_where_predictions_are_posted(exporter: RunningExporter) -> None:
    answer = requests.post(f"{exporter.web_url}/v1/monitors/{MONITOR}/predictions", json=[], timeout=10)
    assert (answer.status_code, exporter.ingest_url in answer.text) == (404, True)


def settled(exporter: RunningExporter) -> ParsedScrape:
    """A scrape once nothing waits to be counted."""
    return exporter.wait_for_value(0, "infranaut_ingest_queue_records")


def test_a_sender_beyond_the_limit_of_records_is_told_to_wait(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors", more="  limits: {records_per_second: 5}\n")
    with an_exporter(tmp_path, tmp_path / "monitors") as exporter:
        assert exporter.post_predictions(MONITOR, predictions("first", 20)).status_code == 202
        answer = exporter.post_predictions(MONITOR, predictions("second", 1))
        assert (answer.status_code, int(answer.headers["Retry-After"])) == (429, 4)
        assert "spec.limits.records_per_second" in answer.json()["error"]
        single = exporter.post(MONITOR, "predictions", as_lines(predictions("third", 1)).strip())
        assert single.status_code == 429
        assert exporter.wait_for_value(20, COUNTED).value(FAILED) == 0
