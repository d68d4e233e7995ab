"""Counters as two replicas expose them at each minute of an hour in which one of them restarts."""

from __future__ import annotations

import numpy as np

from exporter.batch import Floats

MINUTES = 60
RESTART_AT = 25


def replicas_of(totals: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Values of 61 minutes for counters of any shape: float64[61, ...] for each replica, which together count `totals`.

    Each replica counts half at random times. The second is restarted at minute 25: it starts again at 0, in a minute
    without events, so that nothing is lost between two scrapes.
    """
    shares = rng.dirichlet(np.ones(2 * MINUTES - 1), size=totals.shape)
    increments = np.moveaxis(shares * totals[..., None], -1, 0)
    zero = np.zeros((1, *totals.shape))
    first, second = increments[:MINUTES], increments[MINUTES:]
    before, after = second[:RESTART_AT], second[RESTART_AT:]
    steady = np.concatenate([zero, first]).cumsum(axis=0)
    restarted = [np.concatenate([zero, before]).cumsum(axis=0), np.concatenate([zero, after]).cumsum(axis=0)]
    return {"a": steady, "b": np.concatenate(restarted)}
