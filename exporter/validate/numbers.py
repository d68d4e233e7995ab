"""Checks a number: finite, within its range, there when required."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from exporter.batch import Batch, Booleans
from exporter.validate.validated import ValueRule

_LARGEST = sys.float_info.max


class NumberCheck:
    """The bounds are inclusive. An infinity is not finite, and nothing else; a missing value is in every range."""

    def __init__(self, minimum: float | None, maximum: float | None, is_required: bool) -> None:
        self._minimum = -_LARGEST if minimum is None else minimum
        self._maximum = _LARGEST if maximum is None else maximum
        self._is_required = is_required

    def violations(self, batch: Batch, column: str) -> Iterator[tuple[ValueRule, Booleans]]:
        values = batch.number(column)
        # Infinities fail these comparisons too, and NaN where a value is required, so that most columns need no more.
        lowest = np.minimum.reduce(values) if self._is_required else np.fmin.reduce(values)
        if lowest >= self._minimum and np.fmax.reduce(values) <= self._maximum:
            return
        infinite: Booleans = np.isinf(values)
        has_infinite = bool(infinite.any())
        if has_infinite:
            yield ValueRule.FINITE, infinite
        outside: Booleans = (values < self._minimum) | (values > self._maximum)
        if has_infinite:
            outside &= ~infinite
        if outside.any():
            yield ValueRule.RANGE, outside
        if self._is_required and (missing := np.isnan(values)).any():
            yield ValueRule.REQUIRED, missing
