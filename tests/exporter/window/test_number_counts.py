"""Bins and moments of many columns at once, against NumPy's histogram column by column."""

from __future__ import annotations

import numpy as np
import pytest

from exporter.batch import Floats
from exporter.reference.document import FeatureReference, Reference
from exporter.window.layout import Layout
from exporter.window.number_counts import NumberCounter, NumberCounts
from tests.support.batches import a_monitor
from tests.support.histograms import a_category_reference, a_number_reference, a_reference

NUMBERS = ("height", "width")


def a_counter(**references: FeatureReference) -> NumberCounter:
    """Of `height` and `width`, beside a category; without references for them, of a monitor that has none."""
    features = {name: {"type": "number"} for name in NUMBERS} | {"colour": {"type": "category"}}
    reference: Reference | None = None
    if references:
        reference = a_reference({**references, "colour": a_category_reference(red=1)})
    slots = Layout(a_monitor(features), reference).features
    return NumberCounter([each for each in slots if each.name in NUMBERS])


def two_bins() -> FeatureReference:
    built = a_number_reference()
    return type(built)(
        edges=[0.0],
        counts=[500, 500],
        bin_means=[-1.0, 1.0],
        missing=0,
        invalid=0,
        mean=3.0,
        standard_deviation=1.0,
        minimum=-3.0,
        maximum=3.0,
    )


def columns(rows: int) -> list[Floats]:
    rng = np.random.default_rng(rows)
    height, width = rng.normal(0, 2, rows), rng.normal(1, 3, rows)
    height[::3] = np.nan
    return [height, width]


@pytest.mark.parametrize("rows", [1, 100, 1024, 1025, 5000])
def test_columns_with_different_bins_are_counted_as_numpy_does(rows: int) -> None:
    height, width = columns(rows)
    counts = a_counter(height=a_number_reference(), width=two_bins()).count_rows([height, width])
    present = height[~np.isnan(height)]
    assert counts.bins[0, :4].tolist() == np.histogram(-present, [-np.inf, -1, 0, 1, np.inf])[0][::-1].tolist()
    assert counts.bins[1].tolist() == [int((width <= 0).sum()), int((width > 0).sum()), 0, 0, 0]
    assert counts.bins[:, -1].tolist() == [rows - len(present), 0]
    assert counts.present.tolist() == [len(present), rows]
    distances = width - 3.0
    np.testing.assert_allclose(counts.above[1], distances[distances > 0].sum(), atol=1e-9)
    np.testing.assert_allclose(counts.below[1], -distances[distances < 0].sum(), atol=1e-9)
    np.testing.assert_allclose(counts.squares, [(present**2).sum(), (distances**2).sum()])


def test_without_a_reference_there_is_one_bin_and_moments_are_around_0() -> None:
    counts = a_counter().count_rows([np.array([1.0, 4.0, np.nan]), np.array([-2.0, 0.0, 5.0])])
    assert counts.bins.tolist() == [[2, 1], [3, 0]]
    assert moments_of(counts) == [(5.0, 0.0, 17.0), (5.0, 2.0, 29.0)]


def test_enormous_values_never_make_a_sum_infinite() -> None:
    enormous = np.array([1e308, -1e308, 1.0, np.nan])
    counts = a_counter(height=two_bins(), width=two_bins()).count_rows([enormous, -enormous])
    assert counts.present.tolist() == [3, 3]
    assert np.isfinite([counts.above, counts.below, counts.squares]).all()


def test_a_monitor_without_numbers_counts_none() -> None:
    writer = None
    NumberCounter([]).count([], [(0, slice(0, 3))], writer)  # type: ignore[arg-type]  # nothing is written


def moments_of(counts: NumberCounts) -> list[tuple[float, float, float]]:
    return list(zip(counts.above.tolist(), counts.below.tolist(), counts.squares.tolist(), strict=True))
