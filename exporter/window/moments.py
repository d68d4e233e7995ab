"""Count, mean, spread and bounds of numbers, mergeable without loss of precision."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from exporter.batch import Floats

_FARTHEST = 1e150
"""Values beyond it count as it in the mean and in the spread, so that neither becomes infinite for good."""


@dataclass(frozen=True, slots=True)
class Moments:
    """What n numbers have in common.

    mean     : of the values, 0 where there are none; m2: Σ (x - mean)², in the square of their unit.
    minimum  : infinity where there are no values; maximum: minus infinity.
    """

    count: int = 0
    mean: float = 0.0
    m2: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf

    @property
    def variance(self) -> float:
        """m2 / n, 0 and up; NaN where there are no values."""
        return self.m2 / self.count if self.count else math.nan

    def merge(self, other: Moments) -> Moments:
        """The moments of both: associative and commutative up to rounding, exact in the count and in the bounds.

        With δ = mean_b - mean_a and n = n_a + n_b: mean = mean_a + δ n_b / n, M2 = M2_a + M2_b + δ² n_a n_b / n.
        Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
        Stanford STAN-CS-79-773, 1979.
        """
        if not self.count or not other.count:
            return other if other.count else self
        count = self.count + other.count
        delta = other.mean - self.mean
        return Moments(
            count,
            self.mean + delta * (other.count / count),
            self.m2 + other.m2 + delta * delta * (self.count * (other.count / count)),
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
        )


def moments_of(values: Floats) -> Moments:
    """The moments of float64[n], none of them NaN or infinite."""
    if not len(values):
        return Moments()
    minimum, maximum = float(values.min()), float(values.max())
    if minimum < -_FARTHEST or maximum > _FARTHEST:
        values = np.clip(values, -_FARTHEST, _FARTHEST)
    mean = float(values.mean())
    distances = values - mean
    # Not by BLAS, whose threads cost more than they save.
    return Moments(len(values), mean, float(np.einsum("i,i->", distances, distances)), minimum, maximum)
