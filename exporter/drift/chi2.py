"""Two-sample chi-square statistic and the test that goes with it."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from exporter.batch import Booleans, Floats, Integers
from exporter.drift.comparison import Comparison
from exporter.drift.expected_psi import checked_design_effect

LEAST_EXPECTED = 5.0
"""Bins that expect fewer rows on either side are pooled (Cochran, "Some methods for strengthening the common χ² tests",
Biometrics 10(4), 1954)."""


def chi2(comparison: Comparison) -> Floats:
    """Pearson's statistic of homogeneity of a window and its reference; it grows with rows: no fixed threshold fits.

    X² = Σ_b (n_b / N - a_b)² / (n_b / (N M) + a_b / N), which is Σ (n M - m N)² / (N M (n + m)) with the reference's
    counts smoothed, m = a M, so that a bin which is empty on both sides never divides by 0.
    n: counts, N: their sum, a: smoothed ratios, M: rows of the reference; float64[..., B]. Gives float64[...], without
    a unit, 0 and up; without drift about chi-square with B - 1 degrees of freedom. NaN for an empty window. Each bin
    that is empty on both sides adds about N / (2 M), which is a lot for a window with many more rows than its
    reference: `chi2_test` leaves such bins out.
    Source: Pearson, "On the probability that two independent distributions of frequency are really samples from the
    same population", Biometrika 8, 1911.
    """
    n, a = comparison.counts, comparison.a
    total, reference_total = comparison.observations, comparison.reference_observations
    statistic: Floats = ((n / total - a) ** 2 / (n / (total * reference_total) + a / total)).sum(axis=-1)
    return statistic


def chi2_test(comparison: Comparison, design_effect: float = 1.0) -> tuple[Floats, Integers, Floats]:
    """How often rows without drift would differ as much: statistic, degrees of freedom, p-value, each of shape [...].

    X² = Σ (n M - m N)² / (N M (n + m)) / φ over the unsmoothed counts n and m, in which bins that expect fewer than 5
    rows on either side are pooled to one; φ = (DEFF / N + 1 / M) / (1 / N + 1 / M), the inflation of the variance by
    correlated rows of the window. Degrees of freedom: bins with rows, less 1. p = P(χ² ≥ X²), in [0, 1]; 1 when all
    rows are in one bin; NaN for an empty window. ValueError when DEFF is below 1.
    Source: as `chi2`; Rao and Scott, "The analysis of categorical data from complex sample surveys", Journal of the
    American Statistical Association 76(374), 1981.
    """
    total, reference_total = comparison.observations, comparison.reference_observations
    n, m = _pooled(comparison)
    both = n + m
    difference = n / total - m / reference_total
    contributions = difference**2 * (total * reference_total) / np.where(both > 0, both, 1.0)
    inflation = (checked_design_effect(design_effect) / total + 1 / reference_total) / (1 / total + 1 / reference_total)
    statistic = contributions.sum(axis=-1) / inflation[..., 0]
    degrees: Integers = np.maximum((both > 0).sum(axis=-1) - 1, 0)
    probability = np.where(degrees > 0, chdtrc(np.maximum(degrees, 1), statistic), statistic * 0 + 1)
    return statistic, degrees, probability


def _pooled(comparison: Comparison) -> tuple[Floats, Floats]:
    """Counts of the window and the reference, float64[..., B + 1]; thin bins are 0 and their sum stands at the end."""
    n, m = np.broadcast_arrays(comparison.counts, comparison.reference_counts)
    total, reference_total = comparison.observations, comparison.reference_observations
    expected = (n + m) * np.minimum(total, reference_total) / (total + reference_total)
    is_thin = expected < LEAST_EXPECTED
    return _moved_to_end(n, is_thin), _moved_to_end(m, is_thin)


def _moved_to_end(values: Floats, is_thin: Booleans) -> Floats:
    thin = np.where(is_thin, values, 0.0).sum(axis=-1, keepdims=True)
    return np.append(np.where(is_thin, 0.0, values), thin, axis=-1)
