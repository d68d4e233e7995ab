"""Prometheus over a folder of blocks, for as long as something is asked of it."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from exporter.cli.demo.processes import started_programs
from exporter.cli.demo.services import find_programs, free_ports
from exporter.errors import InvalidSettings, ServiceFailed

_MOST_POINTS = 10_000
"""Prometheus answers at most 11,000 for each series."""
_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Tools:
    """Where Prometheus' programs are."""

    prometheus: Path
    promtool: Path


@dataclass(frozen=True, slots=True)
class QueriedRange:
    """One series of an answer: its labels, and its value by time, seconds since the epoch."""

    labels: Mapping[str, str]
    values: Sequence[tuple[float, float]]


def find_tools(environment: Mapping[str, str] | None = None) -> Tools:
    """Where `infranaut demo` and `infranaut backfill` look; InvalidSettings saying how to get what is missing."""
    known = os.environ if environment is None else environment
    prometheus = find_programs(known).prometheus
    if prometheus is None:
        raise InvalidSettings(
            "prometheus is neither in .tools/bin nor on PATH; a backtest asks a real one: apt install prometheus, or "
            "make services"
        )
    beside = prometheus.with_name("promtool")
    promtool = beside if beside.exists() else shutil.which("promtool", path=known.get("PATH", ""))
    if promtool is None:
        raise InvalidSettings(
            f"promtool is neither beside {prometheus} nor on PATH; it comes with Prometheus: apt install prometheus, "
            f"or make services"
        )
    return Tools(prometheus, Path(promtool))


class BlockServer:
    """A Prometheus that answers over blocks.

    check : raises ServiceFailed, telling why, where it has ended.
    """

    def __init__(self, url: str, check: Callable[[], None] = lambda: None) -> None:
        self.url = url
        self._check = check

    def range(self, query: str, start: float, end: float, step_s: int) -> list[QueriedRange]:
        """The values of a query at `start`, and every step until `end`, both inclusive."""
        found: dict[frozenset[tuple[str, str]], list[tuple[float, float]]] = {}
        for first in range(0, max(1, math.ceil((end - start) / step_s + 1)), _MOST_POINTS):
            at = start + first * step_s
            until = min(end, at + (_MOST_POINTS - 1) * step_s)
            asked = {"query": query, "start": repr(at), "end": repr(until), "step": str(step_s)}
            for series in self._ask("query_range", asked):
                values = found.setdefault(frozenset(series["metric"].items()), [])
                values += [(float(time), float(value)) for time, value in series["values"]]
        return [QueriedRange(dict(labels), values) for labels, values in found.items()]

    def instant(self, query: str, time: float) -> list[tuple[Mapping[str, str], float]]:
        """The series of an instant query."""
        answer = self._ask("query", {"query": query, "time": repr(time)})
        return [(series["metric"], float(series["value"][1])) for series in answer]

    def _ask(self, kind: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
        """ServiceFailed, with the query, where it is refused or nobody answers."""
        try:
            answer = requests.post(f"{self.url}/api/v1/{kind}", data=parameters, timeout=_TIMEOUT_S)
            body = answer.json()
        except (requests.RequestException, ValueError) as error:
            self._check()
            raise ServiceFailed(f"Prometheus did not answer {_shown(parameters['query'])}: {error}") from error
        if body["status"] != "success":
            raise ServiceFailed(f"Prometheus could not answer {_shown(parameters['query'])}: {body.get('error')}")
        return list(body["data"]["result"])


def _shown(query: str) -> str:
    return " ".join(query.split())


@contextmanager
def over_blocks(tools: Tools, blocks: Path, logs: Path, step_s: int) -> Iterator[BlockServer]:
    """Answers over the blocks in a folder.

    A series is seen for one step after a sample, and no longer: nothing marks in a block where a series ends.
    """
    config = logs / "prometheus.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("{}\n")
    (port,) = free_ports(1)
    command: list[str | Path] = [
        tools.prometheus,
        f"--config.file={config}",
        f"--storage.tsdb.path={blocks}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--query.lookback-delta={step_s}s",
        "--query.max-samples=1000000000",
        f"--query.timeout={_TIMEOUT_S}s",
        "--storage.tsdb.retention.time=200y",
        "--storage.tsdb.min-block-duration=2h",
        "--storage.tsdb.max-block-duration=2h",
    ]
    with started_programs(logs) as programs:
        programs.start("prometheus", command, f"http://127.0.0.1:{port}/-/ready")
        yield BlockServer(f"http://127.0.0.1:{port}", programs.check)
