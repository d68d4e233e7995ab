"""InfranautSloBurn, InfranautSloBudgetSpent and InfranautSloBudgetEnding, for objectives that count events.

Half of the errors that the budget allows, against nothing else; and a budget that half is left of and that then falls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from exporter import catalog
from exporter.catalog import Metric
from exporter.monitor.alerting import AlertName
from exporter.monitor.duration import Duration
from exporter.monitor.slo import SloTerms
from exporter.monitor.spec import FreshnessSlo, LabelDelaySlo, LatencySlo, Monitor, QualitySlo, Slo, ValiditySlo
from rules import names
from rules.scenario import slo_slices
from rules.scenario.falling_budget import events_before
from rules.scenario.series import VERSION, ScenarioSeries, a_series
from rules.scenario.signal import Growth, Signal
from rules.slo.budget_alerts import BUDGET_HISTORY, events_of_a_budget

_STEP = Duration("4m")
"""Events are counted in steps of five minutes, each of which must see two scrapes."""
_SPAN = Duration("40m")
"""Windows count what there is of them."""
_EVALUATED, _SCRAPED = Duration("30m"), Duration("2m")
"""A trend of hours needs few evaluations, each of which counts five minutes."""
_LEAD = Duration("1h")
_FEWEST_ERRORS = 10
"""That the budget of a sound hour allows."""


class CountedEvents(NamedTuple):
    """An objective, and the counters of so many events, of which a share are errors."""

    terms: SloTerms
    counts: Callable[[float, float], Growth]


def burn_signals(monitor: Monitor) -> list[Signal]:
    """One for each pair of windows of each objective."""
    return [
        *(signal for events in _counted(monitor) for signal in burn(events)),
        *(signal for slo in _slices(monitor) for signal in slo_slices.burn(monitor, slo)),
    ]


def spent_signals(monitor: Monitor) -> list[Signal]:
    """One for each objective."""
    return [
        *(spent(events) for events in _counted(monitor)),
        *(slo_slices.spent(monitor, slo) for slo in _slices(monitor)),
    ]


def ending_signals(monitor: Monitor) -> list[Signal]:
    """One for each objective."""
    return [
        *(ending(events) for events in _counted(monitor)),
        *(slo_slices.ending(monitor, slo) for slo in _slices(monitor)),
    ]


def burn(events: CountedEvents) -> list[Signal]:
    return [
        _steady(events, names.SLO_BURN, {names.WINDOW: str(rate.long)}) for rate in events.terms.alerting_burn_rates
    ]


def spent(events: CountedEvents) -> Signal:
    return _steady(events, names.SLO_BUDGET_SPENT, {})


def ending(events: CountedEvents) -> Signal:
    """Many events leave half of the budget; the few after them are all errors."""
    terms, counts = events
    before = events_before(1, terms.budget)
    later = 1 / (1 + before)
    counted = Duration(names.SLO_STEP).seconds / _EVALUATED.seconds
    enough = 2 * events_of_a_budget(terms) / counted
    return Signal(
        alert=names.SLO_BUDGET_ENDING,
        window=Duration(terms.period),
        before=lambda rows: counts(rows * before * later, terms.budget / 2),
        sound=lambda rows: counts(rows * later, terms.budget / 2),
        unsound=lambda rows: counts(rows * later, 1),
        gauges={},
        low_rows=enough,
        high_rows=100 * enough,
        few_rows=enough / 4,
        span=Duration(BUDGET_HISTORY),
        step=_SCRAPED,
        evaluated=_EVALUATED,
        lead=_LEAD,
        patience=Duration(BUDGET_HISTORY),
        own={names.SLO: terms.name},
    )


def _steady(events: CountedEvents, alert: AlertName, own: Mapping[str, str]) -> Signal:
    terms, counts = events
    enough = max(terms.minimum_events, _FEWEST_ERRORS / terms.budget)
    return Signal(
        alert=alert,
        window=_SPAN,
        sound=lambda rows: counts(rows, terms.budget / 2),
        unsound=lambda rows: counts(rows, 1),
        gauges={},
        low_rows=enough,
        high_rows=100 * enough,
        few_rows=terms.minimum_events / 10,
        step=_STEP,
        own={names.SLO: terms.name, **own},
    )


def _slices(monitor: Monitor) -> list[QualitySlo]:
    return [slo for slo in monitor.spec.slos if isinstance(slo, QualitySlo)]


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
