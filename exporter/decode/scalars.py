"""What single JSON values mean, for the columns whose values are not all of the expected type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from exporter.batch import Booleans, Floats
from exporter.decode.reading import Reading
from exporter.monitor.spec import canonical_category

_NUMBER_TYPES = {float, int, type(None)}
_TEXT_TYPES = {str, type(None)}
_SCALAR_TYPES = {str, bool, int, float, type(None)}
_OUTCOMES = {"0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0}
_NEGATIVE, _POSITIVE = 0.0, 1.0


def numbers(values: Sequence[object]) -> tuple[Floats, Booleans | None]:
    """float64[n], NaN where missing; and where something else than a number stood.

    A whole number beyond the range of float64 is infinite: validation has its own word on it.
    """
    if _NUMBER_TYPES.issuperset(map(type, values)):
        try:
            return np.array(values, dtype=np.float64), None
        except OverflowError:
            return np.array([_number(value) for value in values], dtype=np.float64), None
    mistyped = np.array([value is not None and type(value) not in _NUMBER_TYPES for value in values])
    return np.array([_number(value) for value in values], dtype=np.float64), mistyped


def identifiers(values: Sequence[object]) -> tuple[list[str | None], Booleans | None]:
    """Text, and whole numbers as text; and where something else stood."""
    if _TEXT_TYPES.issuperset(map(type, values)):
        return list(values), None  # type: ignore[arg-type]  # nothing but text and None
    mistyped = np.array([value is not None and type(value) not in (str, int) for value in values])
    texts = [value if isinstance(value, str) else str(value) if type(value) is int else None for value in values]
    return texts, mistyped if mistyped.any() else None


def categories(values: Sequence[object]) -> tuple[list[str | None], Booleans | None]:
    """Text, and other scalars as `canonical_category` writes them; and where a list or an object stood."""
    kinds = set(map(type, values))
    if kinds <= _TEXT_TYPES:
        return list(values), None  # type: ignore[arg-type]  # nothing but text and None
    texts = [value if type(value) is str else canonical_category(value) for value in values]
    if kinds <= _SCALAR_TYPES:
        return texts, None  # type: ignore[return-value]  # nothing but text and None is left
    mistyped = np.array([text is not None and type(text) is not str for text in texts])
    return [text if isinstance(text, str) else None for text in texts], mistyped


def outcomes(values: Sequence[object], positive: str | None) -> Reading:
    """What happened, in two classes, as 1.0 and 0.0.

    The value that reads as `positive` is 1.0. Where `positive` is itself a number or a truth value, everything else is
    0.0; where it is a word, so are the other words, and 0, 1, true and false mean what they say. Without `positive`
    only those four are known. Missing: null, NaN and empty text.
    """
    known = dict(_OUTCOMES) if positive is None or not _is_plain(positive) else {}
    if positive is not None:
        known[_folded(positive)] = _POSITIVE
    result = np.full(len(values), np.nan)
    mistyped = np.zeros(len(values), dtype=np.bool_)
    for row, value in enumerate(values):
        text = canonical_category(value)
        if text is None or text in ("", "nan"):
            continue
        outcome = known.get(_folded(text)) if isinstance(text, str) else None
        if outcome is None and isinstance(text, str) and positive is not None:
            outcome = _NEGATIVE if isinstance(value, str) or _is_plain(positive) else None
        if outcome is None:
            mistyped[row] = True
        else:
            result[row] = outcome
    return Reading(result, mistyped if mistyped.any() else None)


def text_array(texts: Sequence[str | None]) -> Any:
    return pa.array(texts, pa.string())


def _number(value: object) -> float:
    if type(value) is float:
        return value
    if type(value) is not int:
        return np.nan
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def _is_plain(positive: str) -> bool:
    """Whether the positive class is written as a number or a truth value, so that its opposite is too."""
    try:
        float(positive)
    except ValueError:
        return positive.casefold() in _OUTCOMES
    return True


def _folded(text: str) -> str:
    """Truth values in any case, and numbers as they are written elsewhere (`1.0` is `1`); other text as it is."""
    if text.casefold() in ("true", "false"):
        return text.casefold()
    try:
        number = float(text)
    except ValueError:
        return text
    return str(canonical_category(number)) if np.isfinite(number) else text
