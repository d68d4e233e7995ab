"""An `infranaut serve` that is killed and started again, at the same addresses and with the same state."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tests.support.exporters import START_DEADLINE_S, STOP_DEADLINE_S, RunningExporter, serve_command, session_of
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.programs import log_tail

_STOP_WITHIN_S = 90
"""Requests under way, the step of a profile or a move, and what has not landed each have up to 20 s, and machines that
are short of processors add to it."""


class RestartableExporter:
    """One exporter of several lives; all of them write to one log.

    flags       : further ones of `infranaut serve`, such as `--config FILE`.
    state       : its folder, by default in `folder`; environment: variables beside those of this process.
    """

    def __init__(
        self,
        folder: Path,
        monitors: Path,
        flags: Sequence[str] = (),
        state: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "exporter.log"
        self.state = state or folder / "state"
        self.address = f"127.0.0.1:{free_port()}"
        self._web = f"127.0.0.1:{free_port()}"
        listen = ("--listen", self.address, "--web-listen", self._web)
        self._command = serve_command(monitors, *listen, "--state", str(self.state), "--processes", "1", *flags)
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> RunningExporter:
        """The life of now."""
        assert self._process is not None, "the exporter has not been started"
        return RunningExporter(self._process, f"http://{self.address}", f"http://{self._web}", self.log, self.state)

    def start(self) -> None:
        """Does not wait."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env=self._environment
            )

    def wait_ready(self) -> None:
        wait_until(self._is_ready, START_DEADLINE_S, "the exporter ready")

    def kill(self) -> None:
        """kill -9 of all of its processes at once, before one can learn of the end of another."""
        process = self.running.process
        everyone = session_of(process.pid)
        _signal(everyone, signal.SIGSTOP)
        _signal(everyone | session_of(process.pid), signal.SIGKILL)
        process.wait(STOP_DEADLINE_S)
        wait_until(lambda: not session_of(process.pid), STOP_DEADLINE_S, "no process left")

    def kill_child(self, role: str) -> None:
        """kill -9 of the processes of a role; the exporter itself has to see to it."""
        _signal(self.running.children(role), signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM, after which it must end well and leave nothing behind."""
        code = self.running.stop(_STOP_WITHIN_S)
        assert code == 0, f"the exporter ended with code {code}\n{log_tail(self.log)}"

    def reload(self) -> None:
        """SIGHUP."""
        self.running.process.send_signal(signal.SIGHUP)

    def close(self) -> None:
        """Kills what is left."""
        if self._process is not None:
            self.kill()

    def _is_ready(self) -> bool:
        code = self.running.process.poll()
        assert code is None, f"the exporter ended with code {code}\n{log_tail(self.log)}"
        return self.running.is_ready()


def _signal(pids: Collection[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
