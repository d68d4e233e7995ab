"""Child processes of the demonstration: each with its log, all of them stopped in the end, whatever happens."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from exporter.cli.signals import handling_signals
from exporter.errors import ServiceFailed

_STOP_PATIENCE_S = 10.0
_START_PATIENCE_S = 60.0
_ASK_EVERY_S = 0.1
_LOG_LINES_TOLD = 8


class StartedProgram:
    """A started program."""

    def __init__(self, name: str, command: Sequence[str | Path], log: Path) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def check(self) -> None:
        """ServiceFailed with the end of its log, if it has ended."""
        code = self.process.poll()
        if code is not None:
            lines = self._log.read_text(errors="replace").splitlines()[-_LOG_LINES_TOLD:]
            raise ServiceFailed("\n  ".join([f"{self.name} ended with code {code}; the end of {self._log}:", *lines]))


class StartedPrograms:
    """The programs that are running, in the order of their start."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[StartedProgram] = []

    def start(self, name: str, command: Sequence[str | Path], ready_url: str) -> StartedProgram:
        """Starts a program and waits until `ready_url` answers 200; ServiceFailed when it does not."""
        child = StartedProgram(name, command, self._logs / f"{name}.log")
        self._running.append(child)
        for _ in range(int(_START_PATIENCE_S / _ASK_EVERY_S)):
            child.check()
            if _is_ready(ready_url):
                return child
            _pause(child)
        raise ServiceFailed(f"{name} did not answer {ready_url} within {_START_PATIENCE_S:g} s; see {self._logs}")

    def check(self) -> None:
        """ServiceFailed, if one of them has ended."""
        for child in self._running:
            child.check()

    def stop(self) -> None:
        """Asks each to end, the last started first; kills what does not."""
        for child in reversed(self._running):
            child.process.terminate()
        for child in reversed(self._running):
            try:
                child.process.wait(_STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()


@contextmanager
def started_programs(logs: Path) -> Iterator[StartedPrograms]:
    """Programs that end with the block; while they are being stopped, Ctrl-C waits."""
    logs.mkdir(parents=True, exist_ok=True)
    children = StartedPrograms(logs)
    try:
        yield children
    finally:
        with handling_signals(signal.SIG_IGN):
            children.stop()


def _is_ready(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _pause(child: StartedProgram) -> None:
    try:
        child.process.wait(_ASK_EVERY_S)
    except subprocess.TimeoutExpired:
        return
