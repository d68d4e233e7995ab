"""Finding the programs of real services, and running one for as long as a test needs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / ".tools" / "bin"
REQUIRED = "INFRANAUT_REQUIRE_SERVICES"
LOG_TAIL_LINES = 40

used: dict[str, str] = {}
"""Program → version of every real one that a test of this run asked for; printed at the end."""


def require(name: str) -> Path:
    """The program `name`; without it the test is skipped, or fails where INFRANAUT_REQUIRE_SERVICES is 1."""
    program = find(name)
    if program is None:
        reason = f"{name} is neither in .tools/bin nor on PATH: run deploy/local/services.sh"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{reason} ({REQUIRED}=1)", pytrace=False)
        pytest.skip(reason)
    if name not in used:
        used[name] = version(program)
    return program


def find(name: str) -> Path | None:
    """Where the program is: .tools/bin first, which deploy/local/services.sh fills, then PATH."""
    path = os.pathsep.join([str(TOOLS), os.environ.get("PATH", "")])
    found = shutil.which(name, path=path) or shutil.which(f"prometheus-{name}", path=path)
    return Path(found) if found else None


def version(program: Path) -> str:
    """The version that the program tells, or its whole first line where that holds none."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    lines = (told.stdout or told.stderr).splitlines() or ["unknown"]
    match = re.search(r"(?:version |v=|\(PostgreSQL\) )(\S+)", lines[0])
    return match.group(1).rstrip(",") if match else lines[0]


@contextmanager
def running(command: Sequence[str | Path], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process of `command`, stopped in the end; a failure inside carries the last lines of its log."""
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        except BaseException as error:
            error.add_note(f"--- the end of {log} ---\n{log_tail(log)}")
            raise
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes], patience_s: float = 10) -> None:
    """Asks the process to end, and kills it when it has not in `patience_s`."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def log_tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
