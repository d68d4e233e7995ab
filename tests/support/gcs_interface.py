"""A stand-in for Google Cloud Storage: the part of its XML interface that the archive's client speaks.

It is written after cloud.google.com/storage/docs/xml-api; the emulators of Google's JSON interface leave the conditions
of a request unheeded, on which everything here rests.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.support.listening import listening

TOKEN = "token-of-the-tests"
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class _Kept:
    content: bytes
    generation: int
    at: datetime


@dataclass(slots=True)
class _Objects:
    """The objects of one bucket by name; one request at a time sees and changes them."""

    bucket: str
    kept: dict[str, _Kept] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    generations: Iterator[int] = field(default_factory=lambda: count(1))


@contextmanager
def gcs_server(bucket: str) -> Iterator[int]:
    """Serves one bucket on a free port, which it gives."""
    objects = _Objects(bucket)

    class BucketHandler(_GcsHandler):
        held = objects

    with listening(ThreadingHTTPServer(("127.0.0.1", 0), BucketHandler)) as port:
        yield port


class _GcsHandler(BaseHTTPRequestHandler):
    held: _Objects
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        wanted = self.headers.get("x-goog-if-generation-match")
        if (name := self._admitted()) is None:
            return
        with self.held.lock:
            known = self.held.kept.get(name)
            if wanted is not None and int(wanted) != (known.generation if known else 0):
                self._refuse(412, "PreconditionFailed")
                return
            kept = self.held.kept[name] = _Kept(content, next(self.held.generations), datetime.now(UTC))
        self._answer(200, b"", _headers(kept))

    def do_GET(self) -> None:
        if (name := self._admitted()) is None:
            return
        if not name:
            self._list()
            return
        kept = self.held.kept.get(name)
        if kept is None:
            self._refuse(404, "NoSuchKey")
            return
        span = self.headers.get("Range")
        if span is None:
            self._answer(200, kept.content, _headers(kept))
            return
        start, _, last = span.removeprefix("bytes=").partition("-")
        part = kept.content[int(start) : int(last) + 1 if last else None]
        told = f"bytes {start}-{int(start) + len(part) - 1}/{len(kept.content)}"
        self._answer(206, part, _headers(kept) | {"Content-Range": told})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        if (name := self._admitted()) is None:
            return
        with self.held.lock:
            found = self.held.kept.pop(name, None)
        if found is None:
            self._refuse(404, "NoSuchKey")
        else:
            self._answer(204, b"", {})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is the library's
        """Nothing: tests look at what the client says."""

    def _admitted(self) -> str | None:
        """The object's name, empty for the bucket; None once the request was refused."""
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._refuse(401, "AuthenticationRequired")
            return None
        bucket, _, name = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        if bucket != self.held.bucket:
            self._refuse(404, "NoSuchBucket")
            return None
        return name

    def _list(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        prefix, after = asked.get("prefix", [""])[0], asked.get("continuation-token", [""])[0]
        with self.held.lock:
            names = sorted(name for name in self.held.kept if name.startswith(prefix) and name > after)
            page = [(name, self.held.kept[name]) for name in names[:_PAGE]]
        more = f"<NextContinuationToken>{escape(page[-1][0])}</NextContinuationToken>" if len(names) > _PAGE else ""
        contents = "".join(_listed(name, kept) for name, kept in page)
        text = f"<ListBucketResult>{more}{contents}</ListBucketResult>"
        self._answer(200, text.encode(), {"Content-Type": "application/xml"})

    def _refuse(self, status: int, code: str) -> None:
        text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>"
        self._answer(status, text.encode(), {"Content-Type": "application/xml"})

    def _answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _headers(kept: _Kept) -> dict[str, str]:
    return {
        "ETag": f'"{kept.generation}"',
        "x-goog-generation": str(kept.generation),
        "Last-Modified": format_datetime(kept.at, usegmt=True),
    }


def _listed(name: str, kept: _Kept) -> str:
    at = kept.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return (
        f"<Contents><Key>{escape(name)}</Key><Size>{len(kept.content)}</Size><LastModified>{at}</LastModified>"
        f'<ETag>"{kept.generation}"</ETag></Contents>'
    )
