"""A running `infranaut serve` under load: requests to it from another process, and what its own processes take."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.harness import Elapsed
from tests.bench.peers import PeerProcess
from tests.bench.workload import TAG
from tests.support.exporters import RunningExporter, session_of

CLIENT = Path(__file__).with_name("load_client.py")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    """What a round of requests is.

    body     : encoded once by `tests.bench.workload`; each request has ids of its own.
    first    : number of the first request; those of two loads on one monitor must not meet.
    requests : in a round; connections: open at once, each with one request under way.
    rate     : requests a second; 0: as fast as they are answered.
    """

    name: str
    monitor: str
    body: bytes
    media_type: str
    first: int
    requests: int
    connections: int
    rate: float = 0.0


class LoadedExporter:
    """A contender of `tests.bench.harness.interleave`: a round is a load on an exporter.

    Its CPU seconds are those of the ingest processes; the sender's do not count, though they compete for the cores.
    """

    def __init__(self, exporter: RunningExporter, load: Load, folder: Path) -> None:
        self._exporter = exporter
        folder.mkdir(parents=True, exist_ok=True)
        body = folder / f"{load.name}.body"
        body.write_bytes(load.body)
        address = urlsplit(exporter.ingest_url)
        job = {
            "host": address.hostname,
            "port": address.port,
            "path": f"/v1/monitors/{load.monitor}/predictions",
            "media_type": load.media_type,
            "body": str(body),
            "tag": TAG.decode(),
            "first": load.first,
            "requests": load.requests,
            "connections": load.connections,
            "rate": load.rate,
        }
        self.client = PeerProcess(Path(sys.executable), CLIENT, job, folder / f"{load.name}.stderr")

    def __call__(self) -> Elapsed:
        before_s = ingest_cpu_s(self._exporter)
        sent = self.client()
        return Elapsed(max(ingest_cpu_s(self._exporter) - before_s, 1 / _TICKS_A_SECOND), sent.wall_s)


def ingest_cpu_s(exporter: RunningExporter) -> float:
    """CPU seconds of all ingest processes so far, user and system."""
    return sum(cpu_s(pid) for pid in exporter.children("worker"))


def cpu_s(pid: int) -> float:
    """From /proc/PID/stat, fields 14 and 15; in steps of a tick."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def memory_bytes(exporter: RunningExporter) -> int:
    """Proportional set size of all processes of the exporter: pages that several share count once."""
    return sum(_pss_bytes(pid) for pid in session_of(exporter.process.pid))


def _pss_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
