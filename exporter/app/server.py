"""Runs an ASGI application on a socket that another process opened, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from exporter.api.asgi import Application

KEEP_ALIVE_S = 75


def serve_until_stopped(
    application: Application,
    listener: socket.socket,
    stop_after_s: int,
    while_running: Callable[[], Awaitable[None]],
    when_closed: Callable[[], None],
) -> None:
    """Blocks until SIGTERM or SIGINT, then finishes the requests under way.

    `while_running` starts with the server; when it raises, the server stops, and the error goes on. `when_closed` is
    called as soon as no further request will be taken.
    """
    config = _configuration(application, stop_after_s)
    server = _AnnouncingServer(config, when_closed)

    async def run() -> None:
        background = asyncio.ensure_future(while_running())
        background.add_done_callback(lambda _background: setattr(server, "should_exit", True))
        try:
            await server.serve(sockets=[listener])
        finally:
            background.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await background

    runner: Any = asyncio.Runner(loop_factory=config.get_loop_factory())
    with runner:
        runner.run(run())


def _configuration(application: Application, stop_after_s: int) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=stop_after_s,
        ws="none",
        proxy_headers=False,
    )


class _AnnouncingServer(uvicorn.Server):
    """Tells when its listener and its idle connections are closed, which `shutdown` does before it first waits."""

    def __init__(self, config: uvicorn.Config, when_closed: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_closed = when_closed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_soon(self._when_closed)
        await super().shutdown(sockets)
