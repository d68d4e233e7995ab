"""What a model says about a key: its type in words, whether it must be given, its neighbours.

Read from the pydantic models themselves, for messages (`exporter.monitor.wording`) and for the generated reference.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from exporter.monitor.duration import Duration
from exporter.monitor.positions import KeyPath
from exporter.monitor.size import ByteSize
from exporter.monitor.spec import Monitor

_PLAIN = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Duration: "a duration such as 30s, 5m, 1h30m or 7d",
    ByteSize: "a size such as 64MiB",
}
_FEW_KEYS = 6


@dataclass(frozen=True, slots=True)
class Place:
    """A key as it is written, with the type that belongs there (None: the model knows no such key)."""

    key: KeyPath
    annotation: Any
    parent: Any
    is_required: bool


def locate(location: Sequence[str | int], root: type[BaseModel] = Monitor) -> Place:
    """The place of a pydantic error's location, which names the chosen member of a union as well.

    root : the model of the whole document.
    """
    key: KeyPath = ()
    annotation: Any = root
    parent: Any = None
    is_required = True
    for part in location:
        if part == "[key]":
            return Place(key, unwrap(get_args(parent)[0]), parent, is_required=False)
        member = _member(annotation, part)
        if member is not None:
            annotation = member
            continue
        key, parent = (*key, part), annotation
        annotation, is_required = _inside(annotation, part)
    return Place(key, annotation, parent, is_required)


def members(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The models of a union that a discriminator tells apart; empty for any other type."""
    options = get_args(annotation) if get_origin(annotation) in {Union, types.UnionType} else ()
    return options if options and all(is_model(option) for option in options) else ()


def is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def known_keys(annotation: Any) -> tuple[str, ...]:
    """The keys that a mapping of this type may hold; empty where they are free."""
    return tuple(written_fields(annotation)) if is_model(annotation) else ()


def written_fields(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """The fields of a model by the key that a person writes: `class` is no name in Python."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def choices(annotation: Any) -> tuple[str, ...]:
    """The values of a closed set; of a union of models, those of the key that tells them apart."""
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    return tuple(tag for member in members(annotation) for tag in _tags(member))


def unwrap(annotation: Any) -> Any:
    """A type without its constraints and without `None`."""
    if get_origin(annotation) is Annotated:
        return unwrap(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        options = [option for option in get_args(annotation) if option is not type(None)]
        return unwrap(options[0]) if len(options) == 1 else annotation
    return annotation


def describe(annotation: Any) -> str:
    """A type in words: `a whole number`, `a duration such as 30s, 5m or 7d`, `one of psi, kl`."""
    if models := members(annotation):
        return f"a mapping with {next(iter(models[0].model_fields))}: {' or '.join(choices(annotation))}"
    if options := choices(annotation):
        return one_of(options)
    if get_origin(annotation) is list:
        return _describe_list(unwrap(get_args(annotation)[0]))
    keys = known_keys(annotation)
    if 0 < len(keys) <= _FEW_KEYS:
        return f"a mapping with {', '.join(keys)}"
    return _PLAIN.get(annotation, "a mapping")


def one_of(options: Sequence[str]) -> str:
    return options[0] if len(options) == 1 else f"one of {', '.join(options)}"


def _describe_list(item: Any) -> str:
    """A list of such items; one duration may be written in place of a list of one wherever there are several."""
    if item is Duration:
        return "a duration such as 1h, or a list of them"
    if get_origin(item) is Literal:
        return f"a list of {', '.join(choices(item))}"
    return "a list such as [a, b]" if item is str else "a list of mappings"


def _inside(annotation: Any, part: str | int) -> tuple[Any, bool]:
    if is_model(annotation):
        field = written_fields(annotation).get(str(part))
        return (unwrap(field.annotation), field.is_required()) if field else (None, False)
    if get_origin(annotation) in {dict, list}:
        return unwrap(get_args(annotation)[-1]), True
    return None, False


def _member(annotation: Any, part: str | int) -> type[BaseModel] | None:
    return next((member for member in members(annotation) if part in _tags(member)), None)


def _tags(member: type[BaseModel]) -> tuple[str, ...]:
    first = next(iter(member.model_fields.values()))
    return tuple(str(value) for value in get_args(first.annotation))
