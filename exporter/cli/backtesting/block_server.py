"""What is asked of a Prometheus over blocks, and what is written to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec
import numpy as np
import requests

from exporter.cli.backtesting.remote_write import SeriesValues, write_request
from exporter.errors import ServiceFailed

TIMEOUT_S = 600

_MOST_POINTS = 10_000
"""Prometheus answers at most 11,000 for each series."""
_MOST_WRITTEN = 200_000
"""Samples of one request, at least one series."""


class _AnsweredSeries(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]] = msgspec.field(default_factory=list)
    value: tuple[float, str] | None = None


class _AnswerData(msgspec.Struct):
    result: list[_AnsweredSeries]


class _PrometheusAnswer(msgspec.Struct):
    status: str
    error: str = ""
    data: _AnswerData | None = None


class _SnapshotName(msgspec.Struct):
    name: str


class _SnapshotAnswer(msgspec.Struct):
    data: _SnapshotName


class BlockServer:
    """A Prometheus that answers over blocks, and over what is written to it besides.

    blocks : the folder that it serves.
    check  : raises ServiceFailed, telling why, where it has ended.
    """

    def __init__(self, url: str, blocks: Path, check: Callable[[], None] = lambda: None) -> None:
        self.url = url
        self._blocks = blocks
        self._check = check
        self._session = requests.Session()

    def range(self, query: str, start: float, end: float, step_s: int) -> list[SeriesValues]:
        """The values of a query at `start`, and every step until `end`, both inclusive."""
        found: dict[frozenset[tuple[str, str]], list[tuple[float, str]]] = {}
        for first in range(0, max(1, math.ceil((end - start) / step_s + 1)), _MOST_POINTS):
            at = start + first * step_s
            until = min(end, at + (_MOST_POINTS - 1) * step_s)
            asked = {"query": query, "start": repr(at), "end": repr(until), "step": str(step_s)}
            for series in self._ask("query_range", asked):
                found.setdefault(frozenset(series.metric.items()), []).extend(series.values)
        return [_series_values(dict(labels), values) for labels, values in found.items()]

    def instant(self, query: str, time: float) -> list[tuple[Mapping[str, str], float]]:
        """The series of an instant query."""
        answer = self._ask("query", {"query": query, "time": repr(time)})
        return [(series.metric, float(series.value[1])) for series in answer if series.value]

    def write(self, series: Iterable[SeriesValues]) -> None:
        """Adds series, of each only what is later than all that was written of it; ServiceFailed where refused."""
        waiting: list[SeriesValues] = []
        for each in series:
            waiting.append(each)
            if sum(len(one.times) for one in waiting) >= _MOST_WRITTEN:
                self._write(waiting)
                waiting = []
        self._write(waiting)

    def snapshot(self) -> Path:
        """A folder with the blocks, and one more with all that was written."""
        answer = self._post("admin/tsdb/snapshot", b"", "a snapshot")
        return self._blocks / "snapshots" / msgspec.json.decode(answer, type=_SnapshotAnswer).data.name

    def _write(self, series: list[SeriesValues]) -> None:
        if series:
            self._post("write", write_request(series), f"{series[0].labels['__name__']} to be written")

    def _post(self, path: str, body: bytes, what: str) -> bytes:
        try:
            answer = self._session.post(f"{self.url}/api/v1/{path}", data=body, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            self._check()
            raise ServiceFailed(f"Prometheus did not answer when asked for {what}: {error}") from error
        if not answer.ok:
            raise ServiceFailed(f"Prometheus refused {what} ({answer.status_code}): {answer.text.strip()}")
        return answer.content

    def _ask(self, kind: str, parameters: Mapping[str, str]) -> list[_AnsweredSeries]:
        """ServiceFailed, with the query, where it is refused or nobody answers."""
        try:
            body = self._session.post(f"{self.url}/api/v1/{kind}", data=parameters, timeout=TIMEOUT_S).content
            answer = msgspec.json.decode(body, type=_PrometheusAnswer)
        except (requests.RequestException, msgspec.DecodeError) as error:
            self._check()
            raise ServiceFailed(f"Prometheus did not answer {_shown(parameters['query'])}: {error}") from error
        if answer.data is None:
            raise ServiceFailed(f"Prometheus could not answer {_shown(parameters['query'])}: {answer.error}")
        return answer.data.result


def _series_values(labels: Mapping[str, str], values: list[tuple[float, str]]) -> SeriesValues:
    times = np.fromiter((time for time, _ in values), np.float64, len(values))
    return SeriesValues(labels, times, np.fromiter((float(value) for _, value in values), np.float64, len(values)))


def _shown(query: str) -> str:
    return " ".join(query.split())
