"""The bins of a number: quantiles of the reference, with a tail bin at each end."""

from __future__ import annotations

import math

import numpy as np

from exporter.batch import Floats, Integers
from exporter.reference.document import NumberReference

TAILS = (0.001, 0.999)
SCORE_BINS = 30

_PILED_UP = 0.01
"""Share of the values at the minimum from which a value below it deserves a bin of its own."""

_FARTHEST = 1e150
"""Distances count as at most this much, so that no square becomes infinite."""


def number_reference(values: Floats, missing: int, invalid: int, bins: int) -> NumberReference:
    """The reference of a number from its valid values, float64[n] in any order, all finite.

    edges : the quantiles 0.001, 1/bins … (bins - 1)/bins, 0.999 (linear between order statistics: type 7 of Hyndman and
            Fan, 1996), each once. Where more than 1 % of the values equal the minimum, the first is the largest number
            below it, so that a value below everything seen has a bin of its own.
    No values at all give one bin that holds everything.

    Every figure comes from the sorted values, so the order of the rows changes nothing, not even the last digit.
    """
    ordered = np.sort(values + 0.0)
    if not len(ordered):
        return NumberReference([], [0], [0.0], missing, invalid, 0.0, 0.0, 0.0, 0.0)
    edges = quantile_edges(ordered, bins)
    bounds = np.array([0, *np.searchsorted(ordered, edges, side="right"), len(ordered)], dtype=np.int64)
    mean, deviation = _moments(ordered)
    return NumberReference(
        edges=edges.tolist(),
        counts=np.diff(bounds).tolist(),
        bin_means=[_bin_mean(ordered, edges, bounds, index) for index in range(len(edges) + 1)],
        missing=missing,
        invalid=invalid,
        mean=mean,
        standard_deviation=deviation,
        minimum=float(ordered[0]),
        maximum=float(ordered[-1]),
    )


def quantile_edges(ordered: Floats, bins: int) -> Floats:
    """Strictly increasing edges, at most bins + 1, from sorted finite values (at least one)."""
    quantiles = _quantiles(ordered, np.concatenate([TAILS[:1], np.arange(1, bins) / bins, TAILS[1:]]))
    at_minimum = int(np.searchsorted(ordered, ordered[0], side="right"))
    below = math.nextafter(float(ordered[0]), -math.inf)
    if at_minimum > max(_PILED_UP * len(ordered), 1) and math.isfinite(below):
        quantiles[0] = below
    edges: Floats = np.unique(quantiles)
    return edges


def score_edges(scores: Floats) -> tuple[float, ...]:
    """Up to 29 inner edges within (0, 1) that share valid scores out evenly over up to 30 bins; none without scores."""
    if not len(scores):
        return ()
    edges = np.unique(_quantiles(np.sort(scores), np.arange(1, SCORE_BINS) / SCORE_BINS))
    return tuple(edges[(edges > 0) & (edges < 1)].tolist())


def _quantiles(ordered: Floats, probabilities: Floats) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        quantiles: Floats = np.quantile(ordered, probabilities)
    if np.isfinite(quantiles).all():
        return quantiles
    scaled: Floats = np.quantile(ordered * 0.25, probabilities) * 4.0
    return scaled


def _moments(ordered: Floats) -> tuple[float, float]:
    """Mean and standard deviation (of the population), finite for any finite values."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = ordered.sum()
        mean = float(total / len(ordered) if np.isfinite(total) else (ordered / len(ordered)).sum())
        mean = min(max(mean, float(ordered[0])), float(ordered[-1]))
        distances = np.clip(ordered - mean, -_FARTHEST, _FARTHEST)
    return mean, float(np.sqrt(np.mean(distances * distances)))


def _bin_mean(ordered: Floats, edges: Floats, bounds: Integers, index: int) -> float:
    inside = ordered[bounds[index] : bounds[index + 1]]
    return _moments(inside)[0] if len(inside) else float(edges[max(index - 1, 0)])
