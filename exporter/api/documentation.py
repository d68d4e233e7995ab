"""The ingest listener's own pages: OpenAPI of the two routes, health and readiness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import PlainTextResponse

from exporter import __version__

_ONE = {"request_id": "a1", "ts": "2026-01-31T12:00:00Z", "score": 0.71, "age": 42}
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/x-ndjson": {"example": _ONE},
        "application/json": {"example": [_ONE]},
        "application/vnd.apache.arrow.stream": {"schema": {"type": "string", "format": "binary"}},
        "text/csv": {"example": "request_id,ts,score,age\na1,2026-01-31T12:00:00Z,0.71,42\n"},
    },
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"description": "Rows accepted; rejected ones are told, the first 20 by row."},
    400: {"description": "Nothing was accepted."},
    404: {"description": "No such monitor."},
    413: {"description": "The body is too large."},
    415: {"description": "The media type or the encoding is not known."},
    503: {"description": "Too much under way; try again after Retry-After seconds."},
}


def ingest_documentation(is_ready: Callable[[], bool]) -> FastAPI:
    """Documents the ingest routes, which `IngestApplication` answers before this application is asked."""
    app = FastAPI(title="Infranaut ingest", version=__version__, docs_url="/docs", redoc_url=None)
    add_health(app, is_ready)

    def documented() -> None:
        raise HTTPException(404)

    def elsewhere() -> None:
        raise HTTPException(404, "this takes predictions and labels, see /docs; metrics and the overview: --web-listen")

    for path in ("/", "/metrics"):
        app.get(path, include_in_schema=False)(elsewhere)

    for kind in ("predictions", "labels"):
        app.post(
            f"/v1/monitors/{{name}}/{kind}",
            summary=f"Takes {kind}; Content-Encoding gzip or zstd",
            status_code=202,
            responses=_RESPONSES,
            openapi_extra={"requestBody": _BODY},
            name=kind,
        )(documented)
    return app


def add_health(app: FastAPI, is_ready: Callable[[], bool]) -> None:
    """`/-/healthy`: this process answers. `/-/ready`: predictions are taken."""

    @app.get("/-/healthy", response_class=PlainTextResponse, summary="This process answers")
    def healthy() -> str:
        return "infranaut is healthy\n"

    @app.get("/-/ready", response_class=PlainTextResponse, summary="Predictions are taken")
    def ready() -> PlainTextResponse:
        if is_ready():
            return PlainTextResponse("infranaut is ready\n")
        return PlainTextResponse("infranaut is not ready: ingest processes are starting or stopping\n", 503)
