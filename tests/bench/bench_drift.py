"""Drift of 20,000 features, vectorised, against SciPy feature by feature.

Both sides get the same counts and give the same numbers, which is checked before anything is timed. SciPy's loop runs
over the first 500 features only, and figures are features a CPU-second. Where SciPy takes many rows in one call
(Jensen-Shannon along an axis), that is a contender of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy
from scipy import stats
from scipy.spatial import distance

from exporter.batch import Floats, Integers
from exporter.drift.chi2 import chi2
from exporter.drift.comparison import Comparison, compare
from exporter.drift.js import js
from exporter.drift.ks import ks
from exporter.drift.psi import psi
from exporter.drift.wasserstein import wasserstein
from tests.bench.harness import BenchRow, Timing, faster, interleave

FEATURES = 20_000
BATCH = 2_000
"""Features in a call, as a large monitor has them; larger batches leave the processor's cache."""
PEER_FEATURES = 500
QUANTILE_BINS = 12
WINDOW_ROWS, REFERENCE_ROWS = 5_000, 10_000
ROUNDS = 7
UNIT = "features / CPU s"
GOAL_MS = 13.0
"""What a prototype took for the five measures of 20,000 features."""


def run() -> list[BenchRow]:
    counts, reference, places = some_features(np.random.default_rng(20))
    spacing = np.concatenate([np.diff(places, axis=1), np.zeros((FEATURES, 1))], axis=1)
    peer = compare(counts[:PEER_FEATURES], reference[:PEER_FEATURES], spacing[:PEER_FEATURES])
    np.testing.assert_allclose(
        five_measures(counts[:PEER_FEATURES], reference[:PEER_FEATURES], spacing[:PEER_FEATURES]),
        five_of_scipy(peer, places),
        rtol=1e-9,
        atol=1e-9,
    )
    everything = compare(counts, reference, spacing)
    timings = interleave(
        {
            "ours": _forgetting(lambda: five_in_batches(counts, reference, spacing)),
            "ours in one call": _forgetting(lambda: five_measures(counts, reference, spacing)),
            "scipy, a feature at a time": _forgetting(lambda: five_of_scipy(peer, places)),
            "our js": _forgetting(lambda: js(everything)),
            "scipy's js along an axis": _forgetting(
                lambda: distance.jensenshannon(everything.p, everything.a, base=2, axis=1)
            ),
        },
        ROUNDS,
    )
    return _rows(timings)


def some_features(rng: np.random.Generator) -> tuple[Integers, Integers, Floats]:
    """Counts of windows and references, int64[F, B], and the means of the quantile bins, float64[F, Q], in sd."""
    shares = np.array([0.001, 0.099, *[0.1] * 8, 0.099, 0.001, 0.0, 0.0]) * 0.97
    shares[-2:] = 0.02, 0.01
    drifted = rng.dirichlet(200 * shares, FEATURES)
    counts = rng.multinomial(WINDOW_ROWS, drifted)
    reference = rng.multinomial(REFERENCE_ROWS, shares, FEATURES)
    return counts, reference, np.sort(rng.normal(size=(FEATURES, QUANTILE_BINS)), axis=1)


def five_measures(counts: Integers, reference: Integers, spacing: Floats) -> Floats:
    """float64[5, F], from the counts on: checks and smoothing are in the figure."""
    comparison = compare(counts, reference, spacing)
    return np.stack([measure(comparison) for measure in (psi, js, ks, wasserstein, chi2)])


def five_in_batches(counts: Integers, reference: Integers, spacing: Floats) -> list[Floats]:
    """The same for BATCH features at a time: float64[5, BATCH] each."""
    return [
        five_measures(counts[at : at + BATCH], reference[at : at + BATCH], spacing[at : at + BATCH])
        for at in range(0, len(counts), BATCH)
    ]


def five_of_scipy(comparison: Comparison, places: Floats) -> Floats:
    """float64[5, F] from smoothed ratios, which SciPy is given for nothing. It has no KS of binned data, and
    expanding the rows for `ks_2samp` would only slow it down, so its KS is the gap of two cumulative sums."""
    values = [
        _one_of_scipy(p, a, n, float(m), place)
        for p, a, n, m, place in zip(
            comparison.p,
            comparison.a,
            comparison.counts,
            comparison.reference_observations[:, 0],
            places[:PEER_FEATURES],
            strict=True,
        )
    ]
    return np.array(values).T


def _one_of_scipy(p: Floats, a: Floats, n: Floats, reference_rows: float, places: Floats) -> list[float]:
    ordered_p, ordered_a = p[:QUANTILE_BINS], a[:QUANTILE_BINS]
    gap = np.cumsum(ordered_p / ordered_p.sum()) - np.cumsum(ordered_a / ordered_a.sum())
    return [
        float(stats.entropy(p, a) + stats.entropy(a, p)),
        float(distance.jensenshannon(p, a, base=2)),
        float(np.abs(gap).max()),
        float(stats.wasserstein_distance(places, places, ordered_p, ordered_a)),
        float(stats.chi2_contingency(np.stack([n, a * reference_rows]), correction=False).statistic),
    ]


def _forgetting(work: Callable[[], object]) -> Callable[[], None]:
    def once() -> None:
        work()

    return once


def _rows(timings: dict[str, Timing]) -> list[BenchRow]:
    version = f"SciPy {scipy.__version__}"
    ours, in_one_call = timings["ours"], timings["ours in one call"]
    return [
        faster(
            "psi + js + ks + w1 + chi2",
            ours,
            timings["scipy, a feature at a time"],
            items=(FEATURES, PEER_FEATURES),
            unit=UNIT,
            note=f"{version}, a feature at a time",
        ),
        faster(
            "js alone",
            timings["our js"],
            timings["scipy's js along an axis"],
            items=(FEATURES, FEATURES),
            unit=UNIT,
            note=f"{version}, jensenshannon(axis=1)",
        ),
        _absolute(f"{FEATURES:,} features, {BATCH:,} a call", ours, GOAL_MS),
        _absolute(f"{FEATURES:,} features in one call", in_one_call, None),
    ]


def _absolute(name: str, timing: Timing, goal_ms: float | None) -> BenchRow:
    taken_ms = timing.cpu_s * 1000
    note = f"five measures, {QUANTILE_BINS + 2} bins"
    return BenchRow(
        name, taken_ms, None, "CPU ms", None, goal_ms, None if goal_ms is None else taken_ms <= goal_ms, note
    )
