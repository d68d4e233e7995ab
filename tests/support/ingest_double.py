"""A small HTTP server that takes what `infranaut replay` sends, and answers what a test tells it to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.listening import listening


@dataclass(frozen=True, slots=True)
class PostedBody:
    """One request that came."""

    path: str
    media_type: str
    body: bytes

    @property
    def rows(self) -> list[Any]:
        """Of NDJSON."""
        return [json.loads(line) for line in self.body.splitlines()]


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """What is answered."""

    status: int
    document: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class IngestDouble:
    """Accepts every row, but for the answers in `script`, which come first, one a request."""

    url: str = ""
    posted: list[PostedBody] = field(default_factory=list)
    script: list[ScriptedAnswer] = field(default_factory=list)
    on_post: Callable[[], None] = lambda: None

    def answer(self, posted: PostedBody) -> ScriptedAnswer:
        self.posted.append(posted)
        self.on_post()
        if self.script:
            return self.script.pop(0)
        rows = len(posted.body.splitlines())
        return ScriptedAnswer(202, {"accepted": rows, "rejected": 0, "reasons": {}, "errors": []})


@contextmanager
def an_ingest_double(port: int = 0) -> Iterator[IngestDouble]:
    """The double, listening on a free port of the loopback."""
    double = IngestDouble()

    class IngestHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = double.answer(PostedBody(self.path, self.headers["Content-Type"], body))
            document = json.dumps(dict(answer.document)).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(document)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of its parent
            """Says nothing."""

    with listening(ThreadingHTTPServer(("127.0.0.1", port), IngestHandler)) as bound:
        double.url = f"http://127.0.0.1:{bound}"
        yield double
