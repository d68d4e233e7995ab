"""A proxy before an HTTP server that answers, delays or cuts off requests as a test tells it to."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.listening import listening


class HttpFault(StrEnum):
    """What happens to a request. In all but `LOST_ANSWER` and `SLOW` the server never sees it."""

    BROKEN = "500 without a reason"
    BUSY = "503 SlowDown"
    REFUSED = "the connection is closed before an answer"
    SLOW = "the server does it, the answer comes too late"
    LOST_ANSWER = "the server does it, the connection is closed instead of an answer"


@dataclass
class FaultProxy:
    """Faults apply to `times` requests with a method, once `after` of them passed; `seen` has all requests' methods."""

    port: int
    upstream: int
    released: threading.Event = field(default_factory=threading.Event)
    seen: list[str] = field(default_factory=list)
    _faults: list[tuple[str, HttpFault | None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def plan(self, method: str, fault: HttpFault, times: int = 1, after: int = 0) -> None:
        with self._lock:
            self._faults += [(method, None)] * after + [(method, fault)] * times

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def next_fault(self, method: str) -> HttpFault | None:
        with self._lock:
            self.seen.append(method)
            for index, (wanted, fault) in enumerate(self._faults):
                if wanted == method:
                    del self._faults[index]
                    return fault
        return None


@contextmanager
def fault_proxy(upstream: int) -> Iterator[FaultProxy]:
    """Forwards to a port of the loopback interface."""
    proxy = FaultProxy(0, upstream)

    class ToUpstream(_Forwarding):
        faults = proxy

    with listening(ThreadingHTTPServer(("127.0.0.1", 0), ToUpstream)) as port:
        proxy.port = port
        try:
            yield proxy
        finally:
            proxy.released.set()


class _Forwarding(BaseHTTPRequestHandler):
    faults: FaultProxy
    protocol_version = "HTTP/1.1"
    patience_s = 30.0

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.faults.next_fault(self.command)
        if fault in (HttpFault.BROKEN, HttpFault.BUSY):
            status = 503 if fault is HttpFault.BUSY else 500
            return self._answer(status, [], b"<Error><Code>SlowDown</Code></Error>")
        if fault is HttpFault.REFUSED:
            return self._hang_up()
        status, headers, content = self._ask_upstream(body)
        if fault is HttpFault.LOST_ANSWER:
            return self._hang_up()
        if fault is HttpFault.SLOW:
            self.faults.released.wait(self.patience_s)
        return self._answer(status, headers, content)

    def do_GET(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _ask_upstream(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.faults.upstream, timeout=self.patience_s)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        with suppress(OSError):
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            length = dict(headers).get("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else content)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is logged."""
