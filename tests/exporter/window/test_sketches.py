"""Sketches: the library's own answers, whichever way the values came, and errors within what they state."""

from __future__ import annotations

import datasketches
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import CorruptEntry
from exporter.window.distinct_sketch import LOG_K, SEED, DistinctSketch
from exporter.window.moments import Moments, moments_of
from exporter.window.quantile_sketch import QuantileSketch

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=50, deadline=None)
@given(values=st.lists(FINITE | st.sampled_from([0.0, -0.0, 1.0, 5e-324]), max_size=500), cut=st.integers(0, 500))
def test_leaving_out_what_cannot_matter_leaves_the_bytes_of_the_librarys_sketch(values: list[float], cut: int) -> None:
    theirs = datasketches.cpc_sketch(LOG_K, SEED)
    for value in values:
        theirs.update(value)
    ours = DistinctSketch()
    for part in (values[:cut], values[cut:]):
        ours.add_numbers(np.array(part, dtype=np.float64))
    assert ours.to_bytes() == theirs.serialize()


def test_the_same_holds_for_long_streams() -> None:
    values = np.random.default_rng(2).normal(size=100_000)
    theirs, ours = datasketches.cpc_sketch(LOG_K, SEED), DistinctSketch()
    for value in values.tolist():
        theirs.update(value)
    ours.add_numbers(values)
    assert ours.to_bytes() == theirs.serialize()
    low, high = ours.bounds(3)
    assert low <= 100_000 <= high


def test_texts_are_counted_once_each_nulls_never() -> None:
    sketch = DistinctSketch()
    column = pa.array(["a", "b", None, "a", "ü"])
    sketch.add_texts(column)
    sketch.add_texts(column.dictionary_encode())
    assert sketch.estimate == pytest.approx(3, abs=0.01)


def test_merged_distinct_sketches_count_what_is_in_both_once() -> None:
    values = np.arange(30_000.0)
    left, right = DistinctSketch(), DistinctSketch()
    left.add_numbers(values[:20_000])
    right.add_numbers(values[10_000:])
    for both in (left.merge(right), right.merge(left)):
        low, high = both.bounds(3)
        assert low <= 30_000 <= high
    assert left.estimate == pytest.approx(20_000, rel=0.1)


def test_quantiles_of_few_values_are_exact_and_of_many_within_the_error() -> None:
    sketch = QuantileSketch()
    assert sketch.quantiles((0.5,)) == ()
    sketch.add(np.arange(1.0, 101.0))
    assert sketch.quantiles((0.0, 0.5, 1.0)) == (1.0, 50.0, 100.0)
    sketch.add(np.arange(101.0, 50_001.0))
    [median] = sketch.quantiles((0.5,))
    assert abs(median / 50_000 - 0.5) < 3 * sketch.rank_error


def test_merging_quantile_sketches_leaves_them_as_they_are() -> None:
    left, right = QuantileSketch(), QuantileSketch()
    left.add(np.arange(10.0))
    right.add(np.arange(10.0, 30.0))
    assert left.merge(right).count == 30
    assert (left.count, right.count) == (10, 20)


@given(parts=st.lists(st.lists(st.floats(-1e6, 1e6), max_size=50), max_size=5))
def test_merged_moments_are_those_of_numpy(parts: list[list[float]]) -> None:
    moments = Moments()
    for part in parts:
        moments = moments.merge(moments_of(np.array(part)))
    values = np.array([value for part in parts for value in part])
    assert moments.count == len(values)
    if len(values):
        assert (moments.minimum, moments.maximum) == (values.min(), values.max())
        assert moments.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-6)
        assert moments.variance == pytest.approx(values.var(), rel=1e-9, abs=1e-3)


def test_a_spread_that_is_small_beside_its_mean_is_not_lost() -> None:
    values = 1e9 + np.random.default_rng(4).normal(size=10_000)
    merged = moments_of(values[:3_000]).merge(moments_of(values[3_000:]))
    assert merged.variance == pytest.approx(values.var(), rel=1e-7)


@pytest.mark.parametrize("broken", [b"", b"x", b"\xff" * 100])
def test_bytes_that_are_no_sketch_are_refused(broken: bytes) -> None:
    with pytest.raises(CorruptEntry, match="quantile sketch"):
        QuantileSketch.from_bytes(broken)
    with pytest.raises(CorruptEntry, match="distinct sketch"):
        DistinctSketch.from_bytes(broken)
