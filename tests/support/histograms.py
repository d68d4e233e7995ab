"""Histograms and small references to measure drift on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import strategies as st

from exporter.batch import Floats, Integers
from exporter.reference.document import CategoryReference, FeatureReference, NumberReference, Reference, seal

DECILES_WITH_TAILS = np.array([0.001, 0.099, *[0.1] * 8, 0.099, 0.001])
"""Shares of the twelve quantile bins of a continuous number, p0.1 and p99.9 tails first and last."""


def number_shares(missing: float = 0.0, invalid: float = 0.0) -> Floats:
    """Shares of all fourteen bins of a number."""
    return np.append(DECILES_WITH_TAILS * (1 - missing - invalid), [missing, invalid])


@st.composite
def pairs_of_counts(draw: st.DrawFn, least_rows: int = 1) -> tuple[Integers, Integers]:
    """Counts of a window and of its reference over the same 2 to 12 bins, with at least so many rows on each side."""
    bins = draw(st.integers(2, 12))
    rows = st.lists(st.integers(0, 5000), min_size=bins, max_size=bins).filter(lambda counts: sum(counts) >= least_rows)
    return np.array(draw(rows), dtype=np.int64), np.array(draw(rows), dtype=np.int64)


def a_number_reference(rows: int = 1000) -> NumberReference:
    """Four quantile bins of (-1, 0, 1) with means -1.5, -0.5, 0.5, 1.5 and standard deviation 2."""
    quarter = rows // 4
    return NumberReference(
        edges=[-1.0, 0.0, 1.0],
        counts=[quarter, quarter, quarter, rows - 3 * quarter],
        bin_means=[-1.5, -0.5, 0.5, 1.5],
        missing=0,
        invalid=0,
        mean=0.0,
        standard_deviation=2.0,
        minimum=-3.0,
        maximum=3.0,
    )


def a_category_reference(**counts: int) -> CategoryReference:
    """Values with their rows; none are missing, invalid or rare."""
    return CategoryReference(values=list(counts), counts=list(counts.values()), other=0, missing=0, invalid=0)


def a_reference(features: Mapping[str, FeatureReference], prediction: FeatureReference | None = None) -> Reference:
    return seal(
        monitor="credit",
        rows=1000,
        first_timestamp=None,
        last_timestamp=None,
        prediction=prediction or a_number_reference(),
        score_edges=(),
        features=features,
    )
