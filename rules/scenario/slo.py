"""InfranautSloBurn and InfranautSloBudgetSpent: half of the errors that the budget allows, against nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from exporter import catalog
from exporter.catalog import Metric
from exporter.monitor.alerting import AlertName
from exporter.monitor.duration import Duration
from exporter.monitor.spec import FreshnessSlo, LabelDelaySlo, LatencySlo, Monitor, QualitySlo, Slo, ValiditySlo
from rules import names
from rules.scenario.series import VERSION, ScenarioSeries, a_series
from rules.scenario.signal import Growth, Signal

_STEP = Duration("4m")
"""Events are counted in steps of five minutes, each of which must see two scrapes."""
_SPAN = Duration("40m")
"""Windows count what there is of them."""
_FEWEST_ERRORS = 10
"""That the budget of a sound hour allows."""


def burn_signals(monitor: Monitor) -> list[Signal]:
    """One for each pair of windows of each objective that counts events."""
    return [
        _signal(monitor, slo, names.SLO_BURN, {names.WINDOW: rate.long})
        for slo in _counting(monitor)
        for rate in slo.alerting_burn_rates
    ]


def spent_signals(monitor: Monitor) -> list[Signal]:
    """One for each objective that counts events."""
    return [_signal(monitor, slo, names.SLO_BUDGET_SPENT, {}) for slo in _counting(monitor)]


def _counting(monitor: Monitor) -> list[Slo]:
    """An objective over slices of performance rests on what the scenarios of performance prove."""
    return [slo for slo in monitor.spec.slos if not isinstance(slo, QualitySlo)]


def _signal(monitor: Monitor, slo: Slo, alert: AlertName, own: Mapping[str, str]) -> Signal:
    enough = max(slo.minimum_events, _FEWEST_ERRORS / slo.budget)
    return Signal(
        alert=alert,
        window=_SPAN,
        sound=lambda events: _counts(monitor, slo, events, slo.budget / 2),
        unsound=lambda events: _counts(monitor, slo, events, 1),
        gauges={},
        low_rows=enough,
        high_rows=100 * enough,
        few_rows=slo.minimum_events / 10,
        step=_STEP,
        own={names.SLO: slo.name, **own},
    )


def _counts(monitor: Monitor, slo: Slo, events: float, errors: float) -> Growth:
    match slo:
        case LatencySlo():
            return _histogram(monitor, catalog.PREDICTION_LATENCY, slo.latency_below_seconds, events, errors)
        case FreshnessSlo():
            return _histogram(monitor, catalog.INGEST_LAG, slo.events_younger_than.seconds, events, errors)
        case LabelDelaySlo():
            return _histogram(monitor, catalog.LABEL_DELAY, slo.labels_younger_than.seconds, events, errors)
        case ValiditySlo():
            failed = a_series(catalog.RECORDS_INVALID, monitor, rule=catalog.ANY_RULE)
        case _:
            failed = a_series(catalog.PREDICTION_ERRORS, monitor, reason="error")
    return {a_series(catalog.PREDICTIONS, monitor): events, failed: events * errors}


def _histogram(monitor: Monitor, metric: Metric, limit_s: float, events: float, errors: float) -> Growth:
    labels = {names.MODEL_VERSION: VERSION} if names.MODEL_VERSION in metric.labels else {}
    good = {**labels, names.LE: repr(float(limit_s))}
    counts: dict[ScenarioSeries, float] = {
        a_series(f"{metric.name}_count", monitor, **labels): events,
        a_series(f"{metric.name}_bucket", monitor, **good): events * (1 - errors),
    }
    return counts
