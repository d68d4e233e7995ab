"""`infranaut replay` as a person runs it: what it says, what it refuses, how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli.replay import replay
from exporter.errors import InvalidSettings
from tests.support.ingest_double import IngestDouble
from tests.support.polling import wait_until
from tests.support.replays import PausedClock, a_replay, ndjson, predictions, quiet_console, replayed, rows, run_replay


def test_the_summary_is_one_json_document_when_asked_for(server: IngestDouble, tmp_path: Path) -> None:
    outcome = run_replay(ndjson(tmp_path, rows(3)), "--url", server.url, "--json")
    document = json.loads(outcome.stdout)
    assert (document["accepted"], document["rejected"], document["rows"]) == (3, 0, {"predictions": 3})
    assert document["failure"] is None


def test_labels_come_after_the_predictions(server: IngestDouble, tmp_path: Path) -> None:
    truth = ndjson(tmp_path, [{"id": f"p{row}", "label": 1} for row in range(3)], "truth.ndjson")
    outcome = run_replay(ndjson(tmp_path, rows(3)), "--url", server.url, "--labels", str(truth), "--batch", "2")
    assert outcome.exit_code == 0
    kinds = [posted.path.rpartition("/")[2] for posted in server.posted]
    assert kinds == ["predictions", "predictions", "labels", "labels"]


def test_labels_alone_go_to_the_labels(server: IngestDouble, tmp_path: Path) -> None:
    run_replay(ndjson(tmp_path, [{"id": "p0", "label": 1}]), "--url", server.url, "--kind", "labels")
    assert server.posted[0].path == "/v1/monitors/credit/labels"


def test_being_asked_to_stop_ends_it_after_the_batch_under_way(server: IngestDouble, tmp_path: Path) -> None:
    stop = PausedClock()
    server.on_post = stop.ask
    tally = replayed(server, predictions(tmp_path, rows(12)), stop, batch_rows=5)
    assert (tally.accepted, tally.is_interrupted, len(server.posted)) == (5, True, 1)
    assert tally.as_lines(1.0)[0].startswith("stopped by Ctrl-C: accepted 5")


@pytest.mark.parametrize(("arguments", "code"), [(["--follow"], 0), (["--speed", "0.001x"], 130)])
def test_ctrl_c_ends_it_with_the_summary(server: IngestDouble, tmp_path: Path, arguments: list[str], code: int) -> None:
    path = ndjson(tmp_path, rows(2, every_s=60))
    start = [sys.executable, "-c", "from exporter.cli import main; main()", "replay", str(path), "--monitor", "credit"]
    with subprocess.Popen([*start, "--url", server.url, *arguments], stdout=subprocess.PIPE, text=True) as process:
        wait_until(lambda: server.posted, 30, "a first batch")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == code
    assert "stopped by Ctrl-C: accepted" in said


def test_a_followed_file_is_sent_as_it_grows(server: IngestDouble, tmp_path: Path) -> None:
    files = predictions(tmp_path, rows(2))

    class Growing(PausedClock):
        """The file grows in the first pause; the second ends it."""

        def pause(self, seconds: float) -> None:
            super().pause(seconds)
            if len(self.pauses) > 1:
                self.ask()
            with files[0][1].open("a") as stream:
                stream.write('{"id": "more"}\n')

    clock = Growing()
    replay(a_replay(server.url, files, follow=True), clock, clock, quiet_console())
    assert [row["id"] for posted in server.posted for row in posted.rows] == ["p0", "p1", "more"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["absent.ndjson"], 1, "there is no such file"),
        (["absent.parquet"], 1, "cannot be read as .parquet"),
        (["events.parquet", "--follow"], 1, "--follow reads NDJSON and CSV files"),
        (["events.ndjson", "--speed", "fast"], 2, "is not a speed"),
        (["events.ndjson", "--follow", "--labels", "truth.ndjson"], 2, "replay the labels with --kind labels"),
    ],
)
def test_what_cannot_be_done_is_told(arguments: list[str], code: int, told: str) -> None:
    outcome = run_replay(Path(arguments[0]), *arguments[1:])
    if isinstance(outcome.exception, InvalidSettings):
        assert (code, told in str(outcome.exception)) == (1, True)
    else:
        assert (outcome.exit_code, told in outcome.stderr) == (code, True)
