"""Posts to an exporter as fast as it answers, or at a rate. Run by `tests.bench.serving` as a script, like a peer's.

Requests are put together before a round is timed, so that what is measured is sending and waiting.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from pathlib import Path
from typing import Any

PATIENCE_S = 60
RECEIVED_BYTES = 65_536


def main() -> None:
    job = json.loads(sys.stdin.readline())
    body, tag, number = Path(job["body"]).read_bytes(), job["tag"].encode(), job["first"]
    head = _head(job, len(body))
    connections = [socket.create_connection((job["host"], job["port"])) for _ in range(job["connections"])]
    for connection in connections:
        connection.setblocking(False)
    for _ in sys.stdin:
        requests = [head + body.replace(tag, b"%08x" % (number + index)) for index in range(job["requests"])]
        number += len(requests)
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        if job["rate"]:
            latencies_s = post_at_rate(requests, connections, job["rate"])
        else:
            post(requests, connections)
            latencies_s = []
        taken = {"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s}
        print(json.dumps(taken | {"latencies_s": latencies_s}), flush=True)


def post(requests: list[bytes], connections: list[socket.socket]) -> None:
    """Sends all requests, one under way on each connection; ends the process at an answer that is not 202."""
    waiting, answered = iter(requests), 0
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_WRITE, _Exchange(next(waiting, b"")))
        while answered < len(requests):
            ready = selector.select(PATIENCE_S)
            if not ready:
                sys.exit(f"no answer in {PATIENCE_S} s")
            for key, events in ready:
                exchange: _Exchange = key.data
                if events & selectors.EVENT_WRITE and exchange.send(key.fileobj):
                    selector.modify(key.fileobj, selectors.EVENT_READ, exchange)
                elif events & selectors.EVENT_READ and exchange.receive(key.fileobj):
                    answered += 1
                    following = _Exchange(next(waiting, b""))
                    selector.modify(key.fileobj, _AWAITED[following.send(key.fileobj)], following)


def post_at_rate(requests: list[bytes], connections: list[socket.socket], rate: float) -> list[float]:
    """Sends so many requests a second; how long after its moment each was answered, in seconds.

    A request whose moment has come while every connection waits for an answer is late, and that counts too.
    """
    idle, sent = list(connections), 0
    latencies_s: list[float] = []
    start = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        while len(latencies_s) < len(requests):
            while idle and sent < len(requests) and sent / rate <= time.perf_counter() - start:
                connection, exchange = idle.pop(), _Exchange(requests[sent])
                selector.register(connection, _AWAITED[exchange.send(connection)], (sent / rate, exchange))
                sent += 1
            is_due_later = bool(idle) and sent < len(requests)
            pause_s = start + sent / rate - time.perf_counter() if is_due_later else PATIENCE_S
            ready = selector.select(max(pause_s, 0))
            if not ready and not is_due_later:
                sys.exit(f"no answer in {PATIENCE_S} s")
            for key, events in ready:
                due_s, exchange = key.data
                if events & selectors.EVENT_WRITE and exchange.send(key.fileobj):
                    selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                elif events & selectors.EVENT_READ and exchange.receive(key.fileobj):
                    latencies_s.append(time.perf_counter() - start - due_s)
                    selector.unregister(key.fileobj)
                    idle.append(key.fileobj)  # type: ignore[arg-type]  # what was registered
    return latencies_s


class _Exchange:
    """A request and its answer, as far as they have come; an empty request has none."""

    def __init__(self, request: bytes) -> None:
        self._left = memoryview(request)
        self._answer = b""

    def send(self, connection: Any) -> bool:
        """Sends what the connection takes; whether that was the rest."""
        try:
            while self._left:
                self._left = self._left[connection.send(self._left) :]
        except BlockingIOError:
            return False
        return True

    def receive(self, connection: Any) -> bool:
        """Whether the answer is whole."""
        self._answer += connection.recv(RECEIVED_BYTES)
        if not self._answer.rstrip().endswith(b"}"):
            return False
        if not _is_accepted(self._answer):
            sys.exit(self._answer.decode(errors="replace"))
        return True


_AWAITED = {False: selectors.EVENT_WRITE, True: selectors.EVENT_READ}


def _is_accepted(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/1.1 202") and b'"rejected":0' in answer


def _head(job: dict[str, Any], length: int) -> bytes:
    lines = (
        f"POST {job['path']} HTTP/1.1",
        f"Host: {job['host']}:{job['port']}",
        f"Content-Type: {job['media_type']}",
        f"Content-Length: {length}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


if __name__ == "__main__":
    main()
