"""`GET /v1/monitors/NAME/windows`: what it answers, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from fastapi import FastAPI

from exporter.api.windows import WindowReader, add_windows
from exporter.archive.latest_windows import ReadProfile
from exporter.errors import DiskFailed, InfranautError, RetryLater
from tests.support.asgi_calls import AsgiAnswer, ask, asked
from tests.support.windows import FIRST, a_profile_of, a_stored_window

PATH = "/v1/monitors/credit/windows"
PROFILE = a_profile_of([20.0, 30.0])
MONITORS = ["credit", "churn"]


class _ScriptedReader:
    """Has two windows, or fails."""

    def __init__(self, error: InfranautError | None = None) -> None:
        self._error = error

    def read(self, monitor: str, last: int) -> Sequence[ReadProfile]:
        if self._error is not None:
            raise self._error
        windows = [ReadProfile(a_stored_window(number, PROFILE), PROFILE) for number in (1, 0)]
        return windows[:last] if monitor == "credit" else []


def answered(reader: WindowReader | None, path: str = PATH, query: str = "") -> AsgiAnswer:
    return asked(an_application(reader), path, query)


def an_application(reader: WindowReader | None) -> FastAPI:
    app = FastAPI()
    add_windows(app, MONITORS, reader)
    return app


def test_windows_are_told_newest_first() -> None:
    answer = answered(_ScriptedReader())
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()
    assert told["monitor"] == "credit"
    assert [window["start"] for window in told["windows"]] == [FIRST + 3600, FIRST]
    [age] = [each for each in told["windows"][0]["features"] if each["feature"] == "age"]
    assert (age["count"], age["mean"], age["quantiles"]["p50"]) == (2, 25.0, 20.0)


def test_last_limits_the_windows() -> None:
    assert len(answered(_ScriptedReader(), query="last=1").json()["windows"]) == 1


@pytest.mark.parametrize("last", ["0", "25", "many"])
def test_a_number_of_windows_that_there_cannot_be_is_refused(last: str) -> None:
    answer = answered(_ScriptedReader(), query=f"last={last}")
    assert (answer.status, b'"last"' in answer.body) == (422, True)


def test_a_monitor_without_windows_has_an_empty_list() -> None:
    answer = answered(_ScriptedReader(), "/v1/monitors/churn/windows")
    assert (answer.status, answer.json()) == (200, {"monitor": "churn", "windows": []})


def test_an_unknown_monitor_is_told_with_the_nearest() -> None:
    answer = answered(_ScriptedReader(), "/v1/monitors/credti/windows")
    assert (answer.status, answer.json()["detail"]) == (404, "no monitor 'credti'; did you mean 'credit'?")
    assert "there are credit, churn" in answered(_ScriptedReader(), "/v1/monitors/x/windows").json()["detail"]


def test_without_an_archive_there_are_no_windows() -> None:
    answer = answered(None)
    assert (answer.status, "nothing is archived" in answer.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("error", "retry_after"), [(RetryLater("the warm tier is away", 5), "5"), (DiskFailed("no sound database"), "1")]
)
def test_tiers_that_cannot_be_read_are_told_with_when_to_come_back(error: InfranautError, retry_after: str) -> None:
    answer = answered(_ScriptedReader(error))
    assert (answer.status, answer.headers["retry-after"]) == (503, retry_after)
    assert answer.json()["detail"] == str(error)


def test_others_are_answered_while_windows_are_read() -> None:
    release = threading.Event()

    class Slow(_ScriptedReader):
        def read(self, monitor: str, last: int) -> Sequence[ReadProfile]:
            assert release.wait(10)
            return []

    async def both() -> AsgiAnswer:
        reading = asyncio.create_task(ask(an_application(Slow()), PATH))
        await asyncio.sleep(0)
        unknown = await ask(an_application(_ScriptedReader()), "/v1/monitors/x/windows")
        assert (unknown.status, reading.done()) == (404, False)
        release.set()
        return await reading

    assert asyncio.run(both()).status == 200
