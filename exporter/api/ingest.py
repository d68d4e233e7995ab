"""The two ingest routes as a bare ASGI application, for speed; everything else goes on to the application behind it."""

from __future__ import annotations

import asyncio
import difflib
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from exporter.api.asgi import Application, BodyTooLarge, Headers, Receive, Scope, Send, read_body, respond
from exporter.errors import DiskFailed, InfranautError, RejectedPayload, RetryLater, TooManyRecords
from exporter.pipeline import Admitted, Payload, Pipeline, Receipt

_PREFIX = "/v1/monitors/"
_KINDS = ("predictions", "labels")
_LONGEST_SINGLE = 16_384
_DRAINED_LIMITS = 8

log = logging.getLogger(__name__)


class _RejectedRow(msgspec.Struct):
    row: int
    reason: str
    detail: str


class _Answer(msgspec.Struct):
    """What a sender is told."""

    accepted: int
    rejected: int
    reasons: dict[str, int]
    errors: list[_RejectedRow]


@dataclass(slots=True)
class _Load:
    """Bytes of the bodies under way in this process."""

    limit_bytes: int
    in_flight_bytes: int = 0


@dataclass(slots=True)
class _Reservation:
    """What one request holds of the load."""

    load: _Load
    size_bytes: int = 0

    def grow_to(self, size_bytes: int) -> None:
        """RetryLater when all bodies together would be too much."""
        more = size_bytes - self.size_bytes
        if more <= 0:
            return
        if self.load.in_flight_bytes + more > self.load.limit_bytes:
            raise RetryLater("too many bodies under way; try again in a second")
        self.load.in_flight_bytes += more
        self.size_bytes = size_bytes

    def release(self) -> None:
        self.load.in_flight_bytes -= self.size_bytes
        self.size_bytes = 0


class IngestApplication:
    """`POST /v1/monitors/{name}/predictions` and `/labels`."""

    def __init__(
        self,
        pipelines: Mapping[str, Pipeline],
        otherwise: Application,
        body_limit_bytes: int,
        in_flight_limit_bytes: int,
    ) -> None:
        self._routes: dict[str, tuple[Pipeline, str]] = {
            f"{_PREFIX}{name}/{kind}": (pipeline, kind) for name, pipeline in pipelines.items() for kind in _KINDS
        }
        self._singles = {name: _Singles(pipeline) for name, pipeline in pipelines.items()}
        self._names = list(pipelines)
        self._otherwise = otherwise
        self._body_limit_bytes = body_limit_bytes
        self._load = _Load(in_flight_limit_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await self._otherwise(scope, receive, send)
        elif (route := self._routes.get(scope["path"])) is None:
            await self._refuse_path(scope, receive, send)
        elif scope["method"] != "POST":
            await _fail(send, 405, f"{scope['method']} is not taken here; POST a body", [(b"allow", b"POST")])
        else:
            await self._take(*route, scope, receive, send)

    async def _take(self, pipeline: Pipeline, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope)
        held, limit = _Reservation(self._load), self._body_limit_bytes
        try:
            held.grow_to(min(headers.content_length or 0, limit))
            body = await read_body(receive, limit, limit * _DRAINED_LIMITS, held.grow_to)
            payload = Payload(body, headers.content_type, headers.content_encoding)
            if kind == "predictions" and _is_single(payload):
                receipt = await self._singles[pipeline.name].take(body)
            else:
                admit = pipeline.admit_predictions if kind == "predictions" else pipeline.admit_labels
                receipt = await _kept(pipeline, admit(payload))
            await _answer(send, receipt)
        except BodyTooLarge as error:
            rejected = RejectedPayload("too_large", str(error), status=413)
            pipeline.reject_body(rejected, Payload(error.beginning), kind)
            await _fail(send, rejected.status, str(rejected), reason=rejected.reason)
        except DiskFailed as error:
            await _fail(send, 503, f"{error}; send it again", [(b"retry-after", b"1")])
        except RetryLater as error:
            status = 429 if isinstance(error, TooManyRecords) else 503
            await _fail(send, status, str(error), [(b"retry-after", str(error.retry_after_s).encode())])
        except RejectedPayload as error:
            await _fail(send, error.status, str(error), reason=error.reason)
        except ConnectionResetError as error:
            log.debug("%s: %s", pipeline.name, error)
        except TimeoutError:
            await _fail(send, 408, "the body stopped coming; nothing was taken, send it again")
        finally:
            held.release()

    async def _refuse_path(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, _, kind = scope["path"].removeprefix(_PREFIX).partition("/")
        if kind not in _KINDS:
            await self._otherwise(scope, receive, send)
            return
        close = difflib.get_close_matches(name, self._names, 1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(self._names) or 'none'}"
        await _fail(send, 404, f"no monitor {name!r}{hint}")


class _Singles:
    """Puts the single predictions of many requests into one batch: those that come while the one before is kept."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._waiting: list[tuple[bytes, asyncio.Future[Receipt]]] = []
        self._is_busy = False
        self._batch: asyncio.Task[None] | None = None

    def take(self, body: bytes) -> asyncio.Future[Receipt]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        self._waiting.append((body, future))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._start_batch)
        return future

    def _start_batch(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            self._is_busy = False
            return
        self._batch = asyncio.get_running_loop().create_task(self._take(waiting))
        self._batch.add_done_callback(lambda _task: self._start_batch())

    async def _take(self, waiting: list[tuple[bytes, asyncio.Future[Receipt]]]) -> None:
        try:
            admitted = self._pipeline.admit_single_predictions([body for body, _ in waiting])
            receipts = (await _kept(self._pipeline, admitted)).by_row(len(waiting))
        except Exception as error:
            if not isinstance(error, InfranautError):
                log.exception("single predictions of %s failed", self._pipeline.name)
            for _, future in waiting:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), receipt in zip(waiting, receipts, strict=True):
            if not future.done():
                future.set_result(receipt)


async def _kept(pipeline: Pipeline, admitted: Admitted) -> Receipt:
    """Waits until the rows of a body are kept, then accepts them, even when the sender has gone meanwhile."""
    loop = asyncio.get_running_loop()
    accepted: asyncio.Future[Receipt] = loop.create_future()

    def accept(error: Exception | None) -> None:
        if error is None:
            try:
                receipt = pipeline.accept(admitted)
            except Exception as failure:
                log.exception("a kept body of %s could not be counted", pipeline.name)
                error = failure
        if accepted.done():
            return
        if error is None:
            accepted.set_result(receipt)
        else:
            accepted.set_exception(error)

    if admitted.entry is None:
        accept(None)
    else:
        pipeline.keep(admitted, lambda error: loop.call_soon_threadsafe(accept, error))
    return await accepted


def _is_single(payload: Payload) -> bool:
    """One line holding one JSON object, not compressed."""
    return (
        len(payload.body) <= _LONGEST_SINGLE
        and payload.content_encoding == "identity"
        and ("json" in payload.content_type)
        and payload.body.lstrip()[:1] == b"{"
        and b"\n" not in payload.body.rstrip()
    )


_ACCEPTED_ONE = msgspec.json.encode(_Answer(1, 0, {}, [])) + b"\n"


async def _answer(send: Send, receipt: Receipt) -> None:
    if receipt.accepted == 1 and not receipt.rejects:
        await respond(send, 202, _ACCEPTED_ONE)
        return
    told = [_RejectedRow(reject.position, reject.reason, reject.detail) for reject in receipt.told]
    reasons = {reason.value: count for reason, count in receipt.reasons.items()}
    body = msgspec.json.encode(_Answer(receipt.accepted, len(receipt.rejects), reasons, told)) + b"\n"
    await respond(send, 400 if receipt.rejects and not receipt.accepted else 202, body)


async def _fail(
    send: Send, status: int, message: str, headers: list[tuple[bytes, bytes]] | None = None, reason: str = ""
) -> None:
    answer: dict[str, object] = {"error": message}
    if reason:
        answer = {"accepted": 0, "rejected": 1, "reasons": {reason: 1}, "error": message}
    await respond(send, status, msgspec.json.encode(answer) + b"\n", headers)
