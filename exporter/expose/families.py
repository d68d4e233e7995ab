"""What the renderer takes: the values of one family that belong to one owner, with their labels apart.

The series of a family are a grid: a head (the labels of a row: monitor, model version, segment) times a tail (the
labels of a column: feature, bin). Labels are given as tuples that their owner keeps, so that unchanged ones are
recognised without a look inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from exporter.batch import Floats, Integers
from exporter.catalog import Metric
from exporter.expose.numbers import boundary_text, number_texts

LabelPairs = tuple[tuple[str, str], ...]
Line = tuple[str, LabelPairs]
"""A suffix of the family's name, and the labels that follow those of the head."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Counters or gauges.

    owner   : whom the values belong to (a monitor); a family has one block of text for each.
    tails   : a tuple, or another sequence, which is then known again by being the same object.
    values  : int64 or float64[heads, tails], NaN and infinities allowed; any shape with as many values will do.
    version : equal versions of the same labels have equal values; None: compare the values.
    """

    metric: Metric
    owner: str
    heads: tuple[LabelPairs, ...]
    tails: Sequence[LabelPairs]
    values: npt.NDArray[Any]
    version: int | None = None

    @property
    def labels_key(self) -> tuple[object, ...]:
        return (self.heads, self.tails)

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        return (self.values,)

    def lines(self) -> Sequence[Line]:
        """What each head repeats."""
        return [("", tail) for tail in self.tails]

    def value_texts(self) -> list[bytes]:
        """One for each line of each head, in order."""
        return number_texts(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class HistogramSamples:
    """Histograms.

    edges  : upper bounds, inclusive, without +Inf.
    counts : int64[heads, edges + 1], observations in each bucket, not cumulative; the last is above all edges.
    sums   : float64[heads], sum of the observations.
    """

    metric: Metric
    owner: str
    heads: tuple[LabelPairs, ...]
    edges: tuple[float, ...]
    counts: Integers
    sums: Floats
    version: int | None = None

    @property
    def labels_key(self) -> tuple[object, ...]:
        return (self.heads, self.edges)

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        return (self.counts, self.sums)

    def lines(self) -> Sequence[Line]:
        """Cumulative buckets, sum, count."""
        bounds = [*self.edges, float("inf")]
        return [*(("_bucket", (("le", boundary_text(bound)),)) for bound in bounds), ("_sum", ()), ("_count", ())]

    def value_texts(self) -> list[bytes]:
        """One for each line of each head, in order."""
        buckets = len(self.edges) + 1
        cumulative = number_texts(np.cumsum(self.counts.reshape(len(self.heads), buckets), axis=1))
        texts = [b""] * ((buckets + 2) * len(self.heads))
        for bucket in range(buckets):
            texts[bucket :: buckets + 2] = cumulative[bucket::buckets]
        texts[buckets :: buckets + 2] = number_texts(self.sums)
        texts[buckets + 1 :: buckets + 2] = cumulative[buckets - 1 :: buckets]
        return texts


FamilySamples = Samples | HistogramSamples


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the exposition that may fail on its own: its families are left out then, and nobody else's."""

    name: str
    collect: Callable[[], Iterable[FamilySamples]]
