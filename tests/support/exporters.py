"""The real command `infranaut serve` on free ports, for as long as a test needs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.support.payloads import as_lines
from tests.support.polling import wait_until
from tests.support.programs import log_tail
from tests.support.scrapes import ParsedScrape, parse_scrape

COMMAND = Path(sys.executable).with_name("infranaut")
START_DEADLINE_S = 60
STOP_DEADLINE_S = 30
VALUE_DEADLINE_S = 20
REQUEST_TIMEOUT_S = 30
LINES = "application/x-ndjson"

_ADDRESSES = re.compile(r"ingest at (http://\S+)/v1/monitors/NAME/predictions, metrics at (http://\S+)/metrics")

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class RunningExporter:
    """An exporter that takes predictions at `ingest_url` and is scraped at `web_url`."""

    process: subprocess.Popen[bytes]
    ingest_url: str
    web_url: str
    log: Path
    state: Path

    @property
    def address(self) -> str:
        """How Prometheus names it."""
        return self.web_url.removeprefix("http://")

    def post_predictions(self, monitor: str, rows: Rows) -> requests.Response:
        return self.post(monitor, "predictions", as_lines(rows))

    def post_labels(self, monitor: str, rows: Rows) -> requests.Response:
        return self.post(monitor, "labels", as_lines(rows))

    def post(self, monitor: str, kind: str, body: bytes | Iterator[bytes], **headers: str) -> requests.Response:
        """A body as it stands, on a connection of its own; `headers` with underscores for hyphens."""
        given = {name.replace("_", "-"): value for name, value in ({"content_type": LINES} | headers).items()}
        url = f"{self.ingest_url}/v1/monitors/{monitor}/{kind}"
        return requests.post(url, data=body, headers=given, timeout=REQUEST_TIMEOUT_S)

    def scrape(self, accept: str = "text/plain", encoding: str = "identity") -> requests.Response:
        headers = {"Accept": accept, "Accept-Encoding": encoding}
        response = requests.get(f"{self.web_url}/metrics", headers=headers, timeout=REQUEST_TIMEOUT_S)
        response.raise_for_status()
        return response

    def metrics(self) -> ParsedScrape:
        """Every series as plain text tells it."""
        return parse_scrape(self.scrape().text)

    def wait_for_value(self, expected: float, name: str, **labels: str) -> ParsedScrape:
        """The first scrape in which the series add up to `expected`."""
        return wait_until(
            lambda: scrape if (scrape := self.metrics()).value(name, **labels) == expected else None,
            VALUE_DEADLINE_S,
            f"{name}{labels} at {expected:g}",
        )

    def reload(self) -> requests.Response:
        return requests.post(f"{self.web_url}/-/reload", timeout=START_DEADLINE_S)

    def is_ready(self) -> bool:
        """Whether both listeners say so."""
        try:
            return all(requests.get(f"{url}/-/ready", timeout=5).ok for url in (self.ingest_url, self.web_url))
        except (requests.ConnectionError, requests.Timeout):
            return False

    def children(self, role: str) -> set[int]:
        """Processes of a role: `exposer`, `worker` or `collectors`."""
        return {pid for pid in session_of(self.process.pid) if _name_of(pid) == role}

    def text_of_log(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self, within_s: float = STOP_DEADLINE_S) -> int:
        """Asks it to stop; its exit code, once no process of it is left."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(within_s)
        wait_until(lambda: not session_of(self.process.pid), 5, "no process left")
        return code


@contextmanager
def an_exporter(
    folder: Path, monitors: Path, processes: int = 1, flags: Sequence[str] = ()
) -> Iterator[RunningExporter]:
    """A ready exporter with its log and state under `folder`; in the end it must stop by itself, leaving nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with started(folder, monitors, processes, flags) as exporter:
        wait_until(_is_up(exporter), START_DEADLINE_S, "the exporter ready")
        yield exporter
        if exporter.process.poll() is None:
            assert exporter.stop() == 0, "the exporter did not end well"


@contextmanager
def started(folder: Path, monitors: Path, processes: int, flags: Sequence[str]) -> Iterator[RunningExporter]:
    """The process, as soon as it has told its addresses; what is left of it and its children in the end is killed."""
    log, state = folder / "exporter.log", folder / "state"
    command = serve_command(monitors, "--processes", str(processes), "--state", str(state), *flags)
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        ingest_url, web_url = wait_until(lambda: _addresses(process, log), START_DEADLINE_S, "its addresses")
        yield RunningExporter(process, ingest_url, web_url, log, state)
    except BaseException as error:
        error.add_note(f"--- the end of {log} ---\n{log_tail(log)}")
        raise
    finally:
        for pid in session_of(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()


def serve_command(monitors: Path, *flags: str) -> list[str]:
    """`infranaut serve` on free ports, unless `flags` name others."""
    listen = [] if "--listen" in flags else ["--listen", "127.0.0.1:0"]
    web_listen = [] if "--web-listen" in flags else ["--web-listen", "127.0.0.1:0"]
    return [str(COMMAND), "serve", "--monitors", str(monitors), *listen, *web_listen, *flags]


def session_of(leader: int) -> set[int]:
    """The living processes of the session that `leader` began, itself included."""
    return {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _session(path) == leader}


def _session(process: Path) -> int | None:
    """None for a process that has gone, or that only waits for its parent to take note of its end."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[3])


def _name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _addresses(process: subprocess.Popen[bytes], log: Path) -> tuple[str, str] | None:
    found = _ADDRESSES.search(log.read_text(encoding="utf-8", errors="replace"))
    if found:
        return found[1], found[2]
    assert process.poll() is None, f"it ended with code {process.returncode}"
    return None


def _is_up(exporter: RunningExporter) -> Callable[[], bool]:
    def ask() -> bool:
        assert exporter.process.poll() is None, f"it ended with code {exporter.process.returncode}"
        return exporter.is_ready()

    return ask
