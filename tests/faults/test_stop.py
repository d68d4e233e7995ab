"""SIGTERM and SIGINT: what is under way is finished, what was acknowledged is counted, nothing is left behind."""

from __future__ import annotations

import os
import signal
import socket
import time
from functools import partial
from pathlib import Path

import pytest

from tests.support.exporters import STOP_DEADLINE_S, RunningExporter, an_exporter
from tests.support.load import MONITOR, a_load
from tests.support.monitor_files import write_monitor
from tests.support.polling import wait_until
from tests.support.sockets import address_of, head_of_post

COUNTED = "infranaut_predictions_total"
PREDICTIONS = f"/v1/monitors/{MONITOR}/predictions"
WITH_SQL = "  rules: [{name: adult, sql: 'age >= 18'}]\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_mid_batch_leaves_every_request_answered_or_refused(tmp_path: Path, number: signal.Signals) -> None:
    write_monitor(tmp_path / "monitors", more=WITH_SQL)
    with an_exporter(tmp_path, tmp_path / "monitors", processes=2) as exporter:
        with a_load(exporter, clients=4, is_retrying=False) as load:
            load.wait_for_more(500)
            exporter.process.send_signal(number)
            assert exporter.process.wait(STOP_DEADLINE_S) == 0
            wait_until(lambda: all(client.connection_errors for client in load.clients), 10, "every client refused")
        assert set(load.statuses) == {202}
        log = exporter.text_of_log()
        assert log.rstrip().endswith("stopped")
        assert not [word for word in ("Traceback", "ERROR", "leaked", "Exception") if word in log]


def test_what_a_worker_acknowledged_before_it_was_told_to_stop_is_counted(tmp_path: Path) -> None:
    """Counting waits a quarter of a second for more rows: the worker is stopped within that time, again and again."""
    write_monitor(tmp_path / "monitors")
    with an_exporter(tmp_path, tmp_path / "monitors") as exporter, a_load(exporter) as load:
        for _ in range(3):
            (worker,) = exporter.children("worker")
            load.wait_for_more(200)
            os.kill(worker, signal.SIGTERM)
            wait_until(partial(is_replaced, exporter, worker), 20, "another worker")
            load.wait_for_more()
        for client in load.clients:
            client.stop()
        wait_until(lambda: exporter.metrics().value(COUNTED) == load.settled_rows, 20, "every acknowledged row counted")


def test_a_body_that_is_still_coming_may_be_finished(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    with an_exporter(tmp_path, tmp_path / "monitors") as exporter:
        first, second = (
            f'{{"id": "{name}", "ts": {time.time()}, "score": 0.5, "age": 30}}\n'.encode() for name in "ab"
        )
        with socket.create_connection(address_of(exporter.ingest_url)) as connection:
            connection.sendall(head_of_post(PREDICTIONS, len(first) + len(second)) + first)
            wait_until(lambda: exporter.scrape().ok, 5, "a moment")
            exporter.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not is_listening(exporter.web_url), 10, "the exporter stopping")
            connection.sendall(second)
            answer = connection.recv(65_536)
        assert b" 202 " in answer
        assert exporter.process.wait(STOP_DEADLINE_S) == 0


def test_a_second_signal_does_not_wait_for_a_slow_client(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    with (
        an_exporter(tmp_path, tmp_path / "monitors") as exporter,
        socket.create_connection(address_of(exporter.ingest_url)) as connection,
    ):
        connection.sendall(head_of_post(PREDICTIONS, 1_000) + b"{")
        wait_until(lambda: exporter.scrape().ok, 5, "a moment")
        exporter.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_listening(exporter.web_url), 10, "the exporter stopping")
        exporter.process.send_signal(signal.SIGTERM)
        assert exporter.process.wait(5) == 0


def is_replaced(exporter: RunningExporter, worker: int) -> bool:
    return exporter.children("worker") not in (set(), {worker})


def is_listening(url: str) -> bool:
    try:
        with socket.create_connection(address_of(url), timeout=1):
            return True
    except OSError:
        return False
