"""The versions of the model side by side: how much each does, how well, and since when."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.metrics import LOWER_IS_BETTER, TITLES, main_metric, unit_of
from dashboards.panel import PanelQuery, PanelText, Size, time_series
from dashboards.row.drift import MEASURES
from dashboards.scope import Scope, quantile, share
from dashboards.table import RowLabel, TableColumn, table
from exporter.catalog import ANY_RULE, MODEL_TRAINED_TIMESTAMP, PREDICTION_ERRORS, PREDICTION_LATENCY, PREDICTIONS
from exporter.monitor.spec import Monitor
from rules import names
from rules.promql import equals

_BY_VERSION = "by (model_version)"


def section(monitor: Monitor) -> PanelRow:
    """A table of everything that differs from version to version, and who gets the traffic."""
    scope = Scope(monitor)
    return PanelRow("Versions", [side_by_side(scope), traffic_by_version(scope)])


def traffic_by_version(scope: Scope) -> grafana.TimeSeries:
    rate = scope.rate(PREDICTIONS)
    return time_series(
        PanelText("Share of traffic", "Share of the predictions that each model version makes."),
        [PanelQuery(share(scope.sum_by(rate, "model_version"), scope.sum_by(rate)), "{{model_version}}")],
        unit="percentunit",
        size=Size(8, 8),
        maximum=1,
        stacked=True,
    )


def side_by_side(scope: Scope) -> grafana.Table:
    return table(
        PanelText(
            "Versions",
            "One row for each model version that predicts now or did in the windows of the columns; the worst feature "
            "stands for drift.",
        ),
        [RowLabel("model_version", "Model version")],
        [
            TableColumn("Predictions", scope.sum_by(scope.rate(PREDICTIONS), "model_version"), "eps"),
            *_optional(scope),
        ],
        sort_by="Model version",
        descending=False,
        size=Size(16, 8),
    )


def _optional(scope: Scope) -> list[TableColumn]:
    """What the monitor's events, reference and labels allow."""
    spec = scope.monitor.spec
    columns = [_invalid(scope)]
    if spec.events.error is not None:
        columns.append(_failed(scope))
    if spec.events.latency_seconds is not None:
        buckets = scope.sum_by(scope.rate(PREDICTION_LATENCY, suffix="_bucket"), "model_version", "le")
        columns.append(TableColumn("p99", quantile(0.99, buckets), "s"))
    if spec.reference is not None:
        value = scope.recorded(names.drift_measure(spec.drift.measure, spec.drift.window[0]))
        columns.append(TableColumn(MEASURES[spec.drift.measure], f"max {_BY_VERSION} ({value})", decimals=3))
    if spec.labels is not None:
        columns.append(_performance(scope))
    if spec.model.trained is not None:
        trained = f"max {_BY_VERSION} ({scope.series(MODEL_TRAINED_TIMESTAMP)})"
        columns.append(TableColumn("Trained", f"{trained} * 1000", "dateTimeFromNow"))
    return columns


def _invalid(scope: Scope) -> TableColumn:
    ratio = scope.recorded(names.records_invalid_ratio(scope.monitor.spec.quality.window), equals("rule", ANY_RULE))
    return TableColumn("Invalid", f"max {_BY_VERSION} ({ratio})", "percentunit", decimals=2)


def _failed(scope: Scope) -> TableColumn:
    predictions = scope.sum_by(scope.rate(PREDICTIONS), "model_version")
    errors = scope.sum_by(scope.rate(PREDICTION_ERRORS), "model_version")
    return TableColumn("Failed", f"({errors} or 0 * {predictions}) / ({predictions} > 0)", "percentunit", decimals=2)


def _performance(scope: Scope) -> TableColumn:
    metric = main_metric(scope.monitor)
    total = [equals("segment", "")] if scope.monitor.spec.segments else []
    value = scope.recorded(names.performance(metric, scope.monitor.spec.performance.window), *total)
    worst = "max" if metric in LOWER_IS_BETTER else "min"
    return TableColumn(TITLES[metric], f"{worst} {_BY_VERSION} ({value})", unit_of(metric), decimals=3)
