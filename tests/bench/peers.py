"""Peers that do not share our environment: a virtual environment each, made on demand under `.bench/`, and rounds of
work in a process of their own.

A peer's script is a file that reads one line of JSON (its job), sets up, and then for each line `go` does one round
and prints `{"cpu_s": …, "wall_s": …}` plus anything else it wants to tell. Set-up is therefore never in the figures.
"""

from __future__ import annotations

import fcntl
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.bench.harness import Elapsed

ROOT = Path(__file__).resolve().parents[2] / ".bench"
INSTALL_TIMEOUT_S = 900
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


class PeerUnavailable(Exception):
    """A peer that cannot be had here; the message is the reason, for the row's note."""


def environment(name: str, requirements: Sequence[str], root: Path = ROOT) -> Path:
    """The Python of an environment that holds exactly `requirements`; made once, made again when they change.

    Progress goes to stderr. Safe to call from several processes at once. PeerUnavailable when it cannot be made.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an environment: use lower-case letters, digits, dots and dashes")
    home = root / name
    python, sealed = home / "bin" / "python", home / "requirements.txt"
    wanted = "\n".join(requirements) + "\n"
    root.mkdir(parents=True, exist_ok=True)
    with _locked(root / f"{name}.lock"):
        if not (python.exists() and sealed.exists() and sealed.read_text() == wanted):
            sealed.unlink(missing_ok=True)
            _tell(f"{name}: making its environment in {home}")
            started = time.monotonic()
            _run(name, [sys.executable, "-m", "venv", "--without-pip", "--clear", str(home)])
            if requirements:
                pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
                _run(name, [*pip, "install", "--quiet", *requirements])
            sealed.write_text(wanted)
            _tell(f"{name}: ready after {time.monotonic() - started:.0f} s")
    return python


class PeerProcess:
    """A peer's script, running; each call is one round, as a contender of `tests.bench.harness.interleave`.

    python : of the peer's environment; script: the file to run; job: handed to it as one line of JSON.
    PeerUnavailable when the script ends or answers something else; the message holds the end of its stderr.
    """

    def __init__(self, python: Path, script: Path, job: Mapping[str, object], stderr_file: Path) -> None:
        self._script = script
        self._stderr_file = stderr_file
        self.answer: Mapping[str, object] = {}
        with stderr_file.open("wb") as stderr:
            self._process = subprocess.Popen(
                [python, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True
            )
        self._say(json.dumps(job))

    def __call__(self) -> Elapsed:
        """One round, timed by the peer itself; `answer` then holds all that it told."""
        self._say("go")
        line = self._pipe(self._process.stdout).readline()
        try:
            self.answer = json.loads(line)
            return Elapsed(float(self.answer["cpu_s"]), float(self.answer["wall_s"]))  # type: ignore[arg-type]  # checked
        except (ValueError, KeyError, TypeError) as error:
            raise PeerUnavailable(f"{self._script.name} answered {line!r}{self._last_words()}") from error

    def close(self) -> None:
        """Ends the process: by closing its input, by force after five seconds."""
        try:
            self._process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _say(self, line: str) -> None:
        try:
            stdin = self._pipe(self._process.stdin)
            stdin.write(line + "\n")
            stdin.flush()
        except BrokenPipeError as error:
            raise PeerUnavailable(f"{self._script.name} has ended{self._last_words()}") from error

    def _last_words(self) -> str:
        words = self._stderr_file.read_text(errors="replace").strip()
        return f": {words.splitlines()[-1]}" if words else ""

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        if pipe is None:
            raise PeerUnavailable("the peer's process has no pipe")
        return pipe


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(name: str, command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerUnavailable(f"{name}: {error}") from error
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise PeerUnavailable(f"{name}: {words[-1]}")


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
