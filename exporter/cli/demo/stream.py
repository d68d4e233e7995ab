"""Streams the model's own predictions into the exporter, and their labels a few seconds later."""

from __future__ import annotations

import logging
import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event, Thread
from typing import Any

import msgspec
import numpy as np
import orjson
import requests

from exporter.cli.demo.fault import FaultPlan
from exporter.cli.demo.model import performance_of, prediction_loss
from exporter.cli.demo.monitor_file import MODEL_VERSION, PERFORMANCE_WINDOW, DemoMonitor
from exporter.cli.demo.rows import LabelledRows
from exporter.cli.demo.scenario import Scenario
from exporter.clock import Clock
from exporter.errors import ServiceFailed

LATEST_LABEL_S = 5.0

_EARLIEST_LABEL_S = 2.0
_SEND_EVERY_S = 0.2
_RATE_WINDOW_S = 5.0
_RETRIES = 20
_RETRY_AFTER_S = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """What was sent so far, rows a second lately, and the accuracy or RMSE on the latest labels."""

    sent: int = 0
    accepted: int = 0
    rejected: int = 0
    labels: int = 0
    rows_per_second: float = 0.0
    performance: float | None = None


class _ReceiptAnswer(msgspec.Struct):
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True)
class _LateLabels:
    """Labels of one batch, on their way until `due`; `loss` is the batch's sum."""

    due: float
    ids: Sequence[str]
    labels: Sequence[Any]
    loss: float


class Stream:
    """Sends in a thread of its own until it is stopped; `figures` and `plan` are swapped whole."""

    def __init__(self, scenario: Scenario, monitor: DemoMonitor, ingest_url: str, rate: float, clock: Clock) -> None:
        self.figures = StreamFigures()
        self.plan: FaultPlan | None = None
        self._scenario, self._monitor, self._rate, self._clock = scenario, monitor, rate, clock
        self._url = f"{ingest_url}/v1/monitors/{monitor.name}"
        self._session = requests.Session()
        self._rng = np.random.default_rng()
        self._run_id = secrets.token_hex(3)
        self._late: deque[_LateLabels] = deque()
        self._recent: deque[tuple[float, int]] = deque()
        self._losses: deque[tuple[float, float, int]] = deque()
        self._stop = Event()
        self._failure: Exception | None = None
        self._thread = Thread(target=self._run, name="stream", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns once nothing is being sent any more."""
        self._stop.set()
        self._thread.join()
        self._session.close()

    @property
    def has_failed(self) -> bool:
        return self._failure is not None

    def check(self) -> None:
        """ServiceFailed, if sending has failed."""
        if self._failure is not None:
            raise ServiceFailed(f"the stream stopped: {self._failure}") from self._failure

    def _run(self) -> None:
        try:
            due = time.monotonic()
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                self._send_predictions(max(1, round(self._rate * _SEND_EVERY_S)))
                self._send_labels()
                self._take_figures()
                due = max(due + _SEND_EVERY_S, time.monotonic() - 1.0)
        except (requests.RequestException, ServiceFailed) as error:
            self._failure = error
        except Exception as error:
            log.exception("the stream failed")
            self._failure = error

    def _send_predictions(self, count: int) -> None:
        rows = self._scenario.source.next_rows(count)
        plan = self.plan
        rows = plan.apply(rows) if plan else rows
        started = time.perf_counter()
        predictions = self._scenario.model.predict(rows)
        latency_s = time.perf_counter() - started
        now = self._clock.now()
        ids = [f"{self._run_id}-{self.figures.sent + number}" for number in range(count)]
        answer = self._post("predictions", self._events(ids, rows, predictions.tolist(), now, latency_s))
        self._late.append(self._labels_of(ids, rows, predictions, now))
        self._recent.append((now, answer.accepted))
        figures = self.figures
        self.figures = replace(
            figures,
            sent=figures.sent + count,
            accepted=figures.accepted + answer.accepted,
            rejected=figures.rejected + answer.rejected,
        )

    def _events(
        self, ids: Sequence[str], rows: LabelledRows, predictions: Sequence[Any], now: float, latency_s: float
    ) -> list[dict[str, Any]]:
        fields = self._monitor.fields
        columns = {name: column.tolist() for name, column in rows.columns.items()}
        columns[fields.id], columns[fields.prediction] = list(ids), list(predictions)
        same = {fields.timestamp: now, fields.model_version: MODEL_VERSION, fields.latency: latency_s}
        return [same | dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def _labels_of(self, ids: Sequence[str], rows: LabelledRows, predictions: Any, now: float) -> _LateLabels:
        model = self._scenario.model
        positive = model.classes[-1] if model.classes else ""
        loss = float(prediction_loss(model.task, predictions, rows.labels, positive).sum())
        due = now + self._rng.uniform(_EARLIEST_LABEL_S, LATEST_LABEL_S)
        return _LateLabels(due, ids, rows.labels.tolist(), loss)

    def _send_labels(self) -> None:
        now, fields = self._clock.now(), self._monitor.fields
        due = [late for late in self._late if late.due <= now]
        if not due:
            return
        self._late = deque(late for late in self._late if late.due > now)
        pairs = [pair for late in due for pair in zip(late.ids, late.labels, strict=True)]
        self._post("labels", [{fields.id: name, fields.label: label} for name, label in pairs])
        self._losses.append((now, sum(late.loss for late in due), len(pairs)))
        self.figures = replace(self.figures, labels=self.figures.labels + len(pairs))

    def _take_figures(self) -> None:
        now = self._clock.now()
        while self._recent and self._recent[0][0] < now - _RATE_WINDOW_S:
            self._recent.popleft()
        while self._losses and self._losses[0][0] < now - PERFORMANCE_WINDOW.seconds:
            self._losses.popleft()
        labels = sum(count for _, _, count in self._losses)
        mean_loss = sum(loss for _, loss, _ in self._losses) / labels if labels else None
        self.figures = replace(
            self.figures,
            rows_per_second=_rate(self._recent),
            performance=None if mean_loss is None else performance_of(self._scenario.model.task, mean_loss),
        )

    def _post(self, kind: str, records: list[dict[str, Any]]) -> _ReceiptAnswer:
        """Posts NDJSON; tries again while the exporter is busy. ServiceFailed when it refuses."""
        body = b"\n".join(orjson.dumps(record) for record in records)
        for _ in range(_RETRIES):
            answer = self._session.post(
                f"{self._url}/{kind}", data=body, headers={"content-type": "application/x-ndjson"}, timeout=30
            )
            if answer.status_code != 503:
                break
            self._stop.wait(_RETRY_AFTER_S)
        try:
            return msgspec.json.decode(answer.content, type=_ReceiptAnswer)
        except msgspec.MsgspecError as error:
            raise ServiceFailed(f"{self._url}/{kind} answered {answer.status_code}: {answer.text[:300]}") from error


def _rate(counted: deque[tuple[float, int]]) -> float:
    """A second, from the first time of counting to the last; 0 before there are two."""
    if len(counted) < 2:
        return 0.0
    rows = sum(count for _, count in counted) - counted[0][1]
    return rows / max(counted[-1][0] - counted[0][0], _SEND_EVERY_S)
