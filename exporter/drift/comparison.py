"""What every measure takes: the counts of a window beside those of its reference, checked and smoothed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from exporter.batch import Floats, Integers

Counts = Integers | Floats

PRIOR = 0.5
"""Added to every bin, so that no ratio is 0 and no logarithm infinite (Krichevsky and Trofimov, 1981)."""


@dataclass(frozen=True, eq=False)  # no slots: a cached property needs a __dict__
class Comparison:
    """Two histograms over the same B bins; leading axes are a batch (features, windows) and broadcast.

    Fastest in batches of up to some 2,000 features, which stay in the processor's cache.

    counts                 : float64[..., B], n, the window's observations in each bin.
    reference_counts       : float64[..., B], the reference's.
    observations           : float64[..., 1], N, their sum; NaN where there are none, which makes every measure NaN.
    reference_observations : float64[..., 1], M, rows of the reference; NaN where there are none.
    p                      : float64[..., B], (n + 0.5) / (N + 0.5 B), the window's smoothed ratios, in (0, 1).
    a                      : float64[..., B], the reference's, smoothed in the same way.
    spacing                : float64[..., Q] for numbers: the first Q bins are quantile bins, in order, and this is the
                             distance from each one's mean to the next, in standard deviations of the reference; None
                             for categories, whose bins have no order.
    """

    counts: Floats
    reference_counts: Floats
    observations: Floats
    reference_observations: Floats
    p: Floats
    a: Floats
    spacing: Floats | None

    @property
    def bins(self) -> int:
        """B, all bins, `missing` and `invalid` included."""
        return int(self.p.shape[-1])

    @property
    def degrees_of_freedom(self) -> int:
        """k = B - 1."""
        return self.bins - 1

    @cached_property
    def cumulative_difference(self) -> Floats:
        """D_i = Σ_{b ≤ i} (p_b / Σp - a_b / Σa) over the Q quantile bins; `missing` and `invalid` do not count.

        Gives float64[..., Q], in [-1, 1], the last about 0; NaN for an empty window. A window with rows but without a
        valid value is all prior, so its bins are equal. ValueError for a feature without quantile bins.
        """
        if self.spacing is None:
            raise ValueError("bins without an order have no cumulative distribution: this measure is for numbers only")
        ordered = self.spacing.shape[-1]
        p, a = self.p[..., :ordered], self.a[..., :ordered]
        difference = p / p.sum(axis=-1, keepdims=True) - a / a.sum(axis=-1, keepdims=True)
        running: Floats = difference.cumsum(axis=-1)
        return running


def compare(counts: npt.ArrayLike, reference: npt.ArrayLike, spacing: npt.ArrayLike | None = None) -> Comparison:
    """Checks and smooths counts[..., B] and reference[..., B] (rows in each bin, whole or as `increase()` gives them).

    An empty window or an empty reference is allowed and makes every measure NaN, without a warning. ValueError when the
    shapes do not fit, or when a count is negative or not finite.
    """
    n, m = _checked("counts", counts), _checked("reference", reference)
    if n.shape[-1] != m.shape[-1]:
        raise ValueError(f"counts have {n.shape[-1]} bins, their reference {m.shape[-1]}: the bins must be the same")
    _check_batch("counts", n, "reference", m)
    total, reference_total = _total(n), _total(m)
    prior = PRIOR * n.shape[-1]
    return Comparison(
        counts=n,
        reference_counts=m,
        observations=total,
        reference_observations=reference_total,
        p=(n + PRIOR) / (total + prior),
        a=(m + PRIOR) / (reference_total + prior),
        spacing=None if spacing is None else _checked_spacing(spacing, n, m),
    )


def _checked(name: str, values: npt.ArrayLike) -> Floats:
    # Column-major: sums over the few bins then run along the many features, several times faster.
    checked = np.asarray(values, dtype=np.float64, order="F")
    if checked.ndim == 0 or checked.shape[-1] == 0:
        raise ValueError(f"{name} of shape {checked.shape}: expected [..., bins] with at least one bin")
    if not np.isfinite(checked).all():
        raise ValueError(f"{name} hold a value that is not finite: expected numbers of rows")
    if checked.size and checked.min() < 0:
        raise ValueError(f"{name} hold {checked.min():g}: expected numbers of rows, 0 or more")
    return checked


def _checked_spacing(spacing: npt.ArrayLike, n: Floats, m: Floats) -> Floats:
    checked = _checked("spacing", spacing)
    if checked.shape[-1] > n.shape[-1]:
        raise ValueError(
            f"spacing has {checked.shape[-1]} quantile bins, more than the {n.shape[-1]} bins of the counts"
        )
    _check_batch("counts", n, "spacing", checked)
    _check_batch("reference", m, "spacing", checked)
    return checked


def _check_batch(left_name: str, left: Floats, right_name: str, right: Floats) -> None:
    try:
        np.broadcast_shapes(left.shape[:-1], right.shape[:-1])
    except ValueError as error:
        raise ValueError(
            f"{left_name} of shape {left.shape} and {right_name} of shape {right.shape}: all axes but the last "
            "must be equal, or 1, or absent"
        ) from error


def _total(values: Floats) -> Floats:
    total = values.sum(axis=-1, keepdims=True)
    return np.where(total > 0, total, np.nan)
