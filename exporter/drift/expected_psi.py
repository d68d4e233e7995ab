"""The noise floor of PSI: what it is, on average, when nothing drifts."""

from __future__ import annotations

import math

from exporter.batch import Floats
from exporter.drift.comparison import Comparison


def expected_psi(comparison: Comparison, design_effect: float = 1.0) -> Floats:
    """The PSI that so many rows give by chance alone.

    E = k (DEFF / N + 1 / M), k = B - 1; without drift PSI / (DEFF / N + 1 / M) is about chi-square with k degrees of
    freedom, whose mean is k.
    N: rows of the window, M: of the reference, DEFF ≥ 1: how many correlated rows carry the information of one
    independent row. Gives float64[...], in nats, above 0; NaN for an empty window. ValueError when DEFF is below 1.
    Source: Yurdakul and Naranjo, "Statistical properties of the population stability index", Journal of Risk Model
    Validation 14(4), 2020; DEFF: Kish, "Survey sampling", 1965.
    """
    window = checked_design_effect(design_effect) / comparison.observations[..., 0]
    expected: Floats = comparison.degrees_of_freedom * (window + 1 / comparison.reference_observations[..., 0])
    return expected


def checked_design_effect(design_effect: float) -> float:
    """The design effect; ValueError when it is not a finite number of 1 or more."""
    if not (math.isfinite(design_effect) and design_effect >= 1):
        raise ValueError(f"design effect {design_effect:g}: expected 1 (independent rows) or more")
    return design_effect
