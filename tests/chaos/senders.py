"""Clients that post bodies to several exporters, each until it is acknowledged, and remember what was."""

from __future__ import annotations

import heapq
import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.bodies import NumberedBody, a_body
from tests.support.polling import wait_until

MONITOR = "credit"
CLIENTS = 16
ANSWER_WITHIN_S = 15.0
PATIENCE_S = 90.0
"""How long a body may still take once all is well again."""

_DUPLICATE, _BAD = "duplicate", "missing_id"
_LABELLED_SHARE = 0.3
_LABEL_DELAYS_S = (0.05, 6.0)
_PAUSE_AFTER_FAILURE_S = 0.05


@dataclass(frozen=True, slots=True)
class SendingPace:
    """Bodies of one client: a pause after each, and how long a label may be behind its prediction."""

    pause_s: float = 0.05
    label_delays_s: tuple[float, float] = _LABEL_DELAYS_S


@dataclass(order=True, slots=True)
class _DueLabels:
    at: float
    other: int = field(compare=False)
    body: NumberedBody = field(compare=False)


class PersistentSender:
    """One client, one body under way. A body is sent again, unchanged, to the next exporter, until it is acknowledged.

    Acknowledged is a 202, or a 400 whose only reason is that every row is a duplicate: an earlier try was kept.
    """

    def __init__(self, name: str, addresses: Sequence[str], rng: random.Random, pace: SendingPace) -> None:
        """`name` is the beginning of all its ids."""
        self._name = name
        self._addresses = addresses
        self._rng = rng
        self._pace = pace
        self._turn = 0
        self._bodies = 0
        self._connections: dict[int, http.client.HTTPConnection] = {}
        self._due: list[_DueLabels] = []
        self._stopping = threading.Event()
        self._stopped_at = 0.0
        self.predictions: list[NumberedBody] = []
        """Acknowledged, in order."""
        self.labels: list[NumberedBody] = []
        """Acknowledged, in order."""
        self.unanswered: list[NumberedBody] = []
        """Those whose fate nobody knows, since nobody answered until the very end."""
        self.complaints: list[str] = []
        """Answers that no exporter may give."""
        self.statuses: Counter[int] = Counter()

    def run(self) -> None:
        """Until `stop`; then sends the labels that are due, and comes to an end."""
        try:
            while not self._stopping.is_set():
                self._send_predictions()
                self._send_due_labels(time.monotonic())
                self._stopping.wait(self._pace.pause_s)
            self._send_due_labels(float("inf"))
        except Exception as error:  # noqa: BLE001 - told by the verdict
            self.complaints.append(f"{self._name} ended: {error!r}")
        finally:
            for connection in self._connections.values():
                connection.close()

    def stop(self) -> None:
        self._stopped_at = time.monotonic()
        self._stopping.set()

    def _send_predictions(self) -> None:
        body = a_body(self._rng, f"{self._name}-{self._bodies:06d}")
        self._bodies += 1
        self._turn += 1
        if not self._deliver("predictions", body, body.predictions):
            return
        self.predictions.append(body)
        if self._rng.random() < _LABELLED_SHARE:
            delay_s = self._rng.uniform(*self._pace.label_delays_s)
            heapq.heappush(self._due, _DueLabels(time.monotonic() + delay_s, self._turn + 1, body))

    def _send_due_labels(self, until: float) -> None:
        while self._due and self._due[0].at <= until:
            due = heapq.heappop(self._due)
            self._turn = due.other
            if self._deliver("labels", due.body, due.body.labels):
                self.labels.append(due.body)

    def _deliver(self, kind: str, body: NumberedBody, payload: bytes) -> bool:
        """Whether it was acknowledged; false once nobody has answered for long after the end."""
        while True:
            if self._post(kind, body, payload):
                return True
            if self._stopping.is_set() and time.monotonic() > self._stopped_at + PATIENCE_S:
                self.unanswered.append(body)
                return False
            self._turn += 1

    def _post(self, kind: str, body: NumberedBody, payload: bytes) -> bool:
        target = self._turn % len(self._addresses)
        try:
            status, retry_after_s, document = self._request(target, kind, payload)
        except (OSError, http.client.HTTPException, ValueError):
            self._connections.pop(target).close()
            self._stopping.wait(_PAUSE_AFTER_FAILURE_S)
            return False
        self.statuses[status] += 1
        if status == 503:
            if retry_after_s is None:
                self.complaints.append(f"503 without Retry-After: {document}")
            self._stopping.wait(min(retry_after_s or 1.0, 1.0) / len(self._addresses))
            return False
        if not _is_acknowledged(status, document, body, is_bad=body.is_bad and kind == "predictions"):
            self.complaints.append(f"{kind} {body.prefix} ({body.rows} rows): {status} {document}")
            self._stopping.wait(1.0)
            return False
        return True

    def _request(self, target: int, kind: str, payload: bytes) -> tuple[int, float | None, Mapping[str, Any]]:
        connection = self._connections.get(target)
        if connection is None:
            connection = http.client.HTTPConnection(self._addresses[target], timeout=ANSWER_WITHIN_S)
            self._connections[target] = connection
        connection.request("POST", f"/v1/monitors/{MONITOR}/{kind}", payload)
        answer = connection.getresponse()
        retry_after = answer.getheader("Retry-After")
        document = json.loads(answer.read())
        return answer.status, None if retry_after is None else float(retry_after), document


@dataclass(frozen=True, slots=True)
class RunningSenders:
    """All clients of a run. Their ids, and no others, begin with `tag`."""

    tag: str
    senders: Sequence[PersistentSender]

    @property
    def acknowledged_rows(self) -> int:
        return sum(body.rows for sender in self.senders for body in list(sender.predictions))

    @property
    def complaints(self) -> list[str]:
        return [complaint for sender in self.senders for complaint in sender.complaints]

    @property
    def statuses(self) -> Counter[int]:
        return sum((sender.statuses for sender in self.senders), Counter())

    def wait_for_more(self, bodies: int = 200, deadline_s: float = PATIENCE_S) -> None:
        """Until so many more bodies were acknowledged: senders are served."""
        goal = self._bodies() + bodies
        wait_until(lambda: self._bodies() >= goal, deadline_s, f"{bodies} more bodies acknowledged")

    def _bodies(self) -> int:
        return sum(len(sender.predictions) for sender in self.senders)


@contextmanager
def some_senders(
    addresses: Sequence[str], seed: int, pace: SendingPace | None = None, clients: int = CLIENTS
) -> Iterator[RunningSenders]:
    """Clients at work until the end of the block, and a while longer: until each body of theirs was acknowledged.

    seed : of everything that they do by chance; no two runs of one world may have the same, or their ids meet.
    """
    tag = f"r{seed}-"
    senders = [
        PersistentSender(f"{tag}s{number:02d}", addresses, random.Random(f"{seed}/{number}"), pace or SendingPace())
        for number in range(clients)
    ]
    threads = [threading.Thread(target=sender.run, daemon=True) for sender in senders]
    for thread in threads:
        thread.start()
    try:
        yield RunningSenders(tag, senders)
    finally:
        for sender in senders:
            sender.stop()
        for thread in threads:
            thread.join(2 * PATIENCE_S)


def _is_acknowledged(status: int, document: Mapping[str, Any], body: NumberedBody, *, is_bad: bool) -> bool:
    """Whether every row is told as kept, and the bad record, where there is one, as bad."""
    reasons = dict(document.get("reasons", {}))
    if reasons.pop(_BAD, 0) != int(is_bad):
        return False
    kept = document.get("accepted", 0) + reasons.pop(_DUPLICATE, 0)
    return status in (202, 400) and kept == body.rows and not reasons
