"""The quickstart's own model, monitor and minutes, in a real exporter: the alert's reason is there, and no other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import requests
from click.testing import CliRunner

from exporter.cli import infranaut
from tests.support.documentation import page
from tests.support.exporters import RunningExporter, an_exporter
from tests.support.polling import wait_until


def test_the_good_minute_is_quiet_and_the_bad_one_drifts(tmp_path: Path) -> None:
    write_files(tmp_path)
    with an_exporter(tmp_path / "exporter", tmp_path / "monitors") as exporter:
        replay(exporter, tmp_path, "good")
        assert drifted(exporter, 6_000) == set()
        replay(exporter, tmp_path, "bad")
        assert drifted(exporter, 12_000) == {"amount", "__prediction__"}


def write_files(folder: Path) -> None:
    """What steps 2 and 3 leave behind."""
    (folder / "monitors" / "reference").mkdir(parents=True)
    for name, text in page("docs/quickstart.md").files().items():
        (folder / name).write_text(text)
    subprocess.run([sys.executable, "payments.py"], cwd=folder, check=True, timeout=120)
    run("reference", "build", "--monitor", str(folder / "monitors" / "payments.yaml"))


def replay(exporter: RunningExporter, folder: Path, minute: str) -> None:
    files = [str(folder / f"{minute}.ndjson"), "--labels", str(folder / f"{minute}-labels.ndjson")]
    told = run("replay", *files, "--monitor", "payments", "--url", exporter.ingest_url, "--shift-to-now")
    assert "accepted 12,000, rejected 0" in told


def run(*arguments: str) -> str:
    outcome = CliRunner().invoke(infranaut, arguments, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def drifted(exporter: RunningExporter, predictions: int) -> set[str]:
    """The features that the exporter calls drifted, once it has counted so many predictions."""
    exporter.wait_for_value(predictions, "infranaut_predictions_total")
    url = f"{exporter.web_url}/v1/monitors/payments"
    (version,) = wait_until(lambda: requests.get(url, timeout=10).json()["versions"], 10, "a model version")
    return {feature["feature"] for feature in version["features"] if feature["is_drifted"]}
