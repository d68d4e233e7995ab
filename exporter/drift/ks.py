"""Kolmogorov-Smirnov distance."""

from __future__ import annotations

import numpy as np

from exporter.batch import Floats
from exporter.drift.comparison import Comparison


def ks(comparison: Comparison) -> Floats:
    """The largest gap between the cumulative distributions, seen at the bins' edges; for numbers only.

    KS = max_i |D_i|, D = `Comparison.cumulative_difference`: but for the smoothing never more than the gap over all
    values, and less where that falls inside a bin.
    p, a: smoothed ratios over the Q quantile bins, renormalised. Gives float64[...], no unit, in [0, 1]; NaN for an
    empty window. ValueError for categories.
    Source: Smirnov, "Table for estimating the goodness of fit of empirical distributions", Annals of Mathematical
    Statistics 19(2), 1948.
    """
    gap: Floats = np.abs(comparison.cumulative_difference).max(axis=-1)
    return gap
