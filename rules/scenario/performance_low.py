"""InfranautPerformanceLow: a metric halfway from its objective to the best, against the worst that it can be."""

from __future__ import annotations

import math
from collections.abc import Mapping

from exporter.monitor.spec import Monitor, Objective, PerformanceMetric
from rules import names
from rules.scenario.labelled_model import labelled_counts
from rules.scenario.signal import Signal, threshold_gauges

_RATIO = (0.0, 1.0)
_LOSS = (0.0, math.inf)
_RANGES: Mapping[PerformanceMetric, tuple[float, float]] = {
    **dict.fromkeys(("accuracy", "precision", "recall", "f1", "auc", "ece", "brier"), _RATIO),
    **dict.fromkeys(("log_loss", "mae", "rmse"), _LOSS),
    "bias": (-math.inf, math.inf),
}


def signals(monitor: Monitor) -> list[Signal]:
    """One for each objective, where there are labels."""
    performance = monitor.spec.performance
    if monitor.spec.labels is None:
        return []
    return [_signal(monitor, objective) for objective in performance.objectives]


def _signal(monitor: Monitor, objective: Objective) -> Signal:
    performance = monitor.spec.performance
    good, bad = good_and_bad(objective)
    return Signal(
        alert=names.PERFORMANCE_LOW,
        window=performance.window,
        sound=lambda rows: labelled_counts(monitor, objective, good, rows),
        unsound=lambda rows: labelled_counts(monitor, objective, bad, rows),
        gauges=threshold_gauges(monitor, "performance_"),
        low_rows=performance.minimum_labels * performance.design_effect,
        high_rows=1000.0 * performance.minimum_labels * performance.design_effect,
        few_rows=performance.minimum_labels / 2,
        own={
            names.METRIC: objective.metric,
            names.BOUND: objective.bound,
            names.WINDOW: performance.window,
            **({names.CLASS: objective.class_} if objective.class_ else {}),
        },
    )


def good_and_bad(objective: Objective) -> tuple[float, float]:
    """What meets the objective, and what misses it by far; without an end of its range, as far as the bound is big."""
    lowest, highest = _RANGES[objective.metric]
    far = max(1.0, abs(objective.limit))
    below, above = max(lowest, objective.limit - far), min(highest, objective.limit + far)
    good, bad = (below, above) if objective.bound == "maximum" else (above, below)
    return (objective.limit + good) / 2, bad
