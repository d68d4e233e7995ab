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
