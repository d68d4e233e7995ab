"""What counts as an event and what as an error, for each kind of objective of a monitor."""

from __future__ import annotations

from typing import NamedTuple

from exporter import catalog
from exporter.catalog import Metric
from exporter.monitor.spec import (
    AvailabilitySlo,
    FreshnessSlo,
    LabelDelaySlo,
    LatencySlo,
    Monitor,
    QualitySlo,
    Slo,
    ValiditySlo,
)
from rules import names
from rules.group import RecordingRule
from rules.promql import against_threshold, equals, number, select, total_increase, without
from rules.slo.series import of_slo

_POOL = (*names.REPLICA_LABELS, names.MODEL_VERSION, names.SEGMENT)


class Indicator(NamedTuple):
    """Events and errors of the last five minutes, for each job; `errors` reads the recorded events."""

    events: str
    errors: str


def indicator_rules(monitor: Monitor, slo: Slo) -> list[RecordingRule]:
    """Events and errors of one objective, counted in steps of five minutes and pooled over versions and segments."""
    return recorded(_indicator(monitor, slo), {names.SLO: slo.name})


def recorded(indicator: Indicator, labels: dict[str, str]) -> list[RecordingRule]:
    return [
        RecordingRule(names.slo_events(names.SLO_STEP), indicator.events, labels),
        RecordingRule(names.slo_errors(names.SLO_STEP), indicator.errors, labels),
    ]


def counted_events(owner: str, slo: str) -> str:
    """The recorded events, without the label that recording has added."""
    return f"sum {without(names.SLO)} ({of_slo(names.slo_events(names.SLO_STEP), owner, slo)})"


def _indicator(monitor: Monitor, slo: Slo) -> Indicator:
    match slo:
        case LatencySlo():
            return _within(monitor, slo, catalog.PREDICTION_LATENCY, slo.latency_below_seconds)
        case FreshnessSlo():
            return _within(monitor, slo, catalog.INGEST_LAG, slo.events_younger_than.seconds)
        case LabelDelaySlo():
            return _within(monitor, slo, catalog.LABEL_DELAY, slo.labels_younger_than.seconds)
        case QualitySlo():
            return _quality(monitor, slo)
        case ValiditySlo():
            return _validity(monitor, slo)
        case AvailabilitySlo():
            return _availability(monitor, slo)


def _availability(monitor: Monitor, slo: Slo) -> Indicator:
    return Indicator(
        _grown(catalog.PREDICTIONS.name, monitor),
        f"{_grown(catalog.PREDICTION_ERRORS.name, monitor, drop=names.REASON)}\n"
        f"or 0 * {counted_events(monitor.name, slo.name)}",
    )


def _validity(monitor: Monitor, slo: Slo) -> Indicator:
    broken = equals(names.RULE, catalog.ANY_RULE)
    return Indicator(
        _grown(catalog.PREDICTIONS.name, monitor),
        f"{_grown(catalog.RECORDS_INVALID.name, monitor, broken, drop=names.RULE)}\n"
        f"or 0 * {counted_events(monitor.name, slo.name)}",
    )


def _within(monitor: Monitor, slo: Slo, histogram: Metric, limit_s: float) -> Indicator:
    """Errors are the observations above a bucket's edge, which the exporter's histogram has for every objective."""
    good = _grown(f"{histogram.name}_bucket", monitor, equals(names.LE, repr(float(limit_s))), drop=names.LE)
    return Indicator(
        _grown(f"{histogram.name}_count", monitor), f"clamp_min({counted_events(monitor.name, slo.name)} - {good}, 0)"
    )


def _quality(monitor: Monitor, slo: QualitySlo) -> Indicator:
    """Slices of each version: judged where there are enough labels, and bad where the metric is beyond its bound."""
    window = monitor.spec.performance.window
    whole = equals(names.SEGMENT, "")
    metric = select(names.performance(slo.metric, window), monitor, whole)
    labels = against_threshold(select(names.labels_increase(window), monitor, whole), ">=", monitor, "performance_rows")
    beyond = f"< {number(slo.minimum)}" if slo.minimum is not None else f"> {number(slo.maximum or 0)}"
    judged = f"count {without(names.MODEL_VERSION)} (({metric} >= -Inf) and ({labels}))"
    bad = f"count {without(names.MODEL_VERSION)} (({metric} {beyond}) and ({labels}))"
    errors = f"{bad} or 0 * {judged}"
    if slo.slice == names.SLO_STEP:
        return Indicator(judged, errors)
    return Indicator(*(f"sum_over_time(({each})[{names.SLO_STEP}:{slo.slice}])" for each in (judged, errors)))


def _grown(series: str, monitor: Monitor, *matchers: str, drop: str | None = None) -> str:
    pool = (*_POOL, drop) if drop else _POOL
    return total_increase(series, monitor, names.SLO_STEP, *matchers, pool=pool)
