"""InfranautTrafficAnomaly: weeks that are all alike, and after them one of far more, or no, predictions."""

from __future__ import annotations

from exporter import catalog
from exporter.monitor.duration import Duration, duration_text
from exporter.monitor.spec import Monitor
from exporter.monitor.traffic import TrafficAnomaly
from rules import names
from rules.scenario.series import a_series
from rules.scenario.signal import Growth, Signal, threshold_gauges
from rules.traffic_anomaly_alert import Direction

_WEEK = Duration("1w")
_EVALUATED = Duration("84h")
"""Twice a week: the rules read past weeks from the counters themselves, so the time between need not be evaluated."""
_SCRAPED = Duration("15m")
_MUCH = 10
"""Times the change that is allowed."""


def signals(monitor: Monitor) -> list[Signal]:
    """One for each direction in which so great a change can be, where the monitor asks for it."""
    anomaly = monitor.spec.traffic.anomaly
    if anomaly is None:
        return []
    least = anomaly.minimum_per_hour
    above = _signal(
        monitor, anomaly, "above", 1 + _MUCH * anomaly.change, few_rows=least / 2 / _MUCH / (1 + anomaly.change)
    )
    return [above, _signal(monitor, anomaly, "below", 0, few_rows=least / 2)] if anomaly.change < 1 else [above]


def _signal(monitor: Monitor, anomaly: TrafficAnomaly, direction: Direction, times: float, few_rows: float) -> Signal:
    predictions = a_series(catalog.PREDICTIONS, monitor)

    def counts(rows: float) -> Growth:
        return {predictions: rows}

    return Signal(
        alert=names.TRAFFIC_ANOMALY,
        window=Duration(names.TRAFFIC_WINDOW),
        sound=counts,
        unsound=lambda rows: counts(rows * times),
        gauges=threshold_gauges(monitor, "traffic_"),
        low_rows=2 * anomaly.minimum_per_hour,
        high_rows=1000 * anomaly.minimum_per_hour,
        few_rows=few_rows,
        step=_SCRAPED,
        evaluated=_EVALUATED,
        lead=duration_text(anomaly.weeks * _WEEK.seconds),
        lasting=_WEEK,
        own={names.DIRECTION: direction},
    )
