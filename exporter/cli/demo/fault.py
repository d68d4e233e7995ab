"""Faults as they happen in production: what the model is fed changes, and nobody tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from exporter.cli.demo.rows import Column, LabelledRows, is_number


class Fault(Protocol):
    """What happens to one feature; the columns it is given stay as they are."""

    @property
    def feature(self) -> str: ...

    @property
    def description(self) -> str: ...

    def apply(self, column: Column) -> Column: ...


@dataclass(frozen=True, slots=True)
class CalibrationShift:
    """A sensor reads `value * scale + offset`."""

    feature: str
    scale: float
    offset: float

    @property
    def description(self) -> str:
        return f"the calibration of {self.feature} shifts: value * {self.scale:.4g} {self.offset:+.4g}"

    def apply(self, column: Column) -> Column:
        shifted: Column = column * self.scale + self.offset
        return shifted


@dataclass(frozen=True, slots=True)
class BrokenMapping:
    """The codes of a category change their meaning, or their spelling."""

    feature: str
    codes: Mapping[str, str]

    @property
    def description(self) -> str:
        first, second = next(iter(self.codes.items()))
        return f"the mapping of {self.feature} breaks: {first!r} arrives as {second!r}"

    def apply(self, column: Column) -> Column:
        return np.array([self.codes.get(value, value) for value in column], dtype=object)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Faults that happen together, for one reason; `quiet` are the features whose alert proves it, all where empty."""

    cause: str
    faults: Sequence[Fault]
    quiet: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(fault.feature for fault in self.faults)

    @property
    def watched(self) -> tuple[str, ...]:
        return self.quiet or self.features

    @property
    def description(self) -> str:
        return f"{self.cause}: {'; '.join(fault.description for fault in self.faults)}"

    def apply(self, rows: LabelledRows) -> LabelledRows:
        """The rows as they arrive once the faults are there; labels stay true."""
        for fault in self.faults:
            rows = rows.with_column(fault.feature, fault.apply(rows.columns[fault.feature]))
        return rows


_SCALE = 1.1
_OFFSET_IN_DEVIATIONS = 1.5


def likely_fault(feature: str, column: Column) -> Fault:
    """What could happen to a feature that nobody has described, from values of it.

    A number is read a tenth higher and 1.5 standard deviations further; a category is spelt in another way.
    """
    if is_number(column):
        return CalibrationShift(feature, _SCALE, _OFFSET_IN_DEVIATIONS * (float(np.nanstd(column)) or 1.0))
    return BrokenMapping(feature, {value: _respelt(value) for value in sorted(set(column) - {None})})


def _respelt(value: str) -> str:
    return next((other for other in (value.upper(), value.lower()) if other != value), f"code-{value}")
