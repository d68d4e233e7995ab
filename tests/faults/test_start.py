"""What keeps an exporter from starting, and what does not."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.exporters import an_exporter, serve_command
from tests.support.golden_monitors import BINARY, GOLDEN
from tests.support.load import MONITOR, predictions
from tests.support.monitor_files import write_monitor


@pytest.mark.parametrize("flag", ["--listen", "--web-listen"])
def test_a_taken_port_is_told_with_the_flag_to_change(tmp_path: Path, flag: str) -> None:
    write_monitor(tmp_path / "monitors")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = refused(tmp_path, flag, address)
    assert done == f"infranaut: cannot listen on {address}: Address already in use; choose another with {flag}\n"


def test_two_monitors_of_one_name_are_refused_with_both_files(tmp_path: Path) -> None:
    first = write_monitor(tmp_path / "monitors")
    second = tmp_path / "monitors" / "copy.yaml"
    second.write_text(first.read_text(encoding="utf-8"), encoding="utf-8")
    done = refused(tmp_path)
    assert "credit.yaml" in done
    assert "copy.yaml" in done
    assert f"'{MONITOR}'" in done


def test_every_mistake_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors", "first", more="  drfit: {}\n")
    write_monitor(tmp_path / "monitors", "second", more="  rules: [{name: r, sql: 'aeg > 1'}]\n")
    done = refused(tmp_path)
    assert "first.yaml:8: spec.drfit" in done
    assert "second.yaml:8: spec.rules[0].sql" in done


def test_a_state_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    (tmp_path / "state").write_text("a file")
    assert "--state" in refused(tmp_path, expected_code=None)


def test_a_second_exporter_on_one_state_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    with an_exporter(tmp_path, tmp_path / "monitors") as exporter:
        assert "another exporter is using it" in refused(tmp_path)
        exporter.process.kill()
        exporter.process.wait()
        with an_exporter(tmp_path, tmp_path / "monitors") as again:
            assert again.post_predictions(MONITOR, predictions("a", 1)).status_code == 202


def test_a_monitor_whose_reference_is_not_built_counts_all_but_drift(tmp_path: Path) -> None:
    monitors = tmp_path / "monitors"
    monitors.mkdir()
    (monitors / "m.yaml").write_text((GOLDEN / "monitors" / f"{BINARY}.yaml").read_text(encoding="utf-8"))
    with an_exporter(tmp_path, monitors) as exporter:
        rows = [
            {"request_id": row["id"], "ts": row["ts"], "score": 0.5, "version": "v1", "age": 30, "region": "north"}
            for row in predictions("a", 20)
        ]
        assert exporter.post_predictions(BINARY, rows).json()["accepted"] == 20
        scrape = exporter.wait_for_value(20, "infranaut_predictions_total", model_version="v1")
        assert scrape.value("infranaut_feature_bin_total", feature="region", bin="c:north", reference="none") == 20
        assert scrape.value("infranaut_feature_bin_total", feature="age", bin="q00") == 20
        assert not list(scrape.values("infranaut_reference_bin_ratio"))
        assert exporter.metrics().value("infranaut_score_bin_total") == 0


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "monitors").mkdir()
    assert "monitors" in refused(tmp_path)


def refused(folder: Path, *flags: str, expected_code: int | None = 1) -> str:
    """What `infranaut serve` says when it ends by itself, without a stack trace."""
    command = serve_command(folder / "monitors", "--state", str(folder / "state"), *flags)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in ({expected_code} if expected_code else {1, 2}), done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr
