from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.cli.demo import command
from exporter.errors import InvalidReference, InvalidSettings


def test_help_shows_examples_without_loading_scikit_learn() -> None:
    result = CliRunner().invoke(command, ["--help"])
    assert result.exit_code == 0
    assert "infranaut demo --data sales.csv --target returned" in result.output


def test_a_target_without_a_file_is_a_mistake_in_the_usage() -> None:
    result = CliRunner().invoke(command, ["--target", "sold"])
    assert result.exit_code == 2
    assert "name it with --data" in result.output


def test_without_scikit_learn_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.cli.demo.find_spec", lambda name: None)
    result = CliRunner().invoke(command, ["--once"])
    assert isinstance(result.exception, InvalidSettings)
    assert "pip install 'infranaut[demo]'" in str(result.exception)


def test_a_file_that_is_not_there_is_told_before_anything_is_started(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--once", "--data", str(tmp_path / "none.csv")])
    assert isinstance(result.exception, InvalidReference)


def test_a_folder_in_use_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    result = CliRunner().invoke(command, ["--once", "--folder", str(tmp_path)])
    assert isinstance(result.exception, InvalidSettings)
    assert "not empty, expected a new or an empty folder" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
