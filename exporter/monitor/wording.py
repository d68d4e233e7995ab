"""Turns what pydantic found into plain words: what is wrong, what was expected, what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from exporter.monitor.keys import Place, choices, describe, known_keys, locate, one_of
from exporter.monitor.positions import Document, Flaw, KeyPath
from exporter.monitor.spec import Monitor
from exporter.monitor.suggestion import did_you_mean

_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_HIDDEN = frozenset(("password", "passwd", "secret", "token"))
"""Keys whose values are masked wherever an error is printed (`password: ***`)."""
_SECRETS = _HIDDEN | {"key", "url"}
_LONGEST_LIST_OF_KEYS = 12
_LONGEST_SHOWN = 60


def flaw_of(error: ErrorDetails, document: Document, root: type[BaseModel] = Monitor) -> Flaw:
    """One pydantic error in words, with its line; `root` is the model of the whole document."""
    place = locate(error["loc"], root)
    key = _key(error, place)
    if error["type"] == "extra_forbidden" and _is_secret(place):
        return Flaw(document.line_of(key), key[:-1], _unknown_secret(error, place))
    return Flaw(document.line_of(key), key, _message(error, place, document.written.get(key)))


def _is_secret(place: Place) -> bool:
    """Whether a secret is looked for here, or an error that ends in this key would be printed as if it held one."""
    words = re.split("[_-]", str(place.key[-1]).casefold())
    return not _SECRETS.isdisjoint(words) if _secrets_hint(place) else _HIDDEN.issuperset(words)


def _unknown_secret(error: ErrorDetails, place: Place) -> str:
    hint = _secrets_hint(place) or _unknown_key(error, place).removeprefix("unknown key").lstrip(",; ")
    return f"unknown key {str(place.key[-1])!r}, {hint}"


def _secrets_hint(place: Place) -> str:
    return str(getattr(place.parent, "secrets_hint", ""))


def _key(error: ErrorDetails, place: Place) -> KeyPath:
    if error["type"].startswith("union_tag"):
        return (*place.key, error["ctx"]["discriminator"].strip("'"))
    return place.key


def _message(error: ErrorDetails, place: Place, written: str | None) -> str:
    word = _WORDS.get(error["type"])
    return word(error, place) if word else _wrong_type(error["input"], place, written)


def _missing(_error: ErrorDetails, place: Place) -> str:
    return f"missing, expected {describe(place.annotation)}"


def _missing_tag(_error: ErrorDetails, place: Place) -> str:
    return f"missing, expected {one_of(choices(place.annotation))}"


def _unknown_key(_error: ErrorDetails, place: Place) -> str:
    known = known_keys(place.parent)
    if suggestion := did_you_mean(str(place.key[-1]), known):
        return f"unknown key{suggestion}"
    if len(known) > _LONGEST_LIST_OF_KEYS:
        return "unknown key"
    return f"unknown key, expected {one_of(known)}"


def _not_a_choice(error: ErrorDetails, place: Place) -> str:
    given = error["ctx"]["tag"] if error["type"] == "union_tag_invalid" else error["input"]
    expected = choices(place.annotation)
    suggestion = did_you_mean(str(given), expected) if len(expected) > 1 else ""
    return f"got {_shown(given)}, expected {one_of(expected)}{suggestion}"


def _out_of_bounds(error: ErrorDetails, _place: Place) -> str:
    name, words = _BOUNDS[error["type"]]
    return f"got {_shortened(str(error['input']))}, expected {words} {error['ctx'][name]:g}"


def _not_finite(error: ErrorDetails, _place: Place) -> str:
    return f"got {error['input']}, expected a finite number"


def _refused(error: ErrorDetails, _place: Place) -> str:
    """The words of one of our own validators."""
    return str(error["ctx"]["error"])


def _wrong_length(error: ErrorDetails, _place: Place) -> str:
    context = error["ctx"]
    if error["type"] == "too_short":
        return f"empty, expected at least {context['min_length']}"
    return f"has {context['actual_length']} items, expected at most {context['max_length']}"


def _wrong_type(given: Any, place: Place, written: str | None) -> str:
    expected = describe(place.annotation)
    if place.annotation is str and isinstance(given, bool | int | float):
        return f'got {_shown(given)}, expected {expected}; write it in quotes: "{written}"'
    hint = "; write it without quotes" if place.annotation in {int, float} and _is_number(given) else ""
    return f"got {_shown(given)}, expected {expected}{hint}"


def _is_number(text: Any) -> bool:
    return isinstance(text, str) and text.replace(".", "", 1).removeprefix("-").isdecimal()


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {_shortened(str(value))}"
    if isinstance(value, str):
        return f"the text {_shortened(value)!r}"
    return "a list" if isinstance(value, list) else "a mapping"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


_WORDS: dict[str, Callable[[ErrorDetails, Place], str]] = {
    "missing": _missing,
    "union_tag_not_found": _missing_tag,
    "extra_forbidden": _unknown_key,
    "literal_error": _not_a_choice,
    "union_tag_invalid": _not_a_choice,
    **dict.fromkeys(_BOUNDS, _out_of_bounds),
    "finite_number": _not_finite,
    "too_short": _wrong_length,
    "too_long": _wrong_length,
    "value_error": _refused,
}
