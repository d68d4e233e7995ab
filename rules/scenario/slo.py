"""InfranautSloBurn, InfranautSloBudgetSpent and InfranautSloBudgetEnding, for objectives that count events.

Half of the errors that the budget allows, against nothing else; and a budget that half is left of and that then falls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from exporter import catalog
from exporter.catalog import Metric
from exporter.monitor.alerting import AlertName
from exporter.monitor.duration import Duration
from exporter.monitor.slo import SloTerms
from exporter.monitor.spec import FreshnessSlo, LabelDelaySlo, LatencySlo, Monitor, QualitySlo, Slo, ValiditySlo
from rules import names
from rules.scenario import slo_slices
from rules.scenario.falling_budget import EVALUATED, HALF, OVERSPENT, events_before, used_after
from rules.scenario.quality_slices import quality_slices
from rules.scenario.series import VERSION, ScenarioSeries, a_series
from rules.scenario.signal import Growth, Past, Signal
from rules.scenario.slo_slices import JudgedSlices
from rules.slo.budget_alerts import BUDGET_HISTORY, events_of_a_budget

_STEP = Duration("4m")
"""Events are counted in steps of five minutes, each of which must see two scrapes."""
_SPAN = Duration("40m")
"""Windows count what there is of them."""
_TREND_STEP = Duration("3m")
"""A part of the time between two evaluations of the trend, each of which counts five minutes."""
_SHAKEN = Duration("8m")
"""Before the end: seen by one of the last two evaluations, in both of which the alert must hold."""
_TREND_SHAKEN = Duration("18m")
"""Before the end of a trend: seen by the last evaluations only, so that the budget comes as near to its end."""
_FEWEST_ERRORS = 10
"""That the budget allows of a sound service."""
_TOO_FEW = 0.7
"""Of the events that an alert asks for."""
_DOUBTFUL = 2.0
"""Standard deviations, which are no proof."""


class CountedEvents(NamedTuple):
    """An objective, and the counters of so many events, of which a share are errors."""

    terms: SloTerms
    counts: Callable[[float, float], Growth]
    situated: str | None = names.JOB


def burn_signals(monitor: Monitor) -> list[Signal]:
    """One for each pair of windows of each objective."""
    return [
        *(signal for events in _counted(monitor) for signal in burn(events)),
        *(signal for slices in _slices(monitor) for signal in slo_slices.burn(slices)),
    ]


def spent_signals(monitor: Monitor) -> list[Signal]:
    """One for each objective."""
    return [
        *(spent(events) for events in _counted(monitor)),
        *(slo_slices.spent(slices) for slices in _slices(monitor)),
    ]


def ending_signals(monitor: Monitor) -> list[Signal]:
    """Two for each objective."""
    return [
        *(signal for events in _counted(monitor) for signal in ending(events)),
        *(signal for slices in _slices(monitor) for signal in slo_slices.ending(slices)),
    ]


def burn(events: CountedEvents) -> list[Signal]:
    """Two for each pair of windows: errors only, and errors that are too many and may yet have come by chance."""
    burning = [
        _steady(events, names.SLO_BURN, {names.WINDOW: str(rate.long)}) for rate in events.terms.alerting_burn_rates
    ]
    return [*burning, *(_doubtful(events, signal) for signal in burning)]


def spent(events: CountedEvents) -> Signal:
    return _steady(events, names.SLO_BUDGET_SPENT, {})


def ending(events: CountedEvents) -> list[Signal]:
    """Many events leave half of the budget; the few after them are all errors. Where none was left, it is silent."""
    terms, counts, situated = events
    counted = Duration(names.SLO_STEP).seconds / EVALUATED.seconds
    enough = 2 * events_of_a_budget(terms) / counted / (1 + events_before(1, terms.budget))
    falls = Signal(
        alert=names.SLO_BUDGET_ENDING,
        window=Duration(terms.period),
        before=_events_before(events, HALF),
        sound=lambda rows: counts(rows, terms.budget / 2),
        unsound=lambda rows: counts(rows, 1),
        gauges={},
        low_rows=enough,
        high_rows=100 * enough,
        few_rows=enough / 8,
        span=Duration(BUDGET_HISTORY),
        step=_TREND_STEP,
        evaluated=EVALUATED,
        lead=EVALUATED,
        patience=Duration(BUDGET_HISTORY),
        shaken=_TREND_SHAKEN,
        own={names.SLO: terms.name},
        situated=situated,
    )
    return [falls, replace(falls, before=_events_before(events, OVERSPENT), fires=False)]


def _events_before(events: CountedEvents, used: float) -> Past:
    """So many, of which errors use a share of the budget, that those after them take nearly all of the other half."""
    terms, counts, _ = events
    errors = min(1, used * terms.budget)
    return lambda rows, played_s: counts(rows * events_before(1, terms.budget, used_after(played_s)), errors)


def _steady(events: CountedEvents, alert: AlertName, own: Mapping[str, str]) -> Signal:
    terms, counts, situated = events
    enough = max(terms.minimum_events, _FEWEST_ERRORS / terms.budget)
    return Signal(
        alert=alert,
        window=Duration(terms.period),
        sound=lambda rows: counts(rows, terms.budget / 2),
        unsound=lambda rows: counts(rows, 1),
        gauges={},
        low_rows=enough,
        high_rows=100 * enough,
        few_rows=_TOO_FEW * terms.minimum_events,
        span=_SPAN,
        step=_STEP,
        shaken=_SHAKEN,
        own={names.SLO: terms.name, **own},
        situated=situated,
    )


def _doubtful(events: CountedEvents, signal: Signal) -> Signal:
    """x errors of n events where n b are owed, with 2 (sqrt(x + 3/8) - sqrt(n b + 3/8)) = `_DOUBTFUL`."""
    terms, counts, _ = events
    many = 2.0 * terms.minimum_events
    errors = (_DOUBTFUL / 2 + math.sqrt(many * terms.budget + 0.375)) ** 2 - 0.375
    return replace(signal, unsound=lambda rows: counts(rows, min(1.0, errors / many)), high_rows=many, fires=False)


def _slices(monitor: Monitor) -> list[JudgedSlices]:
    return [quality_slices(monitor, slo) for slo in monitor.spec.slos if isinstance(slo, QualitySlo)]


def _counted(monitor: Monitor) -> list[CountedEvents]:
    return [CountedEvents(slo, _counts(monitor, slo)) for slo in monitor.spec.slos if not isinstance(slo, QualitySlo)]


def _counts(monitor: Monitor, slo: Slo) -> Callable[[float, float], Growth]:
    match slo:
        case LatencySlo():
            return _histogram(monitor, catalog.PREDICTION_LATENCY, slo.latency_below_seconds)
        case FreshnessSlo():
            return _histogram(monitor, catalog.INGEST_LAG, slo.events_younger_than.seconds)
        case LabelDelaySlo():
            return _histogram(monitor, catalog.LABEL_DELAY, slo.labels_younger_than.seconds)
        case ValiditySlo():
            failed = a_series(catalog.RECORDS_INVALID, monitor, rule=catalog.ANY_RULE)
        case _:
            failed = a_series(catalog.PREDICTION_ERRORS, monitor, reason="error")
    predictions = a_series(catalog.PREDICTIONS, monitor)
    return lambda events, errors: {predictions: events, failed: events * errors}


def _histogram(monitor: Monitor, metric: Metric, limit_s: float) -> Callable[[float, float], Growth]:
    labels = {names.MODEL_VERSION: VERSION} if names.MODEL_VERSION in metric.labels else {}
    count = a_series(f"{metric.name}_count", monitor, **labels)
    good: ScenarioSeries = a_series(f"{metric.name}_bucket", monitor, **labels, **{names.LE: repr(float(limit_s))})
    return lambda events, errors: {count: events, good: events * (1 - errors)}
