"""New monitors for a running exporter: by `/-/reload` and by SIGHUP, good ones and broken ones, under load."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.exporters import RunningExporter, an_exporter
from tests.support.load import MONITOR, a_load, predictions
from tests.support.monitor_files import write_monitor
from tests.support.polling import wait_until

COUNTED = "infranaut_predictions_total"
SUCCESSFUL = "infranaut_config_last_reload_successful"
THRESHOLD = "infranaut_monitor_threshold_ratio"


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[RunningExporter]:
    """Two workers and the monitor `credit`."""
    write_monitor(tmp_path / "monitors")
    with an_exporter(tmp_path, tmp_path / "monitors", processes=2) as running:
        yield running


def test_a_broken_file_leaves_the_old_monitors_at_work_and_is_told(exporter: RunningExporter, tmp_path: Path) -> None:
    exporter.post_predictions(MONITOR, predictions("a", 10))
    before, workers = exporter.wait_for_value(10, COUNTED), exporter.children("worker")
    mistakes = "  drfit: {window: 1h}\n  rules: [{name: r, sql: 'age >'}]\n"
    file = write_monitor(tmp_path / "monitors", "broken", more=mistakes)
    answer = exporter.reload()
    assert answer.status_code == 422
    assert "the old monitors stay" in answer.text
    assert f"{file}:8: spec.drfit" in answer.text
    assert "did you mean 'drift'" in answer.text
    assert f"{file}:9: spec.rules[0].sql" in answer.text
    after = exporter.metrics()
    assert (before.value(SUCCESSFUL), after.value(SUCCESSFUL)) == (1, 0)
    assert after.value("infranaut_config_hash") == before.value("infranaut_config_hash")
    assert exporter.children("worker") == workers
    assert exporter.post_predictions(MONITOR, predictions("b", 5)).status_code == 202
    exporter.wait_for_value(15, COUNTED)
    file.unlink()
    assert exporter.reload().status_code == 200
    assert exporter.metrics().value(SUCCESSFUL) == 1


def test_wrong_sql_is_found_before_anything_is_swapped(exporter: RunningExporter, tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors", more="  rules: [{name: adult, sql: 'aeg > 18'}]\n")
    answer = exporter.reload()
    assert (answer.status_code, "did you mean 'age'" in answer.text) == (422, True), answer.text
    assert exporter.post_predictions(MONITOR, predictions("a", 5)).status_code == 202


def test_a_good_reload_under_load_loses_no_request_and_no_count(exporter: RunningExporter, tmp_path: Path) -> None:
    with a_load(exporter) as load:
        for name in ("second", "third"):
            write_monitor(tmp_path / "monitors", name)
            load.wait_for_more(500)
            assert exporter.reload().status_code == 200
            assert exporter.post_predictions(name, predictions("x", 7)).status_code == 202
        load.wait_for_more(500)
    assert set(load.statuses) <= {202, 400}
    exporter.wait_for_value(load.settled_rows, COUNTED, monitor=MONITOR)
    exporter.wait_for_value(7, COUNTED, monitor="third")
    exporter.wait_for_value(7, COUNTED, monitor="second")
    wait_until(lambda: len(exporter.children("worker")) == 2, 20, "the old workers gone")


def test_thresholds_change_while_counts_go_on(exporter: RunningExporter, tmp_path: Path) -> None:
    exporter.post_predictions(MONITOR, predictions("a", 10))
    exporter.wait_for_value(10, COUNTED)
    write_monitor(tmp_path / "monitors", more="  drift: {threshold: 0.25}\n")
    assert exporter.reload().status_code == 200
    scrape = exporter.metrics()
    assert (scrape.value(THRESHOLD, check="drift_psi"), scrape.value(COUNTED)) == (0.25, 10)


def test_a_monitor_that_counts_something_else_starts_at_zero(exporter: RunningExporter, tmp_path: Path) -> None:
    exporter.post_predictions(MONITOR, predictions("a", 10))
    exporter.wait_for_value(10, COUNTED)
    write_monitor(tmp_path / "monitors", features="age: {type: number, max: 50}")
    assert exporter.reload().status_code == 200
    assert exporter.metrics().value(COUNTED) == 0


def test_a_removed_monitor_is_gone(exporter: RunningExporter, tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors", "other")
    (tmp_path / "monitors" / f"{MONITOR}.yaml").unlink()
    assert exporter.reload().status_code == 200
    assert exporter.post_predictions(MONITOR, predictions("a", 1)).status_code == 404
    with pytest.raises(KeyError):
        exporter.metrics().value(COUNTED, monitor=MONITOR)


def test_sighup_reads_the_monitors_again(exporter: RunningExporter, tmp_path: Path) -> None:
    before = exporter.metrics().value("infranaut_config_hash")
    write_monitor(tmp_path / "monitors", "second")
    exporter.process.send_signal(signal.SIGHUP)
    wait_until(lambda: exporter.post_predictions("second", predictions("a", 1)).ok, 20, "the second monitor")
    wait_until(lambda: exporter.metrics().value("infranaut_config_hash") != before, 20, "another hash")
