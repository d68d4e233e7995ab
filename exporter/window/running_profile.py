"""A profile while its rows are still coming: summaries that take values in place."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from exporter.batch import Floats
from exporter.window.distinct_sketch import DistinctSketch
from exporter.window.family_counts import Families
from exporter.window.moments import Moments, moments_of
from exporter.window.profile import Profile, ValueSummary
from exporter.window.quantile_sketch import QuantileSketch


@dataclass(slots=True)
class RunningProfile:
    """Of one model version (and segment); what the exporter counts too is counted elsewhere."""

    labelled: int = 0
    _rows: int = 0
    _first: float = math.inf
    _last: float = -math.inf
    _received: float = math.inf
    _numbers: dict[str, _RunningNumber] = field(default_factory=dict)
    _categories: dict[str, _RunningCategory] = field(default_factory=dict)

    def add_times(self, timestamps: Floats, received: Floats) -> None:
        """Takes the timestamps of at least one row, and when it arrived."""
        self._rows += len(timestamps)
        self._first = min(self._first, float(timestamps.min()))
        self._last = max(self._last, float(timestamps.max()))
        self._received = min(self._received, float(received.min()))

    def add_numbers(self, feature: str, values: Floats) -> None:
        """Takes the valid values of a number."""
        running = self._numbers.setdefault(feature, _RunningNumber())
        running.moments = running.moments.merge(moments_of(values))
        running.quantiles.add(values)
        running.distinct.add_numbers(values)

    def add_texts(self, feature: str, values: Any) -> None:
        """Takes the valid values of a category, an Arrow column without nulls."""
        running = self._categories.setdefault(feature, _RunningCategory())
        running.present += len(values)
        running.distinct.add_texts(values)

    def profile(self, families: Families) -> Profile:
        """The profile, with what was counted."""
        summaries = {
            name: ValueSummary(running.moments.count, running.distinct, running.moments, running.quantiles)
            for name, running in self._numbers.items()
        }
        summaries |= {name: ValueSummary(each.present, each.distinct) for name, each in self._categories.items()}
        times = (self._first, self._last, self._received)
        return Profile(self._rows, self.labelled, *times, families, summaries)


@dataclass(slots=True)
class _RunningNumber:
    moments: Moments = field(default_factory=Moments)
    quantiles: QuantileSketch = field(default_factory=QuantileSketch)
    distinct: DistinctSketch = field(default_factory=DistinctSketch)


@dataclass(slots=True)
class _RunningCategory:
    present: int = 0
    distinct: DistinctSketch = field(default_factory=DistinctSketch)
