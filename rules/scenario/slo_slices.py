"""The alerts of objectives over slices of time: slices that are all good, against slices that are all bad.

A slice is an event, so their number comes of the time that is played and not of the traffic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from exporter.monitor.alerting import AlertName
from exporter.monitor.duration import Duration, duration_text
from exporter.monitor.slo import SloTerms
from rules import names
from rules.scenario.falling_budget import EVALUATED, HALF, OVERSPENT, events_before, used_after
from rules.scenario.series import ScenarioSeries
from rules.scenario.signal import Counters, Past, Signal
from rules.slo.budget_alerts import BUDGET_HISTORY, events_of_a_budget
from rules.slo.burn_alert import SIGNIFICANCE

_EVALUATED = Duration("4m")
"""So that each evaluation still sees what the one before has recorded."""
_SPARE_SLICES = 3
"""The first may not be judged yet."""
_MANY = 1000


class JudgedSlices(NamedTuple):
    """An objective over slices, and the counters that make all of them good or bad.

    slice    : how long one is.
    seen_s   : how far apart scrapes may be.
    rows     : those that come in `seen_s` at least, so that a slice is judged.
    few_rows : those with which none is; None where any number will do.
    counted  : slices that an evaluation counts at most when the one before was long ago.
    recorded : the series that the rules record under a name.
    """

    terms: SloTerms
    slice: Duration
    good: Counters
    bad: Counters
    seen_s: float
    rows: float
    recorded: Callable[[str], ScenarioSeries]
    few_rows: float | None = None
    counted: int = 1
    gauges: Mapping[ScenarioSeries, float] = {}
    situated: str | None = names.JOB


def burn(slices: JudgedSlices) -> list[Signal]:
    """One for each pair of windows."""
    span_s = _span_s(slices, _slices_to_burn(slices.terms))
    return [
        _signal(slices, names.SLO_BURN, span_s, {names.WINDOW: str(rate.long)})
        for rate in slices.terms.alerting_burn_rates
    ]


def spent(slices: JudgedSlices) -> Signal:
    """Half of the budget is left of as few slices as can have one; those that are bad take the rest."""
    terms = slices.terms
    before = events_of_a_budget(terms)
    bad = math.ceil(before * terms.budget * HALF / (1 - terms.budget))
    signal = _signal(slices, names.SLO_BUDGET_SPENT, _span_s(slices, bad))
    return replace(signal, history=_past(slices, HALF, lambda _: before))


def ending(slices: JudgedSlices) -> list[Signal]:
    """So many slices before that those that are bad take nearly all of the rest; where none was left, it is silent."""

    def before(played_s: float) -> float:
        bad = slices.counted * played_s / EVALUATED.seconds
        return events_before(bad, slices.terms.budget, used_after(played_s))

    past = Duration(BUDGET_HISTORY)
    signal = _signal(slices, names.SLO_BUDGET_ENDING, past.seconds, evaluated=EVALUATED)
    falls = replace(signal, patience=past, history=_past(slices, HALF, before))
    return [falls, replace(falls, history=_past(slices, OVERSPENT, before), fires=False)]


def _past(slices: JudgedSlices, used: float, before: Callable[[float], float]) -> Past:
    """Slices as the rules record them, so many for the seconds that are played, which used a share of the budget."""
    errors = min(1, used * slices.terms.budget)
    return lambda _rows, played_s: {
        slices.recorded(names.slo_events(names.SLO_STEP)): before(played_s),
        slices.recorded(names.slo_errors(names.SLO_STEP)): before(played_s) * errors,
    }


def _slices_to_burn(terms: SloTerms) -> int:
    """Of bad ones only, so many that they are enough, and significant."""
    bad = terms.minimum_events
    while 2 * (math.sqrt(bad + 0.375) - math.sqrt(bad * terms.budget + 0.375)) <= SIGNIFICANCE:
        bad += 1
    return bad


def _signal(
    slices: JudgedSlices,
    alert: AlertName,
    span_s: float,
    own: Mapping[str, str] | None = None,
    evaluated: Duration = _EVALUATED,
) -> Signal:
    enough = slices.rows * span_s / slices.seen_s
    return Signal(
        alert=alert,
        window=duration_text(span_s),
        sound=slices.good,
        unsound=slices.bad,
        gauges=slices.gauges,
        low_rows=enough,
        high_rows=_MANY * enough,
        few_rows=slices.few_rows,
        step=duration_text(evaluated.seconds / math.ceil(evaluated.seconds / slices.seen_s)),
        evaluated=evaluated,
        own={names.SLO: slices.terms.name, **(own or {})},
        situated=slices.situated,
    )


def _span_s(slices: JudgedSlices, count: int) -> float:
    return (count + _SPARE_SLICES) * slices.slice.seconds
