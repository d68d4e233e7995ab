"""Sizes in bytes as people write them: `64MiB`, `10MB`, `4096`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import GetPydanticSchema, WithJsonSchema
from pydantic_core import core_schema

_PATTERN = r"^([0-9]+)\s*([KMGT]i?B|B)?$"
_SIZE = re.compile(_PATTERN)
_UNITS: dict[str, int] = {"B": 1} | {
    f"{prefix}{suffix}": base**power
    for power, prefix in enumerate("KMGT", start=1)
    for suffix, base in (("iB", 2**10), ("B", 10**3))
}


def parse_size_bytes(text: str) -> int:
    """Bytes of a size; ValueError when it is none, or is zero."""
    found = _SIZE.match(text.strip())
    if not found or int(found[1]) == 0:
        raise ValueError(f"{text!r} is not a size; write for example 64MiB")
    return int(found[1]) * _UNITS[found[2] or "B"]


class ByteSize(str):
    """A size as it was written, with its bytes."""

    __slots__ = ()

    @property
    def bytes(self) -> int:
        return parse_size_bytes(self)


def _to_size(text: str) -> ByteSize:
    parse_size_bytes(text)
    return ByteSize(text)


ByteSizeField = Annotated[
    ByteSize,
    GetPydanticSchema(
        lambda _source, _handler: core_schema.no_info_after_validator_function(_to_size, core_schema.str_schema())
    ),
    WithJsonSchema({"type": "string", "pattern": _PATTERN}),
]
"""A pydantic field that holds a `ByteSize`."""
