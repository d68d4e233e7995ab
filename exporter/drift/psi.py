"""Population stability index."""

from __future__ import annotations

import numpy as np

from exporter.batch import Floats
from exporter.drift.comparison import Comparison


def psi(comparison: Comparison) -> Floats:
    """How far a window is from its reference, as credit scoring has measured it for decades.

    PSI = Σ_b (p_b - a_b) ln(p_b / a_b), the symmetric Kullback-Leibler divergence KL(p‖a) + KL(a‖p).
    p, a: smoothed ratios, float64[..., B]. Gives float64[...], in nats, 0 (equal ratios) and up; NaN for an empty
    window. It is not 0 without drift: see `expected_psi`.
    Source: Jeffreys, "Theory of Probability", 1948; Yurdakul and Naranjo, "Statistical properties of the population
    stability index", Journal of Risk Model Validation 14(4), 2020.
    """
    p, a = comparison.p, comparison.a
    index: Floats = ((p - a) * np.log(p / a)).sum(axis=-1)
    return index
