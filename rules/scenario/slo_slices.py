"""The alerts of objectives over slices of time: a metric that meets its bound, against one that misses it by far.

A slice is an event, so their number comes of the time that is played and not of the traffic, whose rows are labels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from exporter.monitor.alerting import AlertName
from exporter.monitor.duration import Duration, duration_text
from exporter.monitor.spec import Monitor, Objective, QualitySlo
from rules import names
from rules.scenario.falling_budget import events_before
from rules.scenario.labelled_model import labelled_counts
from rules.scenario.performance_low import good_and_bad
from rules.scenario.series import ScenarioSeries
from rules.scenario.signal import History, Signal, threshold_gauges
from rules.slo.budget_alerts import BUDGET_HISTORY, events_of_a_budget
from rules.slo.burn_alert import SIGNIFICANCE

_EVALUATED = Duration("4m")
"""So that each evaluation still sees what the one before has recorded."""
_TREND_EVALUATED = Duration("30m")
"""Often enough for a trend of hours."""
_SPARE_SLICES = 3
"""The first have no metric yet."""


def burn(monitor: Monitor, slo: QualitySlo) -> list[Signal]:
    """One for each pair of windows."""
    return [
        _signal(monitor, slo, names.SLO_BURN, _span_s(slo, _slices_to_burn(slo)), {names.WINDOW: str(rate.long)})
        for rate in slo.alerting_burn_rates
    ]


def spent(monitor: Monitor, slo: QualitySlo) -> Signal:
    """Half of the budget is left of as few slices as can have one; those that are bad take the rest."""
    before = events_of_a_budget(slo)
    bad = math.ceil(before * slo.budget / 2 / (1 - slo.budget))
    return _signal(
        monitor, slo, names.SLO_BUDGET_SPENT, _span_s(slo, bad), {}, _half_spent(monitor, slo, lambda _: before)
    )


def ending(monitor: Monitor, slo: QualitySlo) -> Signal:
    """So many slices before that those that are bad, one at each evaluation, take nearly all of the rest."""
    past = Duration(BUDGET_HISTORY)
    history = _half_spent(monitor, slo, lambda played_s: events_before(played_s / _TREND_EVALUATED.seconds, slo.budget))
    signal = _signal(monitor, slo, names.SLO_BUDGET_ENDING, past.seconds, {}, history)
    return replace(signal, evaluated=_TREND_EVALUATED, patience=past)


def _half_spent(monitor: Monitor, slo: QualitySlo, before: Callable[[float], float]) -> History:
    """Slices as the rules record them, so many for the seconds that are played; half of the budget is spent."""

    def recorded(series: str) -> ScenarioSeries:
        return ScenarioSeries(series, ((names.MONITOR, monitor.name), (names.SLO, slo.name)), source="rules")

    return lambda _rows, played_s: {
        recorded(names.slo_events(names.SLO_STEP)): before(played_s),
        recorded(names.slo_errors(names.SLO_STEP)): before(played_s) * slo.budget / 2,
    }


def _slices_to_burn(slo: QualitySlo) -> int:
    """Of bad ones only, so many that they are enough, and significant."""
    bad = slo.minimum_events
    while 2 * (math.sqrt(bad + 0.375) - math.sqrt(bad * slo.budget + 0.375)) <= SIGNIFICANCE:
        bad += 1
    return bad


def _signal(
    monitor: Monitor,
    slo: QualitySlo,
    alert: AlertName,
    span_s: float,
    own: Mapping[str, str],
    history: History = lambda _rows, _played_s: {},
) -> Signal:
    performance = monitor.spec.performance
    objective = Objective(metric=slo.metric, minimum=slo.minimum, maximum=slo.maximum)
    good, bad = good_and_bad(objective)
    counted_s = min(_EVALUATED.seconds, performance.window.seconds / 2)
    enough = performance.minimum_labels * span_s / counted_s
    return Signal(
        alert=alert,
        window=duration_text(span_s),
        sound=lambda rows: labelled_counts(monitor, objective, good, rows),
        unsound=lambda rows: labelled_counts(monitor, objective, bad, rows),
        gauges=threshold_gauges(monitor, "performance_"),
        low_rows=enough,
        high_rows=1000 * enough,
        few_rows=performance.minimum_labels / 10,
        step=duration_text(_EVALUATED.seconds / math.ceil(_EVALUATED.seconds / counted_s)),
        evaluated=_EVALUATED,
        history=history,
        own={names.SLO: slo.name, **own},
    )


def _span_s(slo: QualitySlo, slices: int) -> float:
    return (slices + _SPARE_SLICES) * Duration(slo.slice).seconds
