"""Counts of values in bins, for one column and several children at once.

For few children each is counted on its own with one comparison an edge, which runs at memory speed on a few thousand
values; for many, values are placed by binary search once and counted by (child, bin).
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

_FARTHEST = 1e150


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
    missing = int(np.count_nonzero(values != values))  # noqa: PLR0124 - NaN is what differs from itself
    above = np.empty(len(edges) + 2, dtype=np.int64)
    above[0], above[-1] = len(values) - missing, 0
    for index, edge in enumerate(edges):
        above[index + 1] = np.count_nonzero(values > edge)
    return np.append(above[:-1] - above[1:], missing)


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
        codes = category_codes(column.dictionary, values)
        indices = column.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
        placed: Integers = np.append(codes, missing)[indices]
        return placed
    found: Integers = (
        pc.index_in(column, value_set=values).fill_null(other).to_numpy(zero_copy_only=False).astype(np.int64)
    )
    if column.null_count:
        found[column.is_null().to_numpy(zero_copy_only=False)] = missing
    return found


def moments(values: Floats, center: float) -> tuple[int, float, float, float]:
    """(n, Σ max(d, 0), Σ max(-d, 0), Σ d²) of the distances d from `center`; NaN is left out.

    Distances beyond 1e150 count as 1e150, so that no sum becomes infinite for good.
    """
    distances = values - center
    if np.isnan(distances).any():
        distances = distances[~np.isnan(distances)]
    absolute = np.abs(distances)
    if absolute.max(initial=0.0) > _FARTHEST:
        distances = np.clip(distances, -_FARTHEST, _FARTHEST)
        absolute = np.abs(distances)
    total, whole = float(distances.sum()), float(absolute.sum())
    return len(distances), (whole + total) / 2, (whole - total) / 2, float(distances @ distances)
