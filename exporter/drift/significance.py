"""Whether a PSI is more than chance: a z-score that one threshold fits, whatever the rows and bins, and its p-value."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from exporter.batch import Floats
from exporter.drift.comparison import Comparison
from exporter.drift.expected_psi import expected_psi
from exporter.drift.psi import psi


def zscore(comparison: Comparison, design_effect: float = 1.0) -> Floats:
    """How many standard deviations the PSI is above what it would be without drift.

    z = ((PSI / E)^(1/3) - (1 - 2 / (9 k))) / sqrt(2 / (9 k)), k = B - 1, E = `expected_psi`: the cube root of a
    chi-square over its degrees of freedom is about normal. PSI and E are in nats, z has no unit.
    Gives float64[...], from -(1 - 2 / (9 k)) / sqrt(2 / (9 k)) up; NaN for an empty window and for a single bin.
    Source: Wilson and Hilferty, "The distribution of chi-square", PNAS 17(12), 1931.
    """
    k = comparison.degrees_of_freedom
    if k == 0:
        return np.full_like(psi(comparison), np.nan)
    variance = 2 / (9 * k)
    root = np.cbrt(psi(comparison) / expected_psi(comparison, design_effect))
    score: Floats = (root - (1 - variance)) / np.sqrt(variance)
    return score


def p_value(zscore: Floats) -> Floats:
    """How often a window without drift would score at least this: p = 1 - Φ(z).

    Gives float64[...], in [0, 1]; NaN where z is NaN.
    """
    probability: Floats = ndtr(-zscore)
    return probability
