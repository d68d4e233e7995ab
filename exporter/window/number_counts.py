"""Bins and moments of all of a monitor's numbers at once, a cache's worth of rows at a time.

Columns are compared with their edges one by one, since a comparison is fast along a few thousand values; moments are
taken of all columns together, since a call costs more than what it does to a slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exporter.batch import Floats, Integers
from exporter.reference.document import NumberReference
from exporter.window.binning import Groups, count_above
from exporter.window.counts import CountsWriter
from exporter.window.layout import FeatureSlots

_SLICE_ROWS = 1024
_FARTHEST = 1e150
_FARTHEST_SQUARED = 1e300


@dataclass(frozen=True, slots=True)
class NumberCounts:
    """What was counted of F columns.

    bins    : int64[F, B + 1], values in each of the B bins of the column with the most of them, then those missing.
    present : int64[F], values that are not missing.
    above   : float64[F], Σ max(d, 0) of the distances d from the center; below: Σ max(-d, 0); squares: Σ d².
    """

    bins: Integers
    present: Integers
    above: Floats
    below: Floats
    squares: Floats


class NumberCounter:
    """Compiled for the slots of some numbers; bins are (edges[i-1], edges[i]], moments are around the reference's mean.

    A column with fewer edges than another has infinite ones behind its own, above which no value lies.
    """

    def __init__(self, slots: Sequence[FeatureSlots]) -> None:
        references = [each.reference for each in slots]
        edges = [each.edges for each in slots]
        centers = [each.mean if isinstance(each, NumberReference) else 0.0 for each in references]
        self._edges = np.full((len(slots), 1 + max(map(len, edges), default=0)), np.inf)
        self._edges[:, 0] = -np.inf
        for line, own in enumerate(edges):
            self._edges[line, 1 : 1 + len(own)] = own
        self._centers = np.array(centers)[:, None]
        self._slots = _CountedSlots(slots, [len(own) + 1 for own in edges], self._edges.shape[1])

    def count(self, columns: Sequence[Floats], groups: Groups, writer: CountsWriter) -> None:
        """Adds columns of n values in the order of the groups; NaN is missing."""
        if not columns:
            return
        for child, rows in groups:
            self._slots.add(self.count_rows([column[rows] for column in columns]), child, writer)

    def count_rows(self, columns: Sequence[Floats]) -> NumberCounts:
        """Counts columns of n values each; infinities are for validation to take out before."""
        rows, width = len(columns[0]), self._edges.shape[1]
        above = np.array([count_above(column, edges) for column, edges in zip(columns, self._edges, strict=True)])
        bins = np.empty((len(columns), width + 1), dtype=np.int64)
        np.subtract(above[:, :-1], above[:, 1:], out=bins[:, : width - 1])
        bins[:, width - 1], bins[:, width] = above[:, -1], rows - above[:, 0]
        moments = np.zeros((3, len(columns)))
        with np.errstate(over="ignore"):
            for start in range(0, rows, _SLICE_ROWS):
                block = np.array([column[start : start + _SLICE_ROWS] for column in columns])
                moments += _moments(block - self._centers, has_missing=bool(bins[:, width].any()))
        total, whole, squares = moments
        return NumberCounts(bins, above[:, 0], (whole + total) / 2, (whole - total) / 2, squares)


class _CountedSlots:
    """Where the counts of each column go, as arrays of slots."""

    def __init__(self, slots: Sequence[FeatureSlots], bins: Sequence[int], most_bins: int) -> None:
        self._has_bin = np.zeros((len(slots), most_bins + 1), dtype=np.bool_)
        for line, own in enumerate(bins):
            self._has_bin[line, :own] = self._has_bin[line, -1] = True
        spans = zip(slots, bins, strict=True)
        self._bins = np.array(
            [each.bins.start + index for each, own in spans for index in range(own + 1)], dtype=np.int64
        )
        self._values = np.array([each.values for each in slots], dtype=np.int64)
        self._sums = np.array([each.sums for each in slots], dtype=np.int64)
        self._squares = np.array([each.squares for each in slots], dtype=np.int64)

    def add(self, counts: NumberCounts, child: int, writer: CountsWriter) -> None:
        integers, floats = writer.model.integers[child], writer.model.floats[child]
        integers[self._bins] += counts.bins[self._has_bin]
        integers[self._values] += counts.present
        floats[self._sums] += counts.above
        floats[self._sums + 1] += counts.below
        floats[self._squares] += counts.squares


def _moments(distances: Floats, *, has_missing: bool) -> Floats:
    """float64[3, F]: Σ d, Σ |d| and Σ d² of the distances float64[F, n].

    Distances beyond 1e150 count as 1e150, so that no sum becomes infinite for good.
    """
    if has_missing:
        distances[np.isnan(distances)] = 0.0
    squares = np.einsum("ij,ij->i", distances, distances)
    if not (squares <= _FARTHEST_SQUARED).all():
        distances = np.clip(distances, -_FARTHEST, _FARTHEST)
        squares = np.einsum("ij,ij->i", distances, distances)
    return np.stack([distances.sum(axis=1), np.abs(distances).sum(axis=1), squares])
