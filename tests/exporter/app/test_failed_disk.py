"""A process whose disk has failed answers who waits, ends, and is started again."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from exporter.api.asgi import Receive, Scope, Send
from exporter.api.ingest import IngestApplication
from exporter.app.feeding import Feeding
from exporter.app.server import serve_until_stopped
from exporter.errors import DiskFailed
from tests.support.batches import a_monitor
from tests.support.clocks import NOON_S
from tests.support.journals import HeldJournal
from tests.support.pipelines import a_pipeline


class FailedJournal(HeldJournal):
    """Its disk fails at the first entry."""

    failed: DiskFailed | None = None

    def release(self) -> None:
        self.failed = self.failed or DiskFailed("the flush of a file failed")
        self.fail(self.failed)

    @property
    def failure(self) -> Exception | None:
        return self.failed


def test_a_process_ends_once_its_journal_has_failed(tmp_path: Path) -> None:
    journal = FailedJournal()
    watched = a_pipeline(tmp_path, a_monitor(), journal=journal)
    feeding = Feeding({"credit": watched.pipeline}, journal, hot=None)
    feeding.tick()
    with pytest.raises(DiskFailed):
        watched.predict({"id": "a", "ts": NOON_S, "score": 0.5})
    with pytest.raises(DiskFailed, match="flush of a file"):
        feeding.tick()


def test_a_server_stops_when_what_runs_beside_it_fails() -> None:
    async def fail() -> None:
        raise DiskFailed("the flush of a file failed")

    closed: list[bool] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(DiskFailed, match="flush of a file"):
        serve_until_stopped(_nothing, listener, 1, fail, lambda: closed.append(True))
    assert closed == [True]


@pytest.mark.parametrize("body", [{"id": "a", "ts": NOON_S, "score": 0.5}, [{"id": "a", "ts": NOON_S, "score": 0.5}]])
def test_who_waits_for_a_failed_disk_is_told_to_send_again(tmp_path: Path, body: object) -> None:
    watched = a_pipeline(tmp_path, a_monitor(), journal=FailedJournal())
    application = IngestApplication({"credit": watched.pipeline}, _nothing, 1 << 20, 1 << 20)
    status, headers, answer = asyncio.run(_post(application, json.dumps(body).encode()))
    assert (status, headers[b"retry-after"]) == (503, b"1")
    assert b"send it again" in answer
    assert watched.value("infranaut_predictions_total") == 0


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("nobody asks for it")


async def _post(application: IngestApplication, body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    """The status, headers and body of the answer."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/monitors/credit/predictions",
        "headers": [(b"content-type", b"application/json")],
    }
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await application(scope, receive, send)  # type: ignore[arg-type]  # messages are plain dicts
    start, end = sent
    return int(str(start["status"])), dict(start["headers"]), bytes(end["body"])  # type: ignore[call-overload]
