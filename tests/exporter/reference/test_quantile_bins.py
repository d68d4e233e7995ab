"""The bins of a number."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from exporter.batch import Floats
from exporter.reference.document import NumberReference
from exporter.reference.quantile_bins import number_reference, quantile_edges, score_edges

LARGEST = float(np.finfo(np.float64).max)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = hnp.arrays(np.float64, st.integers(1, 300), elements=FINITE)
PILED = hnp.arrays(np.float64, st.integers(1, 300), elements=st.sampled_from([-1.5, -0.0, 0.0, 1.0, 2.0, 1e300]))


def built(values: Any, bins: int = 10) -> NumberReference:
    return number_reference(np.asarray(values, dtype=np.float64), 0, 0, bins)


def bin_of(reference: NumberReference, value: float) -> str:
    return reference.bin_names()[int(np.searchsorted(reference.edges, value, side="left"))]


def test_a_thousand_values_by_hand() -> None:
    reference = built(np.arange(1, 1001))
    expected = [1.999, 100.9, 200.8, 300.7, 400.6, 500.5, 600.4, 700.3, 800.2, 900.1, 999.001]
    np.testing.assert_allclose(reference.edges, expected, rtol=1e-15)
    assert reference.counts == [1, 99, *[100] * 8, 99, 1]
    assert (reference.mean, reference.minimum, reference.maximum) == (500.5, 1.0, 1000.0)
    assert reference.standard_deviation == pytest.approx(np.sqrt((1000**2 - 1) / 12), rel=1e-14)
    assert reference.bin_means[:3] == [1.0, 51.0, 150.5]


@pytest.mark.parametrize("bins", [2, 10, 12, 50])
def test_bins_stay_in_order_by_name_past_ten(bins: int) -> None:
    reference = built(np.random.default_rng(7).normal(size=10_000), bins)
    names = reference.bin_names()
    assert names[:-2] == tuple(sorted(names[:-2]))
    assert names[0] == "q00"
    assert names[-3:] == (f"q{bins + 1:02d}", "missing", "invalid")
    assert len(reference.edges) == bins + 1


def test_edges_are_the_quantiles_that_numpy_computes() -> None:
    values = np.random.default_rng(3).lognormal(size=5_000)
    probabilities = [0.001, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.999]
    reference = built(values)
    assert reference.edges == np.quantile(values, probabilities).tolist()
    counts = np.histogram(-values, [-np.inf, *(-np.array(reference.edges[::-1])), np.inf])[0][::-1]
    assert reference.counts == counts.tolist()
    np.testing.assert_allclose(reference.standard_deviation, values.std(), rtol=1e-12)


def test_a_value_below_everything_seen_has_a_bin_of_its_own_where_many_share_the_minimum() -> None:
    reference = built(np.tile(np.arange(24), 100))
    assert reference.edges[0] == np.nextafter(0.0, -np.inf)
    assert reference.counts[0] == 0
    assert bin_of(reference, -1) == "q00"
    assert bin_of(reference, 0) == "q01"
    assert bin_of(reference, 24) == reference.bin_names()[-3]


def test_zero_keeps_a_bin_of_its_own_where_most_values_are_zero() -> None:
    reference = built([0] * 700 + list(range(1, 301)))
    assert reference.edges[:2] == [np.nextafter(0.0, -np.inf), 0.0]
    assert reference.counts[1] == 700


def test_a_constant_has_three_bins_below_it_at_it_and_above_it() -> None:
    reference = built([5.0] * 1_000)
    assert reference.counts == [0, 1_000, 0]
    assert (reference.mean, reference.standard_deviation) == (5.0, 0.0)
    assert (reference.spacing() >= 0).all()


def test_no_values_give_one_bin_that_holds_everything() -> None:
    reference = number_reference(np.array([]), missing=3, invalid=2, bins=10)
    assert (reference.edges, reference.counts) == ([], [0])
    assert reference.bin_counts().tolist() == [0, 3, 2]


def test_the_largest_numbers_there_are_give_finite_figures() -> None:
    reference = built([-LARGEST, LARGEST] * 50)
    assert reference.mean == 0.0
    assert np.isfinite([*reference.edges, *reference.bin_means, reference.standard_deviation]).all()
    assert reference.counts == [0, 50, 50] or sum(reference.counts) == 100


@given(st.one_of(VALUES, PILED), st.integers(2, 50))
def test_every_value_is_in_one_bin_and_edges_increase(values: Floats, bins: int) -> None:
    reference = built(values, bins)
    assert sum(reference.counts) == len(values)
    assert len(reference.counts) == len(reference.edges) + 1 == len(reference.bin_means)
    assert all(low < high for low, high in pairwise(reference.edges))
    figures = [*reference.edges, *reference.bin_means, reference.mean, reference.standard_deviation]
    assert np.isfinite(figures).all()
    assert reference.minimum <= reference.mean <= reference.maximum


@given(st.one_of(VALUES, PILED))
def test_means_of_bins_lie_within_their_bins_and_so_in_order(values: Floats) -> None:
    reference = built(values)
    lower, upper = [-np.inf, *reference.edges], [*reference.edges, np.inf]
    assert all(low <= mean <= high for low, mean, high in zip(lower, reference.bin_means, upper, strict=True))


@given(st.one_of(VALUES, PILED), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing_to_the_last_digit(values: Floats, random: Any) -> None:
    shuffled = values.tolist()
    random.shuffle(shuffled)
    assert repr(built(shuffled)) == repr(built(values))


def test_zero_has_one_sign() -> None:
    assert repr(built([0.0, -0.0, 1.0])) == repr(built([-0.0, 0.0, 1.0]))
    assert str(built([-0.0] * 9).minimum) == "0.0"


@given(hnp.arrays(np.float64, st.integers(0, 300), elements=st.floats(0, 1)))
def test_score_edges_increase_within_zero_and_one(scores: Floats) -> None:
    edges = np.array(score_edges(scores))
    assert len(edges) <= 29
    assert all(low < high for low, high in pairwise(edges))
    assert ((edges > 0) & (edges < 1)).all()


def test_scores_are_shared_out_evenly_over_thirty_bins() -> None:
    scores = np.random.default_rng(5).beta(2, 5, size=30_000)
    counts = np.bincount(np.searchsorted(score_edges(scores), scores, side="left"))
    assert len(counts) == 30
    assert abs(counts - 1_000).max() <= 1


def test_a_single_value_has_edges() -> None:
    assert quantile_edges(np.array([2.0]), 10).tolist() == [2.0]
