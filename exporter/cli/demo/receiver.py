"""Receives Alertmanager's webhook, and so knows when an alert was delivered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec

from exporter.clock import Clock

_LONGEST_BODY = 4 << 20


class _WebhookAlert(msgspec.Struct):
    status: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}


class _WebhookMessage(msgspec.Struct):
    """The parts of Alertmanager's webhook (version 4) that are read here."""

    alerts: list[_WebhookAlert]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A firing alert that arrived, and when (seconds since the epoch)."""

    at: float
    alert: str
    feature: str
    summary: str


class AlertReceiver:
    """Keeps what arrived at `url`, oldest first."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.deliveries: tuple[Delivery, ...] = ()
        self._clock = clock

    def receive(self, body: bytes) -> None:
        """msgspec.MsgspecError when it is no message of Alertmanager."""
        now = self._clock.now()
        message = msgspec.json.decode(body, type=_WebhookMessage)
        self.deliveries += tuple(
            Delivery(
                now,
                alert.labels.get("alertname", ""),
                alert.labels.get("feature", ""),
                alert.annotations.get("summary", ""),
            )
            for alert in message.alerts
            if alert.status == "firing"
        )


@contextmanager
def alert_receiver(clock: Clock) -> Iterator[AlertReceiver]:
    """A receiver on a free loopback port, answering in a thread of its own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        receiver = AlertReceiver(f"http://127.0.0.1:{server.server_address[1]}/alerts", clock)
        server.RequestHandlerClass = _handler(receiver)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def _handler(receiver: AlertReceiver) -> type[BaseHTTPRequestHandler]:
    class WebhookHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length", 0)), _LONGEST_BODY)
            try:
                receiver.receive(self.rfile.read(length))
            except msgspec.MsgspecError as error:
                self.send_error(400, f"not a message of Alertmanager: {error}")
                return
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing: the screen tells what was delivered."""

    return WebhookHandler
