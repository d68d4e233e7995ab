"""Looks through an Arrow IPC stream before anything is made of it.

A few bytes of a stream can stand for gigabytes: compressed buffers, columns of nulls, lengths that nothing backs. So
the header of each message (a FlatBuffer; schema in `Message.fbs` of the Arrow format) is read here first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from struct import error as StructError  # noqa: N812 - an error's name is capitalised

from exporter.batch import Reason
from exporter.errors import RejectedPayload

MESSAGES_LIMIT = 100_000

_UINT8, _UINT16, _INT32, _UINT32 = Struct("<B"), Struct("<H"), Struct("<i"), Struct("<I")
_INT64, _PAIR = Struct("<q"), Struct("<qq")
_CONTINUATION = 0xFFFFFFFF
_ALIGNMENT = 8

_SCHEMA, _DICTIONARY_BATCH, _RECORD_BATCH = 1, 2, 3
_MESSAGE_HEADER_TYPE, _MESSAGE_HEADER, _MESSAGE_BODY_LENGTH = 1, 2, 3
_DICTIONARY_DATA = 1
_BATCH_LENGTH, _BATCH_BUFFERS, _BATCH_COMPRESSION = 0, 2, 3
"""Positions of the fields in their tables."""


def check_stream(body: bytes, row_limit: int) -> None:
    """RejectedPayload for a stream of too many rows, with compressed buffers, or messages that do not add up."""
    try:
        _check_messages(body, row_limit)
    except StructError as error:
        raise _malformed("a header points outside of its message") from error


def _check_messages(body: bytes, row_limit: int) -> None:
    rows = messages = 0
    for message in _messages(body):
        messages += 1
        if messages > MESSAGES_LIMIT:
            raise _too_large(f"more than {MESSAGES_LIMIT:,} messages")
        kind = message.kind
        if (kind == _SCHEMA) != (messages == 1):
            raise _malformed("a stream begins with its schema, and has but one")
        if kind == _SCHEMA:
            continue
        if kind not in (_DICTIONARY_BATCH, _RECORD_BATCH):
            raise _malformed("it holds something else than record batches and their dictionaries")
        batch = message.header if kind == _RECORD_BATCH else message.header.table(_DICTIONARY_DATA)
        if batch is None:
            raise _malformed("a dictionary without values")
        rows += _checked_length(batch, message.body_length, row_limit)
        if rows > row_limit:
            raise _too_large(f"more than {row_limit:,} rows")
    if not messages:
        raise _malformed("it is empty")


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a FlatBuffer: its fields by their positions."""

    data: bytes
    at: int

    def place(self, field: int) -> int | None:
        """Where the field's value stands; None where it is left out."""
        table_of_fields = self.at - _INT32.unpack_from(self.data, self.at)[0]
        slot = 4 + 2 * field
        if table_of_fields < 0 or slot >= _UINT16.unpack_from(self.data, table_of_fields)[0]:
            return None
        offset = _UINT16.unpack_from(self.data, table_of_fields + slot)[0]
        return self.at + offset if offset else None

    def scalar(self, field: int, form: Struct) -> int:
        place = self.place(field)
        return 0 if place is None else int(form.unpack_from(self.data, place)[0])

    def table(self, field: int) -> _Table | None:
        place = self.place(field)
        return None if place is None else _Table(self.data, place + _UINT32.unpack_from(self.data, place)[0])

    def pairs(self, field: int) -> Iterator[tuple[int, int]]:
        """A vector of structs of two int64."""
        place = self.place(field)
        if place is None:
            return
        start = place + _UINT32.unpack_from(self.data, place)[0]
        for index in range(_UINT32.unpack_from(self.data, start)[0]):
            yield _PAIR.unpack_from(self.data, start + 4 + index * _PAIR.size)


@dataclass(frozen=True, slots=True)
class _Message:
    kind: int
    header: _Table
    body_length: int


def _messages(body: bytes) -> Iterator[_Message]:
    """The messages up to the end of the stream; what follows it is not looked at, and never read."""
    at = 0
    while at < len(body):
        if _UINT32.unpack_from(body, at)[0] != _CONTINUATION:
            raise _malformed("it is no Arrow IPC stream of version 0.15 or later (the file format is another one)")
        size = _INT32.unpack_from(body, at + 4)[0]
        if size == 0:
            return
        start = at + 8
        if size < 0 or start + size > len(body):
            raise _malformed("it is truncated")
        message = _message(body[start : start + size])
        at = start + size + message.body_length
        if at > len(body):
            raise _malformed("it is truncated")
        yield message


def _message(data: bytes) -> _Message:
    root = _Table(data, _UINT32.unpack_from(data, 0)[0])
    header = root.table(_MESSAGE_HEADER)
    body_length = root.scalar(_MESSAGE_BODY_LENGTH, _INT64)
    if header is None or body_length < 0 or body_length % _ALIGNMENT:
        raise _malformed("a message without a header, or of an odd length")
    return _Message(root.scalar(_MESSAGE_HEADER_TYPE, _UINT8), header, body_length)


def _checked_length(batch: _Table, body_length: int, row_limit: int) -> int:
    if batch.place(_BATCH_COMPRESSION) is not None:
        raise RejectedPayload(
            Reason.UNSUPPORTED,
            "its record batches are compressed; send them plain, and compress the whole body (Content-Encoding: zstd)",
            status=415,
        )
    for offset, length in batch.pairs(_BATCH_BUFFERS):
        if offset < 0 or length < 0 or offset + length > body_length:
            raise _malformed("a column points outside of its message")
    length = batch.scalar(_BATCH_LENGTH, _INT64)
    if length < 0:
        raise _malformed("a batch of less than no rows")
    if length > row_limit:
        raise _too_large(f"{length:,} rows; at most {row_limit:,} in a body")
    return length


def _malformed(detail: str) -> RejectedPayload:
    return RejectedPayload(Reason.MALFORMED, f"the body is no sound Arrow IPC stream: {detail}")


def _too_large(detail: str) -> RejectedPayload:
    return RejectedPayload(Reason.TOO_LARGE, f"the Arrow IPC stream is too large: {detail}", status=413)
