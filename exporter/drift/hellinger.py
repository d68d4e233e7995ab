"""Hellinger distance."""

from __future__ import annotations

import numpy as np

from exporter.batch import Floats
from exporter.drift.comparison import Comparison


def hellinger(comparison: Comparison) -> Floats:
    """A metric that weighs rare bins more than total variation and less than PSI; without drift H² ≈ PSI / 8.

    H = sqrt(½ Σ_b (sqrt(p_b) - sqrt(a_b))²).
    p, a: smoothed ratios, float64[..., B]. Gives float64[...], no unit, in [0, 1]; NaN for an empty window.
    Source: Hellinger, "Neue Begründung der Theorie quadratischer Formen von unendlichvielen Veränderlichen", Journal
    für die reine und angewandte Mathematik 136, 1909.
    """
    difference = np.sqrt(comparison.p) - np.sqrt(comparison.a)
    distance: Floats = np.sqrt(0.5 * (difference * difference).sum(axis=-1))
    return distance
