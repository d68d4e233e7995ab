"""Runs `infranaut demo` as a person does, in a process of its own, and tells whether it left anything behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.polling import wait_until

_COMMAND = (sys.executable, "-P", "-c", "from exporter.cli import main; main()", "demo")


@dataclass(frozen=True, slots=True)
class EndedDemo:
    """How a demonstration ended: `figures` is the last line of its output, None where it printed none."""

    code: int
    figures: Any
    told: str


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """A demonstration with its files under `folder`."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def told(self) -> str:
        """What it has written to stderr so far."""
        return self._log("err").read_text()

    def wait_until_told(self, words: str, deadline_s: float) -> None:
        wait_until(
            lambda: words in self.told or self.process.poll() is not None, deadline_s, f"{words!r} from the demo"
        )
        assert words in self.told, self.told

    def interrupt(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, deadline_s: float) -> EndedDemo:
        code = self.process.wait(deadline_s)
        lines = self._log("out").read_text().splitlines()
        return EndedDemo(code, json.loads(lines[-1]) if lines else None, self.told)

    def left_behind(self) -> list[str]:
        """Command lines of processes that still run on the demonstration's files."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.folder) in command:
                found.append(command)
        return found

    def _log(self, stream: str) -> Path:
        return self.folder.with_suffix(f".{stream}")


def start_demo(folder: Path, *flags: str, environment: Mapping[str, str] | None = None) -> RunningDemo:
    """Starts it with its files in `folder`; its output goes to files beside it, where no pipe can fill up."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".out").open("w") as output, folder.with_suffix(".err").open("w") as errors:
        process = subprocess.Popen(
            [*_COMMAND, "--folder", str(folder), *flags],
            stdout=output,
            stderr=errors,
            env={**os.environ, **(environment or {})},
        )
    return RunningDemo(process, folder)
