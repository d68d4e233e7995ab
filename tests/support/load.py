"""Clients that keep posting numbered predictions, and know what became of each request."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import requests

from tests.support.exporters import REQUEST_TIMEOUT_S, RunningExporter
from tests.support.payloads import as_lines
from tests.support.polling import wait_until

MONITOR = "credit"
CONNECTION_LOST = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
"""Before an answer, or in the middle of one."""


def predictions(prefix: str, count: int) -> list[dict[str, Any]]:
    """Rows for the monitor that `write_monitor` writes, made just now."""
    now_s = time.time()
    return [{"id": f"{prefix}{row}", "ts": now_s, "score": 0.25, "age": float(row % 90)} for row in range(count)]


@dataclass(slots=True)
class LoadClient:
    """Posts bodies of `rows` predictions, one after the other, on one connection.

    A connection error is the only thing after which a body is sent again, and only while `is_retrying`.
    """

    exporter: RunningExporter
    name: str
    rows: int
    is_retrying: bool
    statuses: Counter[int] = field(default_factory=Counter)
    connection_errors: int = 0
    settled_rows: int = 0
    """Rows of bodies that were answered 202, or 400 because all of them had been taken before."""
    failure: BaseException | None = None
    _stop: Event = field(default_factory=Event)

    def run(self) -> None:
        try:
            with requests.Session() as session:
                body = 0
                while not self._stop.is_set():
                    self._send(session, as_lines(predictions(f"{self.name}-{body}-", self.rows)))
                    body += 1
        except CONNECTION_LOST:
            self.connection_errors += 1
        except BaseException as error:  # noqa: BLE001 - told to the test in `stop`
            self.failure = error

    def stop(self) -> None:
        self._stop.set()

    def _send(self, session: requests.Session, body: bytes) -> None:
        url = f"{self.exporter.ingest_url}/v1/monitors/{MONITOR}/predictions"
        while True:
            try:
                answer = session.post(url, data=body, timeout=REQUEST_TIMEOUT_S)
            except CONNECTION_LOST:
                if not self.is_retrying:
                    raise
                self.connection_errors += 1
                continue
            self.statuses[answer.status_code] += 1
            told = answer.json()
            assert told["accepted"] + told["reasons"].get("duplicate", 0) == self.rows, told
            self.settled_rows += self.rows
            return


@dataclass(frozen=True, slots=True)
class RunningLoad:
    """Several clients at once."""

    clients: tuple[LoadClient, ...]

    @property
    def settled_rows(self) -> int:
        return sum(client.settled_rows for client in self.clients)

    @property
    def statuses(self) -> Counter[int]:
        return sum((client.statuses for client in self.clients), Counter())

    def wait_for_more(self, rows: int = 1) -> None:
        """Until so many more rows have been taken: the load is on."""
        goal = self.settled_rows + rows
        wait_until(lambda: self.settled_rows >= goal or self.failures(), 30, f"{rows} more rows taken")

    def failures(self) -> list[BaseException]:
        return [client.failure for client in self.clients if client.failure]


@contextmanager
def a_load(
    exporter: RunningExporter, clients: int = 3, rows: int = 50, *, is_retrying: bool = True
) -> Iterator[RunningLoad]:
    """Clients that post until the end of the block; whatever but a connection error befell one fails the test."""
    load = RunningLoad(tuple(LoadClient(exporter, f"c{number}", rows, is_retrying) for number in range(clients)))
    threads = [Thread(target=client.run, daemon=True) for client in load.clients]
    for thread in threads:
        thread.start()
    try:
        load.wait_for_more()
        yield load
    finally:
        for client in load.clients:
            client.stop()
        for thread in threads:
            thread.join(REQUEST_TIMEOUT_S)
    assert not load.failures(), load.failures()
