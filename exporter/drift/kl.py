"""Kullback-Leibler divergence."""

from __future__ import annotations

import numpy as np

from exporter.batch import Floats
from exporter.drift.comparison import Comparison


def kl(comparison: Comparison) -> Floats:
    """What is lost when the reference is taken for the window.

    KL(p‖a) = Σ_b p_b ln(p_b / a_b); not symmetric.
    p, a: smoothed ratios, float64[..., B]. Gives float64[...], in nats, 0 and up (but for rounding, 1e-16); NaN for an
    empty window.
    Source: Kullback and Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22(1), 1951.
    """
    p, a = comparison.p, comparison.a
    divergence: Floats = (p * np.log(p / a)).sum(axis=-1)
    return divergence
