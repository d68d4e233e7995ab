"""Asks an ASGI application, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import msgspec

from exporter.api.asgi import Application


@dataclass(frozen=True, slots=True)
class AsgiAnswer:
    """The whole response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


async def ask(application: Application, path: str, query: str = "") -> AsgiAnswer:
    """`GET path?query`."""
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
    messages: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    await application(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return AsgiAnswer(messages[0]["status"], headers, b"".join(message.get("body", b"") for message in messages[1:]))


def asked(application: Application, path: str, query: str = "") -> AsgiAnswer:
    """The same, in an event loop of its own."""
    return asyncio.run(ask(application, path, query))
