"""Confidence intervals in PromQL: between which bounds a share or a mean lies that so many labels tell.

Each pair of bounds is two recorded series beside the value. z is the normal quantile of `performance.confidence`, read
from the exporter's thresholds, so that a reload changes it. Of n rows that are correlated, n / DEFF tell something
(Kish, "Survey sampling", 1965; `performance.design_effect`): with z sqrt(DEFF) in place of z, an interval of n rows is
that of n / DEFF, where it has a `deff` of its own to set against n as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from exporter.monitor.spec import Monitor
from rules import names
from rules.group import RecordingRule
from rules.names import Side
from rules.promql import number, select, threshold

_SIGNS: dict[Side, str] = {"lower": "-", "upper": "+"}
_MEAN_OF_ABSOLUTE_NORMAL = 0.7978845608028654
"""sqrt(2 / pi): of |N(0, 1)|."""
_VARIANCE_OF_ABSOLUTE_NORMAL = 0.3633802276324186
"""1 - 2 / pi."""

Bound = Callable[[Side], str]
"""The name, or the expression, of the bound on a side."""


def zscore_rule(monitor: Monitor) -> RecordingRule:
    """z sqrt(DEFF) for each model version (and segment), so that every interval joins it one to one."""
    window = monitor.spec.performance.window
    on_monitor = f"on ({', '.join(names.MONITOR_LABELS)}) group_left ()"
    labels = select(names.labels_increase(window), monitor)
    deff = monitor.spec.performance.design_effect
    widened = "" if deff == 1 else f" * {number(math.sqrt(deff))}"
    return RecordingRule(
        names.performance_zscore(window),
        f"0 * {labels} + {on_monitor} {threshold(monitor, 'performance_zscore')}{widened}",
    )


def zscore(monitor: Monitor) -> str:
    return select(names.performance_zscore(monitor.spec.performance.window), monitor)


def both(record: Bound, expression: Bound) -> list[RecordingRule]:
    """The two recorded bounds of an interval."""
    return [RecordingRule(record(side), expression(side)) for side in _SIGNS]


def wilson(hits: str, rows: str, z: str, join: str = "") -> Bound:
    """Of a share p = hits / rows: (hits + z²/2 ∓ z sqrt(hits (rows - hits) / rows + z²/4)) / (rows + z²).

    In [0, 1], also where all rows hit or none does; no series without rows (Wilson, JASA 22, 1927).

    join : how a row of hits finds its z, where z stands for several of them.
    """
    some = f"({rows} > 0)"
    spread = f"sqrt(clamp_min({hits} * ({some} - {hits}) / {some}, 0) + {join} ({z} ^ 2 / 4)) * {join} {z}"
    return lambda side: f"({hits} + {join} ({z} ^ 2 / 2) {_SIGNS[side]} {spread}) / ({some} + {join} ({z} ^ 2))"


def f1_of(share: Bound) -> Bound:
    """F1 = 2 - 2 / (1 + J) grows with J = TP / (TP + FP + FN), the share of hits in what was or was called positive.

    So the bounds of F1 are those of J, which is a share of rows.
    """
    return lambda side: f"2 - 2 / (1 + ({share(side)}))"


def mean_interval(mean: str, squares: str, rows: str, z: str, deff: float) -> Bound:
    """Of a mean: m ∓ z sqrt((squares / rows - m²) / (rows - DEFF)); normal for many rows (central limit theorem).

    z holds sqrt(DEFF): this is z² times the variance over n / DEFF - 1. No series of so few rows that nothing is left.
    """
    variance = f"clamp_min({squares} / {rows} - {mean} ^ 2, 0) / ({rows} - {number(deff)} > 0)"
    return lambda side: f"{mean} {_SIGNS[side]} {z} * sqrt({variance})"


def area_rows(area: str, positives: str, negatives: str, deff: float) -> str:
    """Rows for which the area under the ROC curve has the variance of a share.

    n = n1 n0 / (DEFF + N (1 - A) / (2 - A) + N A / (1 + A)), N = (n1 + n0) / 2 - DEFF: the variance of Hanley and
    McNeil (Radiology 143, 1982), made even-handed by Newcombe (Statistics in Medicine 25, 2006): with few negatives the
    first is too sure. It is DEFF times what n1 / DEFF and n0 / DEFF rows give, as z holds sqrt(DEFF).
    """
    half = f"(({positives} + {negatives}) / 2 - {number(deff)})"
    spread = f"{half} * (1 - {area}) / (2 - {area}) + {half} * {area} / (1 + {area})"
    return f"{positives} * {negatives} / ({number(deff)} + {spread})"


def calibration_interval(error: str, variance: str, sum_of_bins: str, rows: str, z: str, deff: float) -> Bound:
    """Of Σ |gap of a bin| / n, where each gap also holds noise of `variance`, of DEFF times that of independent rows.

    By the triangle inequality the truth is no further away than Σ |noise|, whose mean is sqrt(2/π) Σ sd and whose
    variance is (1 - 2/π) Σ variance. The interval is wider than need be, never narrower. z holds sqrt(DEFF).
    """
    mean = f"{number(_MEAN_OF_ABSOLUTE_NORMAL * math.sqrt(deff))} * {sum_of_bins} (sqrt({variance}))"
    spread = f"{z} * sqrt({number(_VARIANCE_OF_ABSOLUTE_NORMAL)} * {sum_of_bins} ({variance}))"
    return lambda side: f"clamp_min({error} {_SIGNS[side]} ({mean} + {spread}) / {rows}, 0)"


def average_interval(value: str, bound: Bound, without_class: str) -> Bound:
    """Of the plain average of independent values with intervals of their own: m ∓ sqrt(Σ (v - bound)²) / classes.

    Zou and Donner, Statistics in Medicine 27 (2008): each side has the variance that its own bounds tell.
    """

    def expression(side: Side) -> str:
        spread = f"sqrt(sum {without_class} (({value} - {bound(side)}) ^ 2)) / count {without_class} ({value})"
        return f"avg {without_class} ({value}) {_SIGNS[side]} {spread}"

    return expression
