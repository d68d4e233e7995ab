"""How Alertmanager delivers, as `infranaut generate` is told: a file, and options that beat it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exporter.cli.generate import command
from exporter.errors import InvalidSettings
from tests.support.golden_monitors import GOLDEN

TEAMS_CHANNEL = 'smtp: {smarthost: "m:25", sender: a@b.c}\nsecrets: /from/file\nexporter: {teams: platform}\n'


def test_the_files_follow_the_file(tmp_path: Path) -> None:
    generate(tmp_path, 'alertmanager: "0.28"\n' + TEAMS_CHANNEL)
    text = configuration(tmp_path)
    assert "webhook_url_file: /from/file/platform.teams" in text
    assert "smtp_smarthost: m:25" in text


def test_an_option_beats_the_file(tmp_path: Path) -> None:
    generate(tmp_path, TEAMS_CHANNEL, "--alertmanager-version", "v0.28.1", "--secrets", "/from/option")
    assert "webhook_url_file: /from/option/platform.teams" in configuration(tmp_path)


def test_what_the_version_lacks_stops_before_anything_is_written(tmp_path: Path) -> None:
    result = generate(tmp_path, TEAMS_CHANNEL)
    assert isinstance(result.exception, InvalidSettings)
    assert "pass --alertmanager-version 0.28" in str(result.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("version", ["new", "0.24", "0"])
def test_a_version_that_is_none_or_too_old_is_a_mistake_of_the_command_line(version: str, tmp_path: Path) -> None:
    result = generate(tmp_path, "{}", "--alertmanager-version", version)
    assert result.exit_code == 2
    assert "expected" in result.stderr


def generate(folder: Path, delivery: str, *more: str) -> Result:
    path = folder / "delivery.yaml"
    path.write_text(delivery, encoding="utf-8")
    given = ["alertmanager", "--monitors", str(GOLDEN / "monitors"), "--out", str(folder / "out")]
    return CliRunner().invoke(command, [*given, "--delivery", str(path), *more])


def configuration(folder: Path) -> str:
    return (folder / "out" / "alertmanager.yaml").read_text(encoding="utf-8")
