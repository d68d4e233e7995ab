"""A monitor that names a file: the exporter reads it, follows it, and after a restart goes on where it stopped."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.support.exporters import RunningExporter, an_exporter
from tests.support.monitor_files import write_monitor

SOURCES = "  labels: {join: id}\n  sources:\n    - {file: predictions.ndjson}\n    - {file: labels.csv, kind: labels}\n"


def append(path: Path, first: int, last: int) -> None:
    with path.open("a", encoding="utf-8") as file:
        for number in range(first, last):
            file.write(json.dumps({"id": f"p{number}", "ts": time.time(), "score": 0.7, "age": number}) + "\n")


def predictions(exporter: RunningExporter, count: int) -> None:
    exporter.wait_for_value(count, "infranaut_predictions_total", monitor="credit")


def test_a_file_is_read_followed_and_not_read_again_after_a_restart(tmp_path: Path) -> None:
    monitors = tmp_path / "monitors"
    write_monitor(monitors, more=SOURCES)
    stream = monitors / "predictions.ndjson"
    append(stream, 0, 100)
    (monitors / "labels.csv").write_text("id,label\np1,1\np2,0\n")
    with an_exporter(tmp_path / "run", monitors) as exporter:
        predictions(exporter, 100)
        exporter.wait_for_value(2, "infranaut_labels_total", monitor="credit")
        append(stream, 100, 150)
        predictions(exporter, 150)
        metrics = exporter.metrics()
        assert metrics.value("infranaut_collector_success", collector="file:credit:predictions.ndjson") == 1
    append(stream, 150, 160)
    with an_exporter(tmp_path / "run", monitors) as exporter:
        predictions(exporter, 10)


def test_a_reload_goes_on_reading_where_the_old_processes_stopped(tmp_path: Path) -> None:
    monitors = tmp_path / "monitors"
    write_monitor(monitors, more=SOURCES)
    stream = monitors / "predictions.ndjson"
    append(stream, 0, 100)
    (monitors / "labels.csv").write_text("id,label\n")
    with an_exporter(tmp_path / "run", monitors) as exporter:
        predictions(exporter, 100)
        assert exporter.reload().status_code == 200
        append(stream, 100, 120)
        predictions(exporter, 120)
        assert exporter.metrics().value("infranaut_ingest_records_failed_total", reason="duplicate") == 0
