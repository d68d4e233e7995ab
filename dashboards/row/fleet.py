"""Every model a row: a table that a person can sort, whose cells lead to what they sum up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from grafanalib import core as grafana

from dashboards.link import CHOSEN
from dashboards.metrics import LOWER_IS_BETTER, TITLES, main_metric, unit_of
from dashboards.panel import FULL_WIDTH, PanelText, Size
from dashboards.row.objectives import BUDGET_STEPS
from dashboards.scope import FleetScope, quantile
from dashboards.table import RowLabel, TableColumn, table
from dashboards.threshold import NEUTRAL, NONE_IS_GOOD, bad_above
from exporter import catalog
from exporter.monitor.promql_literal import literal
from exporter.monitor.spec import Monitor, PerformanceMetric
from rules import names
from rules.promql import equals

_BY_MODEL = "by (cluster, job, monitor)"
_MODEL, _FEATURE = "model_dashboard", "feature_dashboard"
"""Labels with the uid of a dashboard of the row's monitor, which the links read."""


def fleet_table(scope: FleetScope, monitors: Sequence[Monitor]) -> grafana.Table:
    """Columns that no monitor has anything for are left out."""
    return table(
        PanelText(
            "Models",
            "A click on a header sorts, on a name opens the model at this time, on its drift the features. Drift is "
            "that of the worst feature as a share of the monitor's threshold: 100 % is drifted.",
        ),
        [
            RowLabel("monitor", "Model", ("Open the model", _address(_MODEL))),
            RowLabel("cluster", "Cluster"),
            RowLabel("job", "Job"),
            RowLabel(_MODEL, _MODEL, hidden=True),
            RowLabel(_FEATURE, _FEATURE, hidden=True),
        ],
        [column for column in _columns(scope, monitors) if column],
        sort_by="Model",
        descending=False,
        size=Size(FULL_WIDTH, 12),
    )


def _columns(scope: FleetScope, monitors: Sequence[Monitor]) -> list[TableColumn | None]:
    """Traffic, drift, quality, performance, error budget, alerts."""
    rate = f"sum {_BY_MODEL} ({scope.rate(catalog.PREDICTIONS)})"
    age = f"time() - max {_BY_MODEL} ({scope.series(catalog.LAST_PREDICTION_TIMESTAMP)})"
    return [
        TableColumn("Predictions", _with_dashboards(rate, monitors), "eps"),
        TableColumn("Newest", age, "s", decimals=0),
        _failed(scope, monitors, rate),
        _latency(scope, monitors),
        _drift(scope, monitors),
        _invalid(scope, monitors),
        *_performance(scope, monitors),
        _budget(scope, monitors),
        _firing(scope),
    ]


def _failed(scope: FleetScope, monitors: Sequence[Monitor], rate: str) -> TableColumn | None:
    if not any(monitor.spec.events.error for monitor in monitors):
        return None
    errors = f"sum {_BY_MODEL} ({scope.rate(catalog.PREDICTION_ERRORS)})"
    return TableColumn("Failed", f"({errors} or 0 * {rate}) / ({rate} > 0)", "percentunit", 2)


def _latency(scope: FleetScope, monitors: Sequence[Monitor]) -> TableColumn | None:
    if not any(monitor.spec.events.latency_seconds for monitor in monitors):
        return None
    buckets = scope.rate(catalog.PREDICTION_LATENCY, suffix="_bucket")
    return TableColumn("p99", quantile(0.99, f"sum by (cluster, job, monitor, le) ({buckets})"), "s")


def _drift(scope: FleetScope, monitors: Sequence[Monitor]) -> TableColumn | None:
    def relative(monitor: Monitor) -> str:
        drift = monitor.spec.drift
        value = _recorded(scope, names.drift_measure(drift.measure, drift.window[0]), monitor)
        limit = scope.series(catalog.MONITOR_THRESHOLD, equals("check", f"drift_{drift.measure}"))
        return f"max {_BY_MODEL} ({value}) / max {_BY_MODEL} ({limit})"

    parts = _each((monitor for monitor in monitors if monitor.spec.reference), relative)
    link = ("Open the features", _address(_FEATURE))
    return TableColumn("Drift", parts, "percentunit", 0, bad_above(1), "color-background", link) if parts else None


def _invalid(scope: FleetScope, monitors: Sequence[Monitor]) -> TableColumn | None:
    def worst(monitor: Monitor) -> str:
        name = names.records_invalid_ratio(monitor.spec.quality.window)
        return f"max {_BY_MODEL} ({_recorded(scope, name, monitor, equals('rule', catalog.ANY_RULE))})"

    limits = [monitor.spec.quality.maximum_invalid_ratio for monitor in monitors]
    parts = _each(monitors, worst)
    return TableColumn("Invalid", parts, "percentunit", 2, bad_above(min(limits)), "color-text") if parts else None


def _performance(scope: FleetScope, monitors: Sequence[Monitor]) -> list[TableColumn]:
    """A column for each metric that is the main one of some monitor."""
    columns = []
    for metric in TITLES:
        chosen = [monitor for monitor in monitors if monitor.spec.labels and main_metric(monitor) == metric]

        def worst(monitor: Monitor, metric: PerformanceMetric = metric) -> str:
            name = names.performance(metric, monitor.spec.performance.window)
            worst_of = "max" if metric in LOWER_IS_BETTER else "min"
            return f"{worst_of} {_BY_MODEL} ({_recorded(scope, name, monitor, equals('segment', ''))})"

        if expr := _each(chosen, worst):
            columns.append(TableColumn(TITLES[metric], expr, unit_of(metric), 3, NEUTRAL))
    return columns


def _budget(scope: FleetScope, monitors: Sequence[Monitor]) -> TableColumn | None:
    """Of the objective that has the least left."""
    if not any(monitor.spec.slos for monitor in monitors):
        return None
    least = f"min {_BY_MODEL} ({scope.recorded(names.slo_budget_remaining())})"
    link = ("Open the objectives", f"/d/{names.SLO_DASHBOARD}?{CHOSEN}&var-monitor=${{__data.fields.Model}}")
    return TableColumn("Budget", least, "percentunit", 0, BUDGET_STEPS, "color-text", link)


def _firing(scope: FleetScope) -> TableColumn:
    alerts = scope.select("ALERTS", ("monitor",), equals("alertstate", "firing"))
    none = f"0 * max {_BY_MODEL} ({scope.series(catalog.MONITOR_INFO)})"
    expr = f"count {_BY_MODEL} ({alerts}) or {none}"
    return TableColumn("Firing", expr, steps=NONE_IS_GOOD, cell="color-background")


def _each(monitors: Iterable[Monitor], expr: Callable[[Monitor], str]) -> str:
    """The expressions of several monitors side by side, each one once."""
    return " or ".join(dict.fromkeys(expr(monitor) for monitor in monitors))


def _recorded(scope: FleetScope, name: str, monitor: Monitor, *matchers: str) -> str:
    return scope.recorded(name, equals("monitor", monitor.name), *matchers)


def _with_dashboards(expr: str, monitors: Sequence[Monitor]) -> str:
    """The same values, with the uids of the monitor's dashboards as labels."""
    for monitor in monitors:
        uids = {_MODEL: names.model_dashboard(monitor.name), _FEATURE: names.feature_dashboard(monitor.name)}
        for label, uid in uids.items():
            expr = f'label_replace({expr}, "{label}", {literal(uid)}, "monitor", {literal(monitor.name)})'
    return expr


def _address(label: str) -> str:
    return f"/d/${{__data.fields.{label}}}?{CHOSEN}"
