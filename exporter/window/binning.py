"""Counts of values in bins, for one column and several children at once.

For few children each is counted on its own by comparing all values with all edges, which runs at the speed of the
processor's cache; for many, values are placed by binary search once and counted by (child, bin).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from exporter.batch import Floats, Integers

Groups = list[tuple[int, slice]]
"""Rows ordered by child: (child, its rows)."""

FEW_GROUPS = 4

_SLICE = 8192
"""Values compared at a time: their comparisons with a dozen edges fit the cache."""
_WORDS_A_SUM = 128
_BYTES_A_SUM = 8 * _WORDS_A_SUM
"""Bytes that are 0 or 1, of which so many add up, eight at a time, without one running over."""


def group_by_child(children: Integers) -> tuple[Integers | None, Groups]:
    """The order that brings each child's rows together (None when they are already), and the groups."""
    if len(children) == 0:
        return None, []
    if (children == children[0]).all():
        return None, [(int(children[0]), slice(0, len(children)))]
    order = np.argsort(children, kind="stable")
    ordered = children[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    stops = np.r_[starts[1:], len(ordered)]
    groups = [(int(ordered[start]), slice(int(start), int(stop))) for start, stop in zip(starts, stops, strict=True)]
    return order, groups


def count_in_bins(values: Floats, edges: Floats, groups: Groups) -> Integers:
    """int64[groups, B + 1]: values in each of the B = len(edges) + 1 bins (edges[i-1], edges[i]], then NaN.

    values : float64[n] in the order of the groups; NaN is missing.
    """
    if len(groups) <= FEW_GROUPS:
        return np.stack([_count_by_comparison(values[rows], edges) for _, rows in groups])
    return _count_by_search(values, edges, groups)


def _count_by_comparison(values: Floats, edges: Floats) -> Integers:
    counts = np.empty(len(edges) + 2, dtype=np.int64)
    counts[-1] = missing = np.count_nonzero(np.isnan(values))
    counts[0], counts[1:-1] = len(values) - missing, count_above(values, edges)
    counts[:-2] -= counts[1:-1]
    return counts


def count_above(values: Floats, edges: Floats) -> Integers:
    """int64[E]: how many of the values, float64[n], lie above each edge.

    A comparison is a byte that is 0 or 1; bytes are added up a word at a time.
    """
    above = np.zeros(len(edges), dtype=np.int64)
    for start in range(0, len(values), _SLICE):
        part = values[start : start + _SLICE]
        is_above = np.empty((len(edges), -(-len(part) // _BYTES_A_SUM) * _BYTES_A_SUM), dtype=np.bool_)
        is_above[:, len(part) :] = False
        np.greater(part, edges[:, None], out=is_above[:, : len(part)])
        words = is_above.view(np.uint64).reshape(len(edges), is_above.shape[1] // _BYTES_A_SUM, _WORDS_A_SUM)
        above += words.sum(axis=2).view(np.uint8).sum(axis=1, dtype=np.int64)
    return above


def _count_by_search(values: Floats, edges: Floats, groups: Groups) -> Integers:
    width = len(edges) + 2
    bins = np.searchsorted(edges, values, side="left")
    bins[np.isnan(values)] = width - 1
    return count_codes(bins, width, groups)


def count_codes(codes: Integers, width: int, groups: Groups) -> Integers:
    """int64[groups, width]: how often each code of 0 … width - 1 stands in each group."""
    if len(groups) == 1:
        return np.bincount(codes, minlength=width)[None, :]
    index = np.repeat(np.arange(len(groups)), [rows.stop - rows.start for _, rows in groups])
    return np.bincount(index * width + codes, minlength=width * len(groups)).reshape(len(groups), width)


def category_codes(column: Any, values: Any) -> npt.NDArray[np.int64]:
    """int64[n]: the index in `values` (an Arrow string array), len(values) for another, len(values) + 1 for null."""
    other, missing = len(values), len(values) + 1
    if pa.types.is_dictionary(column.type):
        codes = np.append(category_codes(column.dictionary, values), missing)
        indices = column.indices.fill_null(len(codes) - 1) if column.indices.null_count else column.indices
        placed: Integers = codes[indices.to_numpy(zero_copy_only=False)]
        return placed
    found: Integers = (
        pc.index_in(column, value_set=values).fill_null(other).to_numpy(zero_copy_only=False).astype(np.int64)
    )
    if column.null_count:
        found[column.is_null().to_numpy(zero_copy_only=False)] = missing
    return found
