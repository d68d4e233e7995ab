"""Wasserstein-1 (earth mover's) distance."""

from __future__ import annotations

import numpy as np

from exporter.batch import Floats
from exporter.drift.comparison import Comparison


def wasserstein(comparison: Comparison) -> Floats:
    """How far values moved on average; for numbers only.

    W₁ = Σ_i |D_i| s_i, D = `Comparison.cumulative_difference`, s_i = (mean of bin i+1 - mean of bin i) / standard
    deviation, all of the reference; s of the last bin is 0. It is the distance of two distributions that sit on the
    reference's bin means, so values that move within a bin, or further out in a tail bin, do not show.
    Gives float64[...], in standard deviations of the reference, 0 and up; NaN for an empty window. ValueError for
    categories.
    Source: Vallender, "Calculation of the Wasserstein distance between probability distributions on the line", Theory
    of Probability and its Applications 18(4), 1974.
    """
    running = np.abs(comparison.cumulative_difference)
    distance: Floats = (running * comparison.spacing).sum(axis=-1)
    return distance
