from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.batch import Floats, Integers
from exporter.drift.comparison import Comparison, compare
from exporter.drift.expected_psi import expected_psi
from exporter.drift.js import js
from exporter.drift.psi import psi
from exporter.drift.report import MEASURES
from exporter.drift.significance import zscore
from exporter.monitor.drift import NUMBERS_ONLY
from tests.support.histograms import pairs_of_counts

Measure = Callable[[Comparison], Floats]

ALL = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES.keys())
UNORDERED = {name: measure for name, measure in MEASURES.items() if name not in NUMBERS_ONLY}
SYMMETRIC = {name: measure for name, measure in MEASURES.items() if name not in {"kl", "chi2"}}
AT_MOST_ONE = {name: MEASURES[name] for name in ("js", "hellinger", "tv", "ks")}

ROUNDING = 1e-14


def ordered(counts: Integers, reference: Integers) -> Comparison:
    """Both over quantile bins one standard deviation apart."""
    return compare(counts, reference, spacing=np.append(np.ones(len(counts) - 1), 0.0))


@ALL
@settings(deadline=None)
@given(pair=pairs_of_counts())
def test_no_measure_is_negative(measure: Measure, pair: tuple[Integers, Integers]) -> None:
    assert measure(ordered(*pair)) >= -ROUNDING


@ALL
@settings(deadline=None)
@given(pair=pairs_of_counts())
def test_a_window_equal_to_its_reference_has_no_distance(measure: Measure, pair: tuple[Integers, Integers]) -> None:
    counts, _ = pair
    comparison = ordered(counts, counts)
    # chi-square takes the window's counts as they are and the reference's smoothed: half a row a bin apart.
    slack = 0.5 * comparison.bins if measure is MEASURES["chi2"] else ROUNDING
    assert abs(measure(comparison)) <= slack


@pytest.mark.parametrize("measure", AT_MOST_ONE.values(), ids=AT_MOST_ONE.keys())
@settings(deadline=None)
@given(pair=pairs_of_counts())
def test_bounded_measures_are_at_most_one(measure: Measure, pair: tuple[Integers, Integers]) -> None:
    assert measure(ordered(*pair)) <= 1 + ROUNDING


@pytest.mark.parametrize("measure", SYMMETRIC.values(), ids=SYMMETRIC.keys())
@settings(deadline=None)
@given(pair=pairs_of_counts())
def test_symmetric_measures_do_not_care_which_side_is_the_reference(
    measure: Measure, pair: tuple[Integers, Integers]
) -> None:
    counts, reference = pair
    forth, back = measure(ordered(counts, reference)), measure(ordered(reference, counts))
    np.testing.assert_allclose(forth, back, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("measure", UNORDERED.values(), ids=UNORDERED.keys())
@settings(deadline=None)
@given(pair=pairs_of_counts(), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_bins_does_not_matter_to_unordered_measures(
    measure: Measure, pair: tuple[Integers, Integers], seed: int
) -> None:
    counts, reference = pair
    order = np.random.default_rng(seed).permutation(len(counts))
    shuffled = measure(compare(counts[order], reference[order]))
    np.testing.assert_allclose(shuffled, measure(compare(counts, reference)), rtol=1e-9, atol=1e-7)


@ALL
@settings(deadline=None)
@given(pair=pairs_of_counts(), seed=st.integers(0, 2**32 - 1))
def test_counts_of_replicas_add_up_however_rows_were_shared_out(
    measure: Measure, pair: tuple[Integers, Integers], seed: int
) -> None:
    counts, reference = pair
    of_first = np.random.default_rng(seed).binomial(counts, 0.3)
    of_second = counts - of_first
    assert measure(ordered(of_first + of_second, reference)) == measure(ordered(counts, reference))


def test_the_mean_of_replicas_is_not_the_drift_of_the_fleet() -> None:
    reference = np.array([500, 500])
    one, other = np.array([90, 10]), np.array([10, 90])
    fleet = psi(compare(one + other, reference))
    mean = (psi(compare(one, reference)) + psi(compare(other, reference))) / 2
    assert fleet == 0
    assert mean > 0.8


@settings(deadline=None)
@given(
    counts=st.lists(st.lists(st.integers(0, 500), min_size=4, max_size=4).filter(any), min_size=3, max_size=3),
)
def test_js_keeps_the_triangle_inequality(counts: list[list[int]]) -> None:
    first, second, third = counts
    direct = js(compare(first, third))
    assert direct <= js(compare(first, second)) + js(compare(second, third)) + 1e-7


@settings(deadline=None)
@given(pair=pairs_of_counts(), design_effect=st.floats(1, 50))
def test_correlated_rows_make_a_drift_less_sure(pair: tuple[Integers, Integers], design_effect: float) -> None:
    comparison = compare(*pair)
    assert expected_psi(comparison, design_effect) >= expected_psi(comparison)
    assert zscore(comparison, design_effect) <= zscore(comparison) + 1e-9


@settings(deadline=None)
@given(pair=pairs_of_counts(least_rows=50))
def test_more_rows_of_the_same_drift_make_it_surer(pair: tuple[Integers, Integers]) -> None:
    counts, reference = pair
    few, many = compare(counts, reference), compare(counts * 100, reference * 100)
    if psi(few) > 3 * expected_psi(few):
        assert zscore(many) > zscore(few)
