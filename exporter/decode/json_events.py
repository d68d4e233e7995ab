"""Compiles what a projection reads into msgspec types, which skip every other field of an event without building it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from exporter.decode.projection import FieldKind, Projection

ORDERS_KEPT = 8

_SCALAR = str | int | float | bool | None
_NUMBER = (float | None, float("nan"))
_TYPES: dict[FieldKind, tuple[Any, Any]] = {
    FieldKind.ID: (str | int | None, None),
    FieldKind.TIMESTAMP: (float | str | None, np.nan),
    FieldKind.NUMBER: _NUMBER,
    FieldKind.SCORE: _NUMBER,
    FieldKind.CATEGORY: (_SCALAR, None),
    FieldKind.OUTCOME: (_SCALAR, None),
}
"""What each kind is in an event as it should be, and what stands for an absent field."""


@dataclass(frozen=True, slots=True)
class JsonEvents:
    """Decoders for events whose fields come in one order.

    strict   : events whose fields all hold what they should; the fast one.
    loose    : events whose fields hold anything.
    patient  : the same, and numbers beyond the range of float64 are infinite.
    sources  : for each field of the projection, its place among an event's values.
    """

    strict: Any
    strict_array: Any
    loose: Any
    patient: Any
    sources: tuple[int, ...]


class JsonEventsByOrder:
    """Compiles `JsonEvents` for the order in which a body's events have their fields.

    msgspec looks for a field first where the last one ended: fields in another order than the type's cost up to twice
    the time, so the type follows the payload. The order changes nothing in the result.
    """

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._names = projection.names()
        self.declared = _compile(projection, self._names)
        self._known: dict[tuple[str, ...], JsonEvents] = {}

    def like(self, event: bytes) -> JsonEvents:
        """The decoders for events with their fields in the order of this one."""
        try:
            keys = tuple(msgspec.json.decode(event, type=dict[str, msgspec.Raw]))
        except (ValueError, RecursionError):
            return self.declared
        known = self._known.get(keys)
        if known is None:
            if len(self._known) >= ORDERS_KEPT:
                return self.declared
            wanted = frozenset(self._names)
            names = dict.fromkeys((*(key for key in keys if key in wanted), *self._names))
            known = self._known[keys] = _compile(self._projection, tuple(names))
        return known


def _compile(projection: Projection, names: Sequence[str]) -> JsonEvents:
    kinds: dict[str, set[FieldKind]] = {name: set() for name in names}
    for field in projection.fields:
        kinds[field.name].add(field.kind)
    strict = _struct("StrictEvent", {name: _type_of(kinds[name]) for name in names})
    loose = _struct("LooseEvent", dict.fromkeys(names, (Any, None)))
    place = {name: index for index, name in enumerate(names)}
    return JsonEvents(
        strict=msgspec.json.Decoder(strict),
        strict_array=msgspec.json.Decoder(list[strict]),  # type: ignore[valid-type]  # a type made at run time
        loose=msgspec.json.Decoder(loose),
        patient=msgspec.json.Decoder(loose, float_hook=float),
        sources=tuple(place[field.name] for field in projection.fields),
    )


def _type_of(kinds: set[FieldKind]) -> tuple[Any, Any]:
    """A field that several columns read for different kinds may hold any scalar."""
    types = [_TYPES[kind] for kind in sorted(kinds)]
    return types[0] if all(other is types[0] for other in types) else (_SCALAR, None)


def _struct(name: str, types: dict[str, tuple[Any, Any]]) -> type[msgspec.Struct]:
    """An untracked struct with an attribute for each field of the payload, in this order."""
    attributes = {f"field_{index}": payload for index, payload in enumerate(types)}
    return msgspec.defstruct(
        name,
        [(attribute, *types[payload]) for attribute, payload in attributes.items()],
        rename=attributes,
        gc=False,
    )
