"""What `infranaut serve` refuses before it listens."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.exporters import serve_command
from tests.support.monitor_files import write_monitor


def test_a_state_folder_that_cannot_be_made_is_refused_at_the_start(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    (tmp_path / "file").touch()
    command = serve_command(tmp_path / "monitors", "--state", str(tmp_path / "file" / "state"))
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert f"--state {tmp_path}/file/state: cannot be made: Not a directory" in ended.stderr


def test_a_mistake_in_the_settings_file_is_told_at_the_start_with_its_line(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    config = tmp_path / "infranaut.yaml"
    config.write_text("archive:\n  warm: {url: 'postgresql://user:opensesame@host'}\n  akc: sink\n")
    command = serve_command(tmp_path / "monitors", "--state", str(tmp_path / "state"), "--config", str(config))
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert f"{config}:2: archive.warm.url: 'postgresql://user:***@host' names no database" in ended.stderr
    assert f"{config}:3: archive.akc: unknown key; did you mean 'ack'?" in ended.stderr
    assert not (tmp_path / "state").exists()
