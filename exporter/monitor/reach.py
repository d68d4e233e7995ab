"""What measures and metrics can reach: a limit beyond it never alerts, or always."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import NamedTuple

from exporter.monitor.drift import DriftMeasure
from exporter.monitor.performance import Bound, PerformanceMetric


class Reach(NamedTuple):
    """The least and the most that a value can be."""

    lowest: float
    highest: float


_NEVER = "this could never alert"
_ALWAYS = "this would always alert"
_SHARE = Reach(0, 1)
_AMOUNT = Reach(0, inf)

MEASURES: Mapping[DriftMeasure, Reach] = {
    "psi": _AMOUNT,
    "kl": _AMOUNT,
    "js": _SHARE,
    "hellinger": _SHARE,
    "tv": _SHARE,
    "chi2": _AMOUNT,
    "ks": _SHARE,
    "wasserstein": _AMOUNT,
}

METRICS: Mapping[PerformanceMetric, Reach] = {
    "accuracy": _SHARE,
    "precision": _SHARE,
    "recall": _SHARE,
    "f1": _SHARE,
    "auc": _SHARE,
    "log_loss": _AMOUNT,
    "brier": _SHARE,
    "ece": _SHARE,
    "mae": _AMOUNT,
    "rmse": _AMOUNT,
    "bias": Reach(-inf, inf),
}


def threshold_mistake(measure: DriftMeasure, threshold: float) -> str | None:
    """What is wrong with a threshold that drift alerts above."""
    highest = MEASURES[measure].highest
    if threshold < highest:
        return None
    return f"got {threshold:g}, expected less than {highest:g}: {measure} never goes beyond, so {_NEVER}"


def bound_mistakes(
    metric: PerformanceMetric, minimum: float | None, maximum: float | None
) -> Iterator[tuple[Bound, str]]:
    """What is wrong with the bounds of a metric, by the key of the bound."""
    lowest, highest = METRICS[metric]
    if minimum is not None and minimum <= lowest:
        yield "minimum", f"got {minimum:g}, expected more than {lowest:g}: {metric} is never below, so {_NEVER}"
    if minimum is not None and minimum > highest:
        yield "minimum", f"got {minimum:g}, expected at most {highest:g}: {metric} never goes beyond, so {_ALWAYS}"
    if maximum is not None and maximum >= highest:
        yield "maximum", f"got {maximum:g}, expected less than {highest:g}: {metric} never goes beyond, so {_NEVER}"
    if maximum is not None and maximum < lowest:
        yield "maximum", f"got {maximum:g}, expected at least {lowest:g}: {metric} is never below, so {_ALWAYS}"
