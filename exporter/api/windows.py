"""The route of the latest windows: what the archive's profiles tell of each hour that has closed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Protocol

import msgspec
from fastapi import FastAPI, HTTPException, Query, Response

from exporter.archive.latest_windows import LATEST_WINDOWS, ReadProfile
from exporter.archive.window_figures import latest_figures
from exporter.errors import RetryLater, StopError
from exporter.monitor.suggestion import did_you_mean

_RESPONSES: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such monitor, or nothing is archived."},
    503: {"description": "Neither the hot nor the warm tier answers; try again after Retry-After seconds."},
}


class WindowReader(Protocol):
    """Blocks; RetryLater or StopError where no tier can be read."""

    def read(self, monitor: str, last: int) -> Sequence[ReadProfile]: ...


def add_windows(app: FastAPI, monitors: Collection[str], reader: WindowReader | None) -> None:
    """`GET /v1/monitors/{name}/windows`, answered beside the event loop; reader: None where nothing is archived."""

    @app.get("/v1/monitors/{name}/windows", summary="The latest hourly windows, newest first", responses=_RESPONSES)
    def windows(name: str, last: Annotated[int, Query(ge=1, le=LATEST_WINDOWS)] = LATEST_WINDOWS) -> Response:
        if name not in monitors:
            hint = did_you_mean(name, monitors) or f"; there are {', '.join(monitors) or 'none'}"
            raise HTTPException(404, f"no monitor {name!r}{hint}")
        if reader is None:
            raise HTTPException(404, "nothing is archived (archive.ack is none), so there are no windows")
        try:
            figures = latest_figures(name, reader.read(name, last))
        except (RetryLater, StopError) as error:
            wait_s = error.retry_after_s if isinstance(error, RetryLater) else 1
            raise HTTPException(503, str(error), {"Retry-After": str(wait_s)}) from error
        return Response(msgspec.json.encode(figures) + b"\n", media_type="application/json")
