"""Undoes a body's Content-Encoding within bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import pyarrow as pa
from isal import isal_zlib

from exporter.batch import Reason
from exporter.errors import RejectedPayload

STEP_BYTES = 1 << 18
GZIP_MEMBERS_LIMIT = 10_000

_GZIP_WINDOW_BITS = 31
_UNSOUND: tuple[type[Exception], ...] = (OSError, ValueError, isal_zlib.error)  # type: ignore[assignment]  # its stub takes the class for an error


def inflate(body: bytes, content_encoding: str | None, limit_bytes: int) -> bytes:
    """The body as it was before its encoding (identity, gzip, zstd), of at most `limit_bytes`.

    RejectedPayload for one that is larger (it is inflated no further than that), truncated, corrupt, or of another
    encoding. Several gzip members, or zstd frames, are read as one body.
    """
    encoding = (content_encoding or "identity").strip().lower()
    if encoding == "identity":
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
        return body
    pieces_of = _ENCODINGS.get(encoding)
    if pieces_of is None:
        known = ", ".join(("identity", *sorted(_ENCODINGS)))
        detail = f"Content-Encoding {encoding!r} is not supported; use one of {known}"
        raise RejectedPayload(Reason.UNSUPPORTED, detail, status=415)
    whole = BytesIO()
    try:
        for piece in pieces_of(body):
            if whole.tell() + len(piece) > limit_bytes:
                raise _too_large(limit_bytes)
            whole.write(piece)
    except _UNSOUND as error:
        raise RejectedPayload(Reason.MALFORMED, f"the body is no sound {encoding}: {error}") from error
    return whole.getvalue()


def _gunzipped(body: bytes) -> Iterator[bytes]:
    """Pieces of at most STEP_BYTES; ValueError or the library's error when the body is not sound."""
    source = memoryview(body)
    at, members = 0, 0
    while at < len(source):
        members += 1
        if members > GZIP_MEMBERS_LIMIT:
            raise ValueError(f"more than {GZIP_MEMBERS_LIMIT:,} members")
        member = isal_zlib.decompressobj(_GZIP_WINDOW_BITS)
        waiting: memoryview | bytes = b""
        while not member.eof:
            if not waiting:
                if at >= len(source):
                    raise ValueError("it is truncated")
                waiting = source[at : at + STEP_BYTES]
                at += len(waiting)
            piece = member.decompress(waiting, STEP_BYTES)
            waiting = member.unconsumed_tail
            if piece:
                yield piece
        at -= len(member.unused_data)
    if not members:
        raise ValueError("it is empty")


def _unzstd(body: bytes) -> Iterator[bytes]:
    """Pieces of at most STEP_BYTES; OSError when the body is not sound."""
    if not body:
        raise ValueError("it is empty")
    with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as stream:
        while piece := stream.read(STEP_BYTES):
            yield piece


_ENCODINGS: dict[str, Callable[[bytes], Iterator[bytes]]] = {"gzip": _gunzipped, "x-gzip": _gunzipped, "zstd": _unzstd}


def _too_large(limit_bytes: int) -> RejectedPayload:
    return RejectedPayload(Reason.TOO_LARGE, f"the body is larger than {limit_bytes:,} bytes", status=413)
