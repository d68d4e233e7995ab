"""A real VictoriaMetrics for the tests, which answers the queries of Prometheus's API."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.programs import require, running
from tests.support.services import REQUEST_TIMEOUT_S, START_DEADLINE_S, RunningPrometheus


@dataclass(frozen=True, slots=True)
class RunningVictoriaMetrics(RunningPrometheus):
    """A VictoriaMetrics that answers at `url`."""

    def store(self, exposition: str) -> None:
        """Takes samples in Prometheus's text with timestamps in milliseconds; queries see them at once."""
        for path, body in (("/api/v1/import/prometheus", exposition.encode()), ("/internal/force_flush", b"")):
            requests.post(f"{self.url}{path}", data=body, timeout=REQUEST_TIMEOUT_S).raise_for_status()


@contextmanager
def victoria_metrics(directory: Path) -> Iterator[RunningVictoriaMetrics]:
    """With its data under `directory`; it keeps samples of any age."""
    port = free_port()
    command: list[str | Path] = [
        require("victoria-metrics"),
        f"-storageDataPath={directory / 'victoria-metrics'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
        "-search.disableCache",
    ]
    url = f"http://127.0.0.1:{port}"
    with running(command, directory / "victoria-metrics.log") as process:
        wait_until(lambda: _is_ready(process, url), START_DEADLINE_S, "VictoriaMetrics ready")
        yield RunningVictoriaMetrics(url)


def _is_ready(process: subprocess.Popen[bytes], url: str) -> bool:
    assert process.poll() is None, f"{process.args!r} ended with code {process.returncode} instead of starting"
    try:
        return requests.get(f"{url}/health", timeout=REQUEST_TIMEOUT_S).ok
    except requests.ConnectionError:
        return False
