"""The web listener: `/metrics`, a page for people, the same as JSON, health and reload."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.concurrency import run_in_threadpool

from exporter import __version__
from exporter.api.asgi import Application, Receive, Scope, Send, respond
from exporter.api.documentation import add_health
from exporter.api.views import ExporterState, MonitorView
from exporter.monitor.suggestion import did_you_mean


class WebApplication:
    """Answers `/metrics` itself, and hands the rest to FastAPI."""

    def __init__(self, state: ExporterState) -> None:
        self._state = state
        self.pages = _pages(state)
        self._page_server: Application = self.pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/metrics" and scope["method"] in ("GET", "HEAD"):
            await self._expose(scope, send)
        else:
            await self._page_server(scope, receive, send)

    async def _expose(self, scope: Scope, send: Send) -> None:
        asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
        accept, accept_encoding = asked.get(b"accept", ""), asked.get(b"accept-encoding", "")
        body, headers = self._state.exposition(accept, accept_encoding, _scraper(scope, asked))
        encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        media = dict(encoded).pop(b"content-type", b"text/plain")
        rest = [(name, value) for name, value in encoded if name != b"content-type"]
        await respond(send, 200, b"" if scope["method"] == "HEAD" else body, rest, media)


def _scraper(scope: Scope, asked: Mapping[bytes, str]) -> str | None:
    """Who asks, if it is a Prometheus (or Agent, VictoriaMetrics …): those send the timeout of the scrape."""
    if b"x-prometheus-scrape-timeout-seconds" not in asked:
        return None
    host = (scope.get("client") or ("unknown",))[0]
    return f"{host} {asked.get(b'user-agent', '')}"


def _pages(state: ExporterState) -> FastAPI:
    app = FastAPI(title="Infranaut", version=__version__, redoc_url=None)
    add_health(app, state.is_ready)
    page = _landing_template()

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def landing() -> str:
        return page.render(exporter=state.exporter(), monitors=state.monitors(), now=time.time())

    @app.get("/v1/monitors", summary="Every monitor as it stands now")
    def monitors() -> list[dict[str, Any]]:
        return [asdict(view) for view in state.monitors()]

    @app.get("/v1/monitors/{name}", summary="One monitor: rows, rejects, drift of every feature and model version")
    def monitor(name: str) -> dict[str, Any]:
        return asdict(_known(state, name))

    @app.post("/v1/monitors/{name}/{kind}", include_in_schema=False)
    def misdirected(name: str, kind: str) -> None:
        raise HTTPException(404, f"post this to {state.exporter().ingest_url}/v1/monitors/{name}/{kind}")

    async def reload() -> PlainTextResponse:
        mistakes = await run_in_threadpool(state.reload)
        if mistakes:
            return PlainTextResponse("\n".join(["not reloaded; the old monitors stay:", *mistakes, ""]), 422)
        return PlainTextResponse("reloaded\n")

    app.add_api_route("/-/reload", reload, methods=["POST", "PUT"], response_class=PlainTextResponse)
    return app


def _known(state: ExporterState, name: str) -> MonitorView:
    found = state.monitor(name)
    if found is None:
        names: Sequence[str] = [view.name for view in state.monitors()]
        hint = did_you_mean(name, names) or f"; there are {', '.join(names) or 'none'}"
        raise HTTPException(404, f"no monitor {name!r}{hint}")
    return found


def _landing_template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["age"] = _age
    environment.filters["share"] = lambda ratio: "" if ratio is None else f"{ratio:.1%}"
    environment.filters["figure"] = lambda number: "-" if number is None else f"{number:.3f}"
    return environment.from_string((Path(__file__).parent / "landing.html").read_text(encoding="utf-8"))


def _age(seconds: float | None, now: float) -> str:
    """How long ago, in the largest fitting unit."""
    if not seconds:
        return "never"
    elapsed = max(now - seconds, 0.0)
    for unit, length_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if elapsed >= 2 * length_s:
            return f"{elapsed / length_s:.0f} {unit} ago"
    return f"{elapsed:.0f} s ago"
