"""A group of commands that are imported when they are asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter import cli
from exporter.cli import infranaut


@pytest.mark.parametrize("arguments", [[], ["tiers"], ["reference"]])
def test_help_lists_every_command_with_its_whole_first_sentence(arguments: list[str]) -> None:
    said = CliRunner().invoke(infranaut, [*arguments, "--help"]).stdout
    listed = said.partition("Commands:\n")[2]
    assert "..." not in listed
    assert listed.rstrip().endswith(".")


def test_ctrl_c_ends_any_command_with_130_and_without_a_traceback(tmp_path: Path) -> None:
    pipe = tmp_path / "monitor.yaml"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", "from exporter.cli import main; main()", "check", str(pipe)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        pipe.open("w"),  # opens once the command reads
    ):
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout, stderr) == (130, "", "interrupted\n")


def test_ctrl_c_before_the_command_has_begun_is_no_traceback_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "require_own_packages", interrupt)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 130
