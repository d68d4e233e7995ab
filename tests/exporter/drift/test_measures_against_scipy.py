from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from exporter.batch import Floats, Integers
from exporter.drift.chi2 import chi2, chi2_test
from exporter.drift.comparison import compare
from exporter.drift.hellinger import hellinger
from exporter.drift.js import js
from exporter.drift.kl import kl
from exporter.drift.ks import ks
from exporter.drift.psi import psi
from exporter.drift.significance import p_value, zscore
from exporter.drift.tv import tv
from exporter.drift.wasserstein import wasserstein
from tests.support.histograms import pairs_of_counts

CLOSE = 1e-13
ROOT_CLOSE = 1e-7
"""Of a measure that is a square root: that of rounding, where the ratios are equal."""


def assert_equal(ours: Floats, peer: float, tolerance: float = CLOSE) -> None:
    np.testing.assert_allclose(ours, peer, rtol=1e-10, atol=tolerance)


@settings(deadline=None)
@given(pair=pairs_of_counts())
def test_unordered_measures_equal_those_of_scipy(pair: tuple[Integers, Integers]) -> None:
    comparison = compare(*pair)
    p, a = comparison.p, comparison.a
    assert_equal(kl(comparison), stats.entropy(p, a))
    assert_equal(psi(comparison), stats.entropy(p, a) + stats.entropy(a, p))
    assert_equal(js(comparison), distance.jensenshannon(p, a, base=2), ROOT_CLOSE)
    assert_equal(hellinger(comparison), distance.euclidean(np.sqrt(p), np.sqrt(a)) / np.sqrt(2), ROOT_CLOSE)
    assert_equal(tv(comparison), distance.cityblock(p, a) / 2)


@settings(deadline=None)
@given(pair=pairs_of_counts())
def test_chi2_equals_the_contingency_table_of_scipy_with_the_reference_smoothed(
    pair: tuple[Integers, Integers],
) -> None:
    comparison = compare(*pair)
    table = np.stack([comparison.counts, comparison.a * comparison.reference_observations])
    expected = stats.chi2_contingency(table, correction=False)
    np.testing.assert_allclose(chi2(comparison), expected.statistic, rtol=1e-9, atol=1e-9)
    assert comparison.degrees_of_freedom == expected.dof


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(30, 5000), min_size=2, max_size=12),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_chi2_test_equals_that_of_scipy_where_no_bin_is_thin(counts: list[int], seed: int) -> None:
    reference = np.random.default_rng(seed).integers(30, 5000, len(counts))
    expected_counts = stats.contingency.expected_freq(np.stack([counts, reference]))
    statistic, degrees, probability = chi2_test(compare(counts, reference))
    if expected_counts.min() >= 5:
        expected = stats.chi2_contingency(np.stack([counts, reference]), correction=False)
        np.testing.assert_allclose(statistic, expected.statistic, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(probability, expected.pvalue, rtol=1e-7, atol=1e-300)
        assert degrees == expected.dof


@settings(deadline=None)
@given(pair=pairs_of_counts())
def test_ks_equals_that_of_scipy_over_the_smoothed_rows(pair: tuple[Integers, Integers]) -> None:
    counts, reference = pair
    comparison = compare(counts, reference, spacing=np.ones(len(counts)))
    # Twice the smoothed counts, 2 n + 1, are whole: as many rows at each bin's place.
    places = np.arange(len(counts))
    expected = stats.ks_2samp(
        np.repeat(places, 2 * counts + 1), np.repeat(places, 2 * reference + 1), method="asymp"
    ).statistic
    assert_equal(ks(comparison), expected)


@settings(deadline=None)
@given(pair=pairs_of_counts(), seed=st.integers(0, 2**32 - 1))
def test_wasserstein_equals_that_of_scipy_between_weighted_bin_means(
    pair: tuple[Integers, Integers], seed: int
) -> None:
    counts, reference = pair
    means = np.sort(np.random.default_rng(seed).normal(50, 20, len(counts)))
    standard_deviation = 20.0
    spacing = np.append(np.diff(means), 0.0) / standard_deviation
    comparison = compare(counts, reference, spacing)
    expected = stats.wasserstein_distance(
        means / standard_deviation, means / standard_deviation, comparison.p, comparison.a
    )
    np.testing.assert_allclose(wasserstein(comparison), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("target", [1.0, 2.0, 3.0, 4.0, 5.0])
@pytest.mark.parametrize("bins", [4, 7, 14, 33])
def test_the_zscore_is_the_normal_quantile_of_the_exact_chi_square_tail(bins: int, target: float) -> None:
    """Wilson and Hilferty's cube root against scipy's chi-square, for 3 and more degrees of freedom.

    Within 0.05 up to z = 3; beyond it errs on the side of silence, by 0.25 at most up to z = 5.
    """
    floor = 1 / (1000 * bins) + 1 / (2000 * bins)
    tilt = np.sqrt(stats.chi2.isf(stats.norm.sf(target), bins - 1) * floor)
    comparison = compare(1000 * (1 + tilt * (-1.0) ** np.arange(bins)), np.full(bins, 2000))
    scaled = psi(comparison) / floor
    exact = stats.norm.isf(stats.chi2.sf(scaled, bins - 1))
    assert exact == pytest.approx(target, abs=0.3)
    assert exact - (0.05 if target <= 3 else 0.25) <= zscore(comparison) <= exact + 0.05


def test_p_values_are_those_of_scipy_far_into_the_tail() -> None:
    scores = np.linspace(-5, 30, 50)
    np.testing.assert_allclose(p_value(scores), stats.norm.sf(scores), rtol=1e-10)
