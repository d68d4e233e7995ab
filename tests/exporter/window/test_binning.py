"""Counts in bins against NumPy's histogram and a plain loop."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.window.binning import category_codes, count_above, count_in_bins, group_by_child

EDGES = np.array([-1.0, 0.0, 2.5])


def test_an_edge_belongs_to_the_bin_below_it() -> None:
    counts = count_in_bins(np.array([-1.0, 0.0, 2.5, np.nextafter(2.5, 3)]), EDGES, [(0, slice(0, 4))])
    assert counts.tolist() == [[1, 1, 1, 1, 0]]


@given(
    st.lists(st.floats(allow_infinity=False, width=32), min_size=1, max_size=200),
    st.lists(st.floats(-100, 100), min_size=1, max_size=12, unique=True),
    st.integers(1, 9),
)
def test_few_and_many_children_count_as_a_loop_does(values: list[float], edges: list[float], children: int) -> None:
    bounds, column = np.array(sorted(edges)), np.array(values)
    child_of = np.arange(len(values)) % children
    order, groups = group_by_child(child_of)
    placed = column if order is None else column[order]
    expected = np.zeros((len(groups), len(bounds) + 2), dtype=np.int64)
    for value, child in zip(values, child_of, strict=True):
        expected[child, -1 if math.isnan(value) else int((bounds < value).sum())] += 1
    np.testing.assert_array_equal(count_in_bins(placed, bounds, groups), expected)


@pytest.mark.parametrize("is_dictionary", [False, True])
def test_categories_are_known_other_or_missing(is_dictionary: bool) -> None:
    column = pa.array(["b", None, "z", "a", "b"])
    column = column.dictionary_encode() if is_dictionary else column
    assert category_codes(column, pa.array(["a", "b"])).tolist() == [1, 3, 2, 0, 1]


@pytest.mark.parametrize("rows", [0, 1, 7, 1024, 8192, 8193, 20_000])
def test_values_above_an_edge_are_told_exactly_at_any_length(rows: int) -> None:
    values = np.random.default_rng(rows).normal(size=rows)
    values[::5] = np.nan
    edges = np.array([-np.inf, -1.0, 0.0, 1.5])
    assert count_above(values, edges).tolist() == [int((values > edge).sum()) for edge in edges]
