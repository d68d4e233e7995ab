"""The few pieces of ASGI that the hot routes need."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_STALLED_AFTER_S = 30
KEPT_OF_TOO_LARGE = 65_536

_JSON = (b"content-type", b"application/json")


class BodyTooLarge(Exception):
    """A body went over the limit; `beginning` holds its first bytes."""

    def __init__(self, limit_bytes: int, beginning: bytes) -> None:
        super().__init__(f"the body is larger than {limit_bytes:,} bytes; send it in parts, or raise --max-body")
        self.beginning = beginning


class Headers:
    """The request headers that matter here, in lower case."""

    __slots__ = ("content_encoding", "content_length", "content_type")

    def __init__(self, scope: Scope) -> None:
        self.content_type = "application/x-ndjson"
        self.content_encoding = "identity"
        self.content_length: int | None = None
        for name, value in scope["headers"]:
            if name == b"content-type":
                self.content_type = value.decode("latin-1").strip().lower()
            elif name == b"content-encoding":
                self.content_encoding = value.decode("latin-1").strip().lower() or "identity"
            elif name == b"content-length" and value.isdigit():
                self.content_length = int(value)


async def read_body(receive: Receive, limit_bytes: int, drain_bytes: int, grow_to: Callable[[int], None]) -> bytes:
    """The whole body; TimeoutError when it stops coming.

    Over `limit_bytes`: BodyTooLarge, once as much as `drain_bytes` was read and thrown away, so that a sender who reads
    only after writing sees the answer. `grow_to` is told how much is held, and may refuse by raising.
    """
    async with asyncio.timeout(BODY_STALLED_AFTER_S) as patience:
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            return _within(body, limit_bytes)
        chunks, size = [body], len(body)
        while message.get("more_body") and size <= drain_bytes:
            patience.reschedule(asyncio.get_running_loop().time() + BODY_STALLED_AFTER_S)
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the sender hung up in the middle of a body")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= limit_bytes:
                grow_to(size)
                chunks.append(chunk)
    if size > limit_bytes:
        raise BodyTooLarge(limit_bytes, b"".join(chunks)[:KEPT_OF_TOO_LARGE])
    return b"".join(chunks)


async def respond(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None, media: bytes | None = None
) -> None:
    """Sends a whole response."""
    content_type = _JSON if media is None else (b"content-type", media)
    all_headers = [content_type, (b"content-length", str(len(body)).encode()), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})


def _within(body: bytes, limit_bytes: int) -> bytes:
    if len(body) > limit_bytes:
        raise BodyTooLarge(limit_bytes, body[:KEPT_OF_TOO_LARGE])
    return body
