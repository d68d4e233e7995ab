"""Total variation distance."""

from __future__ import annotations

import numpy as np

from exporter.batch import Floats
from exporter.drift.comparison import Comparison


def tv(comparison: Comparison) -> Floats:
    """The share of rows that would have to move to another bin to give the reference: the easiest measure to explain.

    TV = ½ Σ_b |p_b - a_b|.
    p, a: smoothed ratios, float64[..., B]. Gives float64[...], a share of rows, in [0, 1]; NaN for an empty window.
    Source: Levin, Peres and Wilmer, "Markov chains and mixing times", 2nd edition, 2017, proposition 4.2.
    """
    distance: Floats = 0.5 * np.abs(comparison.p - comparison.a).sum(axis=-1)
    return distance
