"""Runs an ASGI application on a socket that another process opened, until told to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from exporter.api.asgi import Application

KEEP_ALIVE_S = 75


def serve_until_stopped(
    application: Application, listener: socket.socket, stop_after_s: int, while_running: Callable[[], Awaitable[None]]
) -> None:
    """Blocks until SIGTERM or SIGINT, then finishes the requests under way. `while_running` starts with the server."""
    config = uvicorn.Config(
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
    server = uvicorn.Server(config)

    async def run() -> None:
        background = asyncio.ensure_future(while_running())
        try:
            await server.serve(sockets=[listener])
        finally:
            background.cancel()
            await asyncio.gather(background, return_exceptions=True)

    runner: Any = asyncio.Runner(loop_factory=config.get_loop_factory())
    with runner:
        runner.run(run())
