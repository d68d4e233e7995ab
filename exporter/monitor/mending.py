"""Reads a monitor in spite of its mistakes, so that one look at a file finds all of them.

What pydantic refuses is taken out, or replaced where it must be given, and remembered as broken. The monitor that is
left is never used; it only lets the checks across keys run on everything else.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from exporter.monitor.duration import Duration
from exporter.monitor.keys import Place, locate, members
from exporter.monitor.positions import Document, Flaw, KeyPath
from exporter.monitor.spec import Monitor
from exporter.monitor.suggestion import did_you_mean
from exporter.monitor.wording import flaw_of

_ROUNDS = 6
"""A missing mapping is replaced by an empty one, whose own keys are then missing, and so on."""

_SCALARS: dict[Any, object] = {str: "x", int: 100, float: 0.99, Duration: "1h"}


@dataclass(frozen=True, slots=True)
class MonitorReading:
    """A document read as a monitor.

    monitor : None where not even a mended one could be made.
    flaws   : the mistakes of single keys.
    broken  : the keys whose values were taken out; a check that rests on one of them would mislead.
    """

    monitor: Monitor | None
    flaws: tuple[Flaw, ...]
    broken: frozenset[KeyPath]

    def is_broken(self, key: KeyPath) -> bool:
        return any(key[:length] in self.broken for length in range(len(key) + 1))


def read_monitor(document: Document) -> MonitorReading:
    """The monitor in a document and what is wrong with its keys."""
    if not isinstance(document.value, dict):
        flaw = Flaw(document.line, (), "not a monitor, expected a mapping with apiVersion, kind, metadata and spec")
        return MonitorReading(None, (flaw,), frozenset())
    if _is_something_else(document.value.get("kind", "Monitor")):
        message = f"got {document.value['kind']!r}, expected Monitor: keep other files out of the folder of monitors"
        return MonitorReading(None, (Flaw(document.line_of(("kind",)), ("kind",), message),), frozenset())
    value = copy.deepcopy(document.value)
    flaws: list[Flaw] = []
    broken: set[KeyPath] = set()
    for round_ in range(_ROUNDS):
        try:
            return MonitorReading(Monitor.model_validate(value, strict=True), tuple(flaws), frozenset(broken))
        except ValidationError as error:
            details = error.errors(include_url=False)
        if round_ == 0:
            flaws = [flaw_of(detail, document) for detail in details]
        broken |= _mend(value, details)
    return MonitorReading(None, tuple(flaws), frozenset(broken))


def _is_something_else(kind: object) -> bool:
    """Whether a file is not a monitor at all, rather than one with a typo in its kind."""
    return isinstance(kind, str) and not did_you_mean(kind, ["Monitor"])


def _mend(value: dict[str, Any], details: Sequence[ErrorDetails]) -> set[KeyPath]:
    places = [_whole_list(detail) for detail in details]
    for place in places:
        _replace(value, place)
    return {place.key for place in places}


def _whole_list(detail: ErrorDetails) -> Place:
    """The place to mend: of an item of a list the whole list, so that the items keep their numbers."""
    place = locate(detail["loc"])
    location = list(detail["loc"])
    while place.key and isinstance(place.key[-1], int):
        location.pop()
        place = locate(location)
    return place


def _replace(value: Any, place: Place) -> None:
    *path, last = place.key
    for part in path:
        inside = isinstance(value, dict) and part in value
        if not inside and not (isinstance(value, list) and isinstance(part, int)):
            return
        value = value[part]
    if not isinstance(value, dict):
        return
    if place.is_required and place.annotation is not None:
        value[last] = _placeholder(place.annotation)
    else:
        value.pop(last, None)


def _placeholder(annotation: Any) -> object:
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if get_origin(annotation) is list:
        return ["x"]
    if get_origin(annotation) is dict:
        return {"x": {"type": "number"}}
    if options := members(annotation):
        first_key, first_field = next(iter(options[0].model_fields.items()))
        return {first_key: get_args(first_field.annotation)[0]}
    return _SCALARS.get(annotation, {})
