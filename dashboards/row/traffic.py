"""Rate, errors and duration of the predictions, and whether they still come."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, stat, time_series
from dashboards.scope import Scope, quantile, share
from dashboards.threshold import GOOD, NEUTRAL, NONE_IS_GOOD, Steps, bad_above
from exporter.catalog import LAST_PREDICTION_TIMESTAMP, PREDICTION_ERRORS, PREDICTION_LATENCY, PREDICTIONS
from exporter.monitor.spec import AvailabilitySlo, LatencySlo, Monitor
from rules import names
from rules.promql import equals, select

QUANTILES = (0.5, 0.9, 0.99)


def section(monitor: Monitor) -> PanelRow:
    """What a person on call looks at first; errors and latency where the monitor's events tell them."""
    scope = Scope(monitor)
    has_errors = monitor.spec.events.error is not None
    has_latency = monitor.spec.events.latency_seconds is not None
    return PanelRow(
        "Rate, errors, duration" if has_errors and has_latency else "Predictions",
        [
            _rate_now(scope),
            *([_errors_now(scope)] if has_errors else []),
            *([_slow_now(scope)] if has_latency else []),
            _age(scope),
            _firing(monitor),
            rate(scope),
            *([errors(scope)] if has_errors else []),
            *([latency(scope)] if has_latency else []),
            *([_volume(scope)] if monitor.spec.traffic.anomaly is not None else []),
        ],
    )


def _rate_now(scope: Scope) -> grafana.Stat:
    return stat(
        PanelText("Predictions a second", "Predictions counted in the last minutes, failed ones included."),
        PanelQuery(scope.sum_by(scope.rate(PREDICTIONS))),
        unit="eps",
    )


def _errors_now(scope: Scope) -> grafana.Stat:
    return stat(
        PanelText("Failed predictions", "Share of the predictions that the model failed to make."),
        PanelQuery(_error_ratio(scope)),
        unit="percentunit",
        steps=_availability_steps(scope.monitor),
    )


def _slow_now(scope: Scope) -> grafana.Stat:
    return stat(
        PanelText("Latency, 99th percentile", "How long the model takes for all but the slowest hundredth."),
        PanelQuery(quantile(0.99, scope.sum_by(scope.rate(PREDICTION_LATENCY, suffix="_bucket"), "le"))),
        unit="s",
        steps=_latency_steps(scope.monitor),
    )


def _age(scope: Scope) -> grafana.Stat:
    limit_s = scope.monitor.spec.quality.no_predictions_for.seconds
    return stat(
        PanelText(
            "Age of the newest prediction",
            f"Time since the newest prediction was made; red after {scope.monitor.spec.quality.no_predictions_for}, "
            "when InfranautNoPredictions fires.",
        ),
        PanelQuery(f"time() - max ({scope.series(LAST_PREDICTION_TIMESTAMP)})"),
        unit="s",
        steps=bad_above(limit_s),
    )


def _firing(monitor: Monitor) -> grafana.Stat:
    return stat(
        PanelText("Firing alerts", "Alerts of this monitor that fire now; they are drawn over every panel as well."),
        PanelQuery(f"count ({select('ALERTS', monitor, equals('alertstate', 'firing'))}) or vector(0)"),
        unit="short",
        steps=NONE_IS_GOOD,
    )


def rate(scope: Scope) -> grafana.TimeSeries:
    return time_series(
        PanelText("Predictions", "Predictions a second by model version."),
        [PanelQuery(scope.sum_by(scope.rate(PREDICTIONS), *scope.slices), scope.slice_legend)],
        unit="eps",
        stacked=True,
    )


def _volume(scope: Scope) -> grafana.TimeSeries:
    return time_series(
        PanelText(
            "Volume and the usual",
            f"Predictions of the last {names.TRAFFIC_WINDOW}, and the median of the same hour in the weeks before; "
            "that is absent until those weeks are kept.",
        ),
        [
            PanelQuery(scope.sum_by(scope.recorded(names.volume())), "now"),
            PanelQuery(scope.sum_by(scope.recorded(names.usual_volume())), "usual"),
        ],
        unit="short",
    )


def errors(scope: Scope) -> grafana.TimeSeries:
    by_reason = scope.sum_by(scope.rate(PREDICTION_ERRORS), "reason")
    return time_series(
        PanelText("Failed predictions by reason", "Share of the predictions that failed, and why the model said so."),
        [
            PanelQuery(_error_ratio(scope), "all"),
            PanelQuery(share(by_reason, scope.sum_by(scope.rate(PREDICTIONS))), "{{reason}}"),
        ],
        unit="percentunit",
        steps=_availability_steps(scope.monitor),
    )


def latency(scope: Scope) -> grafana.TimeSeries:
    buckets = scope.sum_by(scope.rate(PREDICTION_LATENCY, suffix="_bucket"), "le")
    return time_series(
        PanelText(
            "Latency", "Quantiles of how long the model took; exact where a bucket's edge is, such as the objective."
        ),
        [PanelQuery(quantile(level, buckets), f"p{level * 100:g}") for level in QUANTILES],
        unit="s",
        steps=_latency_steps(scope.monitor),
    )


def _error_ratio(scope: Scope) -> str:
    """0 while the model never failed and there is no series of errors yet."""
    predictions = scope.sum_by(scope.rate(PREDICTIONS))
    return f"({scope.sum_by(scope.rate(PREDICTION_ERRORS))} or 0 * {predictions}) / ({predictions} > 0)"


def _availability_steps(monitor: Monitor) -> Steps:
    for slo in monitor.spec.slos:
        if isinstance(slo, AvailabilitySlo):
            return bad_above(1 - slo.objective)
    return GOOD


def _latency_steps(monitor: Monitor) -> Steps:
    limits_s = [slo.latency_below_seconds for slo in monitor.spec.slos if isinstance(slo, LatencySlo)]
    return bad_above(min(limits_s)) if limits_s else NEUTRAL
