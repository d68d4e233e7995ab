"""Posts batches to a server, and tries again while it cannot take them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

import requests

from exporter.cli.replaying.interruption import Interruption
from exporter.errors import ServiceFailed

Kind = Literal["predictions", "labels"]

PATIENCE_S = 60.0
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 10.0
_TIMEOUT_S = 60.0
_NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
)
_RETRIED = frozenset({408, 429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was rejected; `row` counts from 0 within its batch."""

    row: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a server made of a batch."""

    accepted: int
    rejected: int
    reasons: dict[str, int] = field(default_factory=dict)
    errors: tuple[RowError, ...] = ()


class Sender:
    """Sends to one monitor of one server.

    stop       : ends the waiting early.
    notify     : tells a person why it waits.
    patience_s : how long a batch may wait before it is given up.
    """

    def __init__(
        self, url: str, monitor: str, stop: Interruption, notify: Callable[[str], None], patience_s: float
    ) -> None:
        self._server = url.rstrip("/")
        self._root = f"{self._server}/v1/monitors/{quote(monitor, safe='')}"
        self._stop = stop
        self._notify = notify
        self._patience_s = patience_s
        self._session = requests.Session()

    def send(self, kind: Kind, body: bytes, media_type: str, rows: int) -> Taken:
        """Posts one batch; ServiceFailed when the server refuses it, or stays away longer than the patience.

        A batch whose answer was lost is sent again: the rows that had been taken are then rejected as duplicates.
        """
        url, wait_s, waited_s = f"{self._root}/{kind}", _FIRST_WAIT_S, 0.0
        while True:
            outcome = self._post(url, body, media_type)
            if isinstance(outcome, requests.Response):
                return _taken(outcome, url, rows)
            if waited_s >= self._patience_s or self._stop.is_asked:
                raise ServiceFailed(f"{url}: {outcome.problem}; gave up after {waited_s:g} s")
            pause_s = max(wait_s, outcome.wait_s)
            self._notify(f"{outcome.problem}; trying again in {pause_s:g} s")
            self._stop.pause(pause_s)
            waited_s += pause_s
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    def close(self) -> None:
        """Closes the connection."""
        self._session.close()

    def _post(self, url: str, body: bytes, media_type: str) -> requests.Response | _Trouble:
        try:
            answer = self._session.post(url, data=body, headers={"Content-Type": media_type}, timeout=_TIMEOUT_S)
        except _NO_ADDRESS as error:
            raise ServiceFailed(f"{url}: not an address; write it as http://host:port") from error
        except requests.ConnectionError:
            return _Trouble(f"no server answers at {self._server}")
        except requests.Timeout:
            return _Trouble(f"{self._server} did not answer within {_TIMEOUT_S:g} s")
        except requests.RequestException as error:
            return _Trouble(f"{self._server}: {error}")
        if answer.status_code in _RETRIED:
            return _Trouble(f"{self._server} answered {answer.status_code}: {_message(answer)}", _retry_after_s(answer))
        return answer


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why a batch has to be sent again, and how long the server asked to wait."""

    problem: str
    wait_s: float = 0.0


def _taken(answer: requests.Response, url: str, rows: int) -> Taken:
    body = _json(answer)
    if answer.status_code not in (200, 202, 400) or "accepted" not in body:
        hint = "; send fewer rows at once with --batch" if answer.status_code == 413 else ""
        if answer.status_code in (404, 405) and "error" not in body:
            hint = "; is --url the address that the server calls ingest?"
        raise ServiceFailed(f"{url} answered {answer.status_code}: {_message(answer)}{hint}")
    reasons = {str(reason): int(count) for reason, count in body.get("reasons", {}).items()}
    if "errors" not in body:
        reason = next(iter(reasons), "malformed")
        return Taken(0, rows, {reason: rows}, (RowError(0, reason, _message(answer)),))
    errors = tuple(RowError(int(e["row"]), str(e["reason"]), str(e["detail"])) for e in body["errors"])
    return Taken(int(body["accepted"]), int(body["rejected"]), reasons, errors)


def _retry_after_s(answer: requests.Response) -> float:
    """Of `Retry-After` in seconds; 0 where it is absent or a date."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0


def _message(answer: requests.Response) -> str:
    return str(_json(answer).get("error") or answer.text.strip()[:200] or answer.reason)


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
