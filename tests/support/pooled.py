"""Drift from raw values by NumPy and SciPy: bins, the shares of the values in them, and every measure.

Nothing of `exporter.drift` or of `exporter.reference` is used: quantiles come from `numpy.quantile`, counts from
`numpy.bincount`, measures from their definitions or from SciPy.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cityblock, jensenshannon
from scipy.stats import chi2_contingency, entropy, wasserstein_distance

from exporter.batch import Floats, Integers
from tests.support.models import INVALID, Value


@dataclass(frozen=True, slots=True)
class ReferenceBins:
    """The bins of one feature.

    names  : of the bins, `missing` and `invalid` last.
    counts : int64[B], the reference's values in each.
    edges  : of a number's quantile bins; None for a category.
    means  : the mean of the reference's values in each quantile bin, in standard deviations; None for a category.
    """

    names: tuple[str, ...]
    counts: Integers
    edges: Floats | None = None
    means: Floats | None = None

    def shares(self) -> Floats:
        """float64[B], smoothed by half a value a bin."""
        smoothed: Floats = (self.counts + 0.5) / (self.counts.sum() + 0.5 * len(self.counts))
        return smoothed

    def bin_of(self, value: Value) -> int:
        if value is None:
            return len(self.names) - 2
        if value == INVALID:
            return len(self.names) - 1
        if self.edges is not None:
            return int(np.searchsorted(self.edges, float(value), side="left"))
        name = f"c:{value}"
        return self.names.index(name) if name in self.names else len(self.names) - 3

    def count(self, values: Sequence[Value], weights: Floats) -> Floats:
        """float64[B]: the weight of the values in each bin."""
        bins = np.array([self.bin_of(value) for value in values], dtype=np.int64)
        return np.bincount(bins, weights, minlength=len(self.names)).astype(np.float64)


def number_bins(training: Sequence[Value], quantile_bins: int) -> ReferenceBins:
    """Quantile bins with a tail bin at each end; below a minimum that many rows share lies a bin of its own."""
    values = np.array([value for value in training if value is not None], dtype=np.float64)
    levels = [0.001, *(np.arange(1, quantile_bins) / quantile_bins), 0.999]
    edges = np.quantile(values, levels)
    if np.mean(values == values.min()) > 0.01:
        edges[0] = math.nextafter(values.min(), -math.inf)
    edges = np.unique(edges)
    bins = np.searchsorted(edges, values, side="left")
    counts: Integers = np.bincount(bins, minlength=len(edges) + 1)
    means = [values[bins == index].mean() if count else edges[max(index - 1, 0)] for index, count in enumerate(counts)]
    names = (*(f"q{index:02d}" for index in range(len(counts))), "missing", "invalid")
    with_rest = np.array([*counts, len(training) - len(values), 0])
    return ReferenceBins(names, with_rest, edges, np.array(means) / values.std())


def category_bins(training: Sequence[Value], limit: int = 30) -> ReferenceBins:
    """The most frequent values, one bin for the rest."""
    seen = Counter(value for value in training if isinstance(value, str))
    frequent = sorted(seen, key=lambda value: (-seen[value], value))[:limit]
    rest = sum(seen.values()) - sum(seen[value] for value in frequent)
    counts = np.array([*(seen[value] for value in frequent), rest, len(training) - sum(seen.values()), 0])
    return ReferenceBins((*(f"c:{value}" for value in frequent), "c:__other__", "missing", "invalid"), counts)


def drift_measures(reference: ReferenceBins, n: Floats, design_effect: float) -> Mapping[str, float]:
    """Every measure of the counts n, float64[B], by its name; `ks` and `wasserstein` for numbers only."""
    a, rows = reference.shares(), float(reference.counts.sum())
    p = (n + 0.5) / (n.sum() + 0.5 * len(n))
    k = len(n) - 1
    psi = entropy(p, a) + entropy(a, p)
    expected = k * (design_effect / n.sum() + 1 / rows)
    measures = {
        "psi": psi,
        "expected": expected,
        "zscore": (np.cbrt(psi / expected) - (1 - 2 / (9 * k))) / np.sqrt(2 / (9 * k)),
        "kl": entropy(p, a),
        "js": jensenshannon(p, a, base=2),
        "hellinger": np.linalg.norm(np.sqrt(p) - np.sqrt(a)) / np.sqrt(2),
        "tv": cityblock(p, a) / 2,
        "chi2": chi2_contingency(np.stack([n, rows * a]), correction=False).statistic,
    }
    if reference.means is not None:
        quantiles = slice(0, len(reference.means))
        inside, outside = p[quantiles] / p[quantiles].sum(), a[quantiles] / a[quantiles].sum()
        measures["ks"] = np.abs(np.cumsum(inside) - np.cumsum(outside)).max()
        measures["wasserstein"] = wasserstein_distance(reference.means, reference.means, inside, outside)
    return {name: float(value) for name, value in measures.items()}


def two_sample_drift(n: Floats, o: Floats, design_effect: float) -> Mapping[str, Floats]:
    """PSI between the counts n and o, float64[..., B], with its mean by chance and its z-score, float64[...].

    Bins that are empty in both are left out; the others are smoothed by what they would hold in each if both were
    alike, by half a row at most.
    """
    rows, other_rows = n.sum(axis=-1, keepdims=True), o.sum(axis=-1, keepdims=True)
    pooled = (n + o) / (rows + other_rows)
    is_held = pooled > 0
    own, other = n + np.minimum(pooled * rows, 0.5), o + np.minimum(pooled * other_rows, 0.5)
    p, a = own / own.sum(axis=-1, keepdims=True), other / other.sum(axis=-1, keepdims=True)
    psi = ((p - a) * np.log(np.where(is_held, p, 1) / np.where(is_held, a, 1))).sum(axis=-1)
    k = np.maximum(is_held.sum(axis=-1) - 1, 1)
    expected = k * design_effect * (1 / rows + 1 / other_rows)[..., 0]
    zscore = (np.cbrt(psi / expected) - (1 - 2 / (9 * k))) / np.sqrt(2 / (9 * k))
    return {"psi": psi, "expected": expected, "zscore": zscore, "df": k.astype(np.float64)}
