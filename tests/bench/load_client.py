"""Posts to an exporter as fast as it answers. Run by `tests.bench.serving` as a script of its own, like a peer's.

Requests are put together before a round is timed, so that what is measured is sending and waiting.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATIENCE_S = 60
RECEIVED_BYTES = 65_536


def main() -> None:
    job = json.loads(sys.stdin.readline())
    body, tag, number = Path(job["body"]).read_bytes(), job["tag"].encode(), job["first"]
    head = _head(job, len(body))
    connections = [socket.create_connection((job["host"], job["port"])) for _ in range(job["connections"])]
    for _ in sys.stdin:
        requests = [head + body.replace(tag, b"%08x" % (number + index)) for index in range(job["requests"])]
        number += len(requests)
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        post(requests, connections)
        taken = {"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s}
        print(json.dumps(taken), flush=True)


def post(requests: list[bytes], connections: list[socket.socket]) -> None:
    """Sends all requests, one under way on each connection; ends the process at an answer that is not 202."""
    waiting, answers = iter(requests), dict.fromkeys(connections, b"")
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
            _send_next(connection, waiting)
        answered = 0
        while answered < len(requests):
            ready = selector.select(PATIENCE_S)
            if not ready:
                sys.exit(f"no answer in {PATIENCE_S} s")
            for key, _ in ready:
                connection: Any = key.fileobj
                answers[connection] += connection.recv(RECEIVED_BYTES)
                if not answers[connection].endswith(b"}"):
                    continue
                if not _is_accepted(answers[connection]):
                    sys.exit(answers[connection].decode(errors="replace"))
                answers[connection] = b""
                answered += 1
                _send_next(connection, waiting)


def _send_next(connection: socket.socket, waiting: Iterator[bytes]) -> None:
    request = next(waiting, None)
    if request is not None:
        connection.sendall(request)


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
