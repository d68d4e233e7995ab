from __future__ import annotations

import numpy as np
import pytest

from exporter.drift.comparison import compare
from exporter.drift.psi import psi
from exporter.reference.document import smoothed_ratios
from tests.support.histograms import number_shares


def test_ratios_are_smoothed_by_half_a_row_in_each_bin() -> None:
    comparison = compare([9, 0], [4, 5])
    np.testing.assert_allclose(comparison.p, [0.95, 0.05], rtol=1e-15)
    np.testing.assert_allclose(comparison.a, [0.45, 0.55], rtol=1e-15)


def test_the_reference_is_smoothed_as_its_document_says() -> None:
    reference = np.array([10, 0, 990, 3])
    np.testing.assert_array_equal(compare([1, 1, 1, 1], reference).a, smoothed_ratios(reference))


def test_many_features_in_one_call_give_what_each_gives_alone() -> None:
    rng = np.random.default_rng(3)
    counts = rng.multinomial(500, number_shares(0.02, 0.01), (2, 5))
    reference = rng.multinomial(5000, number_shares(0.01), 5)
    together = psi(compare(counts, reference))
    alone = [[psi(compare(counts[w, f], reference[f])) for f in range(5)] for w in range(2)]
    assert together.shape == (2, 5)
    np.testing.assert_allclose(together, alone, rtol=1e-13)


def test_the_counts_of_the_caller_are_left_as_they_are() -> None:
    counts = np.array([5.0, 5.0])
    compare(counts, [1, 9])
    assert counts.tolist() == [5.0, 5.0]


@pytest.mark.parametrize(
    ("counts", "reference", "message"),
    [
        ([1, -2], [1, 1], "counts hold -2: expected numbers of rows, 0 or more"),
        ([1, 2], [-1, 1], "reference hold -1: expected numbers of rows, 0 or more"),
        ([1, np.nan], [1, 1], "counts hold a value that is not finite"),
        ([1, np.inf], [1, 1], "counts hold a value that is not finite"),
        ([1, 2, 3], [1, 2], "counts have 3 bins, their reference 2: the bins must be the same"),
        (5, [1, 2], r"counts of shape \(\): expected \[\.\.\., bins\] with at least one bin"),
        ([], [], r"counts of shape \(0,\): expected \[\.\.\., bins\] with at least one bin"),
        (np.ones((3, 2)), np.ones((4, 2)), r"counts of shape \(3, 2\) and reference of shape \(4, 2\): all axes but"),
    ],
)
def test_what_is_no_histogram_is_refused_in_words(counts: object, reference: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compare(counts, reference)  # type: ignore[arg-type]  # wrong on purpose


def test_more_spacing_than_bins_is_refused() -> None:
    with pytest.raises(ValueError, match="spacing has 3 quantile bins, more than the 2 bins of the counts"):
        compare([1, 2], [1, 2], spacing=[1, 1, 0])


def test_spacing_of_another_batch_is_refused() -> None:
    with pytest.raises(ValueError, match=r"reference of shape \(4, 2\) and spacing of shape \(3, 2\)"):
        compare([1, 2], np.ones((4, 2)), spacing=np.ones((3, 2)))
