"""Rows for a model: its inputs as columns, and what turned out to be true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
"""float64[n] of a number, NaN where missing; object[n] of a category, text or None."""


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Columns by feature, and labels: object[n] of class names, or float64[n] for a regression."""

    columns: Mapping[str, Column]
    labels: Column

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, positions: npt.NDArray[np.int64] | slice) -> LabelledRows:
        return LabelledRows({name: column[positions] for name, column in self.columns.items()}, self.labels[positions])

    def with_column(self, feature: str, column: Column) -> LabelledRows:
        return replace(self, columns={**self.columns, feature: column})

    def select(self, features: list[str]) -> LabelledRows:
        return replace(self, columns={name: self.columns[name] for name in features})


def is_number(column: Column) -> bool:
    return column.dtype == np.float64


class RowSource(Protocol):
    """Where the stream's rows come from; never ends, never blocks."""

    def next_rows(self, count: int) -> LabelledRows: ...


class ResampledRows:
    """Rows drawn at random, with replacement: as many as wanted from one population."""

    def __init__(self, population: LabelledRows, rng: np.random.Generator) -> None:
        self._population = population
        self._rng = rng

    def next_rows(self, count: int) -> LabelledRows:
        return self._population.take(self._rng.integers(0, len(self._population), count))


class OrderedRows:
    """Rows in their order; after the last comes the first again."""

    def __init__(self, rows: LabelledRows) -> None:
        self._rows = rows
        self._next = 0

    def next_rows(self, count: int) -> LabelledRows:
        positions = (self._next + np.arange(count)) % len(self._rows)
        self._next = int(self._next + count) % len(self._rows)
        return self._rows.take(positions)
