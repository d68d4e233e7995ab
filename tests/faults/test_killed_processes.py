"""`kill -9` of each process of an exporter under load."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.exporters import RunningExporter, an_exporter, session_of, started
from tests.support.load import MONITOR, a_load, predictions
from tests.support.monitor_files import write_monitor
from tests.support.polling import wait_until

COUNTED = "infranaut_predictions_total"


def test_a_killed_worker_is_forked_again_and_what_was_counted_stays(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    with an_exporter(tmp_path, tmp_path / "monitors", processes=2) as exporter:
        exporter.post_predictions(MONITOR, predictions("before", 1_000))
        exporter.wait_for_value(1_000, COUNTED)
        with a_load(exporter) as load:
            for victim in sorted(exporter.children("worker")):
                os.kill(victim, signal.SIGKILL)
                load.wait_for_more(500)
                assert exporter.metrics().value(COUNTED) >= 1_000
                wait_until(lambda: len(exporter.children("worker")) == 2, 20, "two workers")
        assert set(load.statuses) <= {202, 400}
        final = exporter.wait_for_value(0, "infranaut_ingest_queue_records")
        assert 1_000 < final.value(COUNTED) <= 1_000 + load.settled_rows
        exporter.post_predictions(MONITOR, predictions("after", 10))
        exporter.wait_for_value(final.value(COUNTED) + 10, COUNTED)
        assert exporter.text_of_log().count("ended with signal 9; starting it again") == 2


def test_a_killed_exposer_comes_back_with_the_same_counts(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    with an_exporter(tmp_path, tmp_path / "monitors") as exporter:
        exporter.post_predictions(MONITOR, predictions("a", 100))
        exporter.wait_for_value(100, COUNTED)
        kill(exporter, "exposer")
        assert exporter.post_predictions(MONITOR, predictions("b", 10)).status_code == 202
        wait_until(exporter.is_ready, 20, "both listeners")
        exporter.wait_for_value(110, COUNTED)
        assert exporter.reload().status_code == 200


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT])
def test_the_children_of_a_killed_supervisor_end(tmp_path: Path, number: signal.Signals) -> None:
    write_monitor(tmp_path / "monitors")
    with started(tmp_path, tmp_path / "monitors", 2, ()) as exporter:
        wait_until(exporter.is_ready, 60, "the exporter ready")
        exporter.process.send_signal(number)
        exporter.process.wait(10)
        wait_until(lambda: not session_of(exporter.process.pid), 20, "no process left")


def kill(exporter: RunningExporter, role: str) -> None:
    (pid,) = exporter.children(role)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pid not in exporter.children(role), 10, f"the {role} gone")
