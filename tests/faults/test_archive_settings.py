"""Settings of the archive that cannot work are refused at the start, in words, with file and line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.exporters import serve_command
from tests.support.monitor_files import write_monitor
from tests.support.redis import PASSWORD, redis_server


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        ("{akc: spool}", "did you mean 'ack'"),
        ("{ack: sometimes}", "spool"),
        ("{spool: {limit: 100MiB, file: 64MiB}}", "less than two files"),
        ("{warm: {url: mysql://db/archive}}", "expected postgresql:// or postgres://"),
        ("{warm: {replica: postgresql://db/archive}}", "there is no url"),
        ("{warm: {url_file: secrets/nowhere}}", "cannot be read"),
        ("{hot: {url: redis://cache, url_file: secrets/redis}}", "both are there"),
        ("{hot: {shared_duplicates: true}}", "there is no url"),
        ("{ack: sink, hot: {url: redis://cache, shared_duplicates: true}}", "use ack: spool, or leave it out"),
        ("{cold: {encryption: kms}}", "kms_key"),
        ("{cold: {url: ftp://archive}}", "ftp://"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, archive: str, words: str) -> None:
    told = refused(tmp_path, f"\narchive: {archive}\n")
    assert words in told
    assert f"{tmp_path / 'infranaut.yaml'}:2" in told


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    told = refused(tmp_path, "archive:\n  akc: spool\n  hto: {}\n")
    assert "infranaut.yaml:2" in told
    assert "infranaut.yaml:3" in told


def test_a_monitor_in_place_of_settings_is_told_where_it_belongs(tmp_path: Path) -> None:
    monitor = write_monitor(tmp_path / "monitors")
    assert "--monitors" in refused(tmp_path, monitor.read_text())


def test_a_password_is_not_told(tmp_path: Path) -> None:
    told = refused(tmp_path, "archive: {warm: {url: 'postgres://me:opensesame@db'}}\n")
    assert "opensesame" not in told
    assert "names no database" in told


def test_a_server_that_refuses_is_told_by_the_process_that_asked_it(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis", password=PASSWORD) as redis:
        told = refused(tmp_path, f"archive: {{hot: {{url: 'redis://127.0.0.1:{redis.port}/0'}}}}\n")
    assert "archivist cannot run: archive.hot.url: redis://127.0.0.1:" in told
    assert "refuses the user or password" in told


def refused(folder: Path, settings: str) -> str:
    """What `infranaut serve` says when it ends by itself, without a stack trace."""
    write_monitor(folder / "monitors")
    config = folder / "infranaut.yaml"
    config.write_text(settings)
    command = serve_command(folder / "monitors", "--state", str(folder / "state"), "--config", str(config))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr
