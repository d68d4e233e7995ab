"""The dashboard of all monitors: which of them need a look, and where to click."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from grafanalib import core as grafana

from dashboards.dashboard import DashboardPlan, to_text
from dashboards.layout import PanelRow
from dashboards.mending import Json
from dashboards.panel import (
    FULL_WIDTH,
    HALF,
    PanelQuery,
    PanelText,
    RowLabel,
    Size,
    TableColumn,
    stat,
    table,
    time_series,
)
from dashboards.row.performance import LOWER_IS_BETTER, TITLES, unit_of
from dashboards.scope import RATE
from dashboards.threshold import GOOD, NEUTRAL, bad_above, bad_below
from dashboards.variable import datasource, label_values
from exporter import catalog
from exporter.monitor.spec import Monitor, PerformanceMetric, Task
from rules import names
from rules.promql import equals, literal, matches

_CHOSEN = f"{matches('job', '$job')}, {matches('monitor', '$monitor')}"
_BY_MONITOR = "by (job, monitor)"
_FIRING = f"ALERTS{{{equals('alertstate', 'firing')}, {matches('alertname', 'Infranaut.+')}}}"
_USUAL_METRIC: dict[Task, PerformanceMetric] = {"binary": "auc", "multiclass": "f1", "regression": "mae"}
_DASHBOARD = "dashboard"


def overview_dashboard(monitors: Sequence[Monitor]) -> str:
    """The JSON of the overview; recorded names carry a window, so it is written for these monitors."""
    return to_text(
        DashboardPlan(
            uid=names.OVERVIEW_DASHBOARD,
            title="Infranaut / Overview",
            description="Every model that Infranaut watches: traffic, drift, data quality, performance, alerts.",
            variables=_variables(),
            firing=_FIRING,
            sections=[
                PanelRow("Now", [_monitors(), _traffic_now(), _firing_now(), _exporters()]),
                PanelRow("Monitors", [_table(monitors)]),
                PanelRow("Traffic and alerts", [_traffic(), _alerts()]),
            ],
        )
    )


def _variables() -> list[Json]:
    info = catalog.MONITOR_INFO.name
    return [
        datasource(),
        label_values("job", "Job", info, "job"),
        label_values("monitor", "Monitor", f"{info}{{{matches('job', '$job')}}}", "monitor"),
    ]


def _monitors() -> grafana.Stat:
    return stat(
        PanelText("Monitors", "Monitors that the exporters have loaded."),
        PanelQuery(f"count (count by (monitor) ({_series(catalog.MONITOR_INFO)}))"),
        unit="short",
        size=Size(6, 4),
    )


def _traffic_now() -> grafana.Stat:
    return stat(
        PanelText("Predictions a second", "Predictions of all chosen monitors, failed ones included."),
        PanelQuery(f"sum (rate({_series(catalog.PREDICTIONS)}[{RATE}]))"),
        unit="eps",
        size=Size(6, 4),
    )


def _firing_now() -> grafana.Stat:
    return stat(
        PanelText("Firing alerts", "Alerts of Infranaut that fire now."),
        PanelQuery(f"count ({_FIRING}) or vector(0)"),
        unit="short",
        size=Size(6, 4),
        steps=(*GOOD, ("red", 1.0)),
    )


def _exporters() -> grafana.Stat:
    return stat(
        PanelText("Exporters up", "Share of the exporters of the chosen jobs that Prometheus can scrape."),
        PanelQuery(f"avg (up{{{matches('job', '$job')}}})"),
        unit="percentunit",
        size=Size(6, 4),
        steps=bad_below(1),
    )


def _table(monitors: Sequence[Monitor]) -> grafana.Table:
    optional = [_drift(monitors), _invalid(monitors), *_performance(monitors)]
    link = "/d/${__data.fields." + _DASHBOARD + "}?${__url_time_range}&${datasource:queryparam}&${job:queryparam}"
    return table(
        PanelText(
            "Monitors",
            "One row a monitor; a click on a header sorts, a click on a name opens its dashboard at this time. Drift "
            "is that of the worst feature as a share of the monitor's threshold: 100 % is drifted.",
        ),
        [
            RowLabel("monitor", "Monitor", ("Open the dashboard", link)),
            RowLabel("job", "Job"),
            RowLabel(_DASHBOARD, _DASHBOARD, hidden=True),
        ],
        [
            TableColumn("Predictions", _with_dashboard(_rate(), monitors), "eps"),
            TableColumn("Newest", _age(), "s", decimals=0),
            *(column for column in optional if column),
            TableColumn("Firing", _firing_by_monitor(), steps=(*GOOD, ("red", 1.0)), cell="color-background"),
        ],
        sort_by="Monitor",
        descending=False,
        size=Size(FULL_WIDTH, 12),
    )


def _rate() -> str:
    return f"sum {_BY_MONITOR} (rate({_series(catalog.PREDICTIONS)}[{RATE}]))"


def _age() -> str:
    return f"time() - max {_BY_MONITOR} ({_series(catalog.LAST_PREDICTION_TIMESTAMP)})"


def _firing_by_monitor() -> str:
    alerts = f"ALERTS{{{equals('alertstate', 'firing')}, {_CHOSEN}}}"
    return f"count {_BY_MONITOR} ({alerts}) or 0 * max {_BY_MONITOR} ({_series(catalog.MONITOR_INFO)})"


def _drift(monitors: Sequence[Monitor]) -> TableColumn | None:
    def relative(monitor: Monitor) -> str:
        drift = monitor.spec.drift
        value = _recorded(names.drift_measure(drift.measure, drift.window[0]), monitor)
        limit = _series(catalog.MONITOR_THRESHOLD, equals("check", f"drift_{drift.measure}"))
        return f"max {_BY_MONITOR} ({value}) / max {_BY_MONITOR} ({limit})"

    parts = _each((monitor for monitor in monitors if monitor.spec.reference), relative)
    return TableColumn("Drift", parts, "percentunit", 0, bad_above(1), "color-background") if parts else None


def _invalid(monitors: Sequence[Monitor]) -> TableColumn | None:
    def worst(monitor: Monitor) -> str:
        name = names.records_invalid_ratio(monitor.spec.quality.window)
        return f"max {_BY_MONITOR} ({_recorded(name, monitor, equals('rule', catalog.ANY_RULE))})"

    limits = [monitor.spec.quality.maximum_invalid_ratio for monitor in monitors]
    parts = _each(monitors, worst)
    return TableColumn("Invalid", parts, "percentunit", 2, bad_above(min(limits)), "color-text") if parts else None


def _performance(monitors: Sequence[Monitor]) -> list[TableColumn]:
    """A column for each metric that is the main one of some monitor: that of its first objective, or its task's."""
    columns = []
    for metric in TITLES:
        chosen = [monitor for monitor in monitors if monitor.spec.labels and _main_metric(monitor) == metric]

        def worst(monitor: Monitor, metric: PerformanceMetric = metric) -> str:
            name = names.performance(metric, monitor.spec.performance.window)
            worst_of = "max" if metric in LOWER_IS_BETTER else "min"
            return f"{worst_of} {_BY_MONITOR} ({_recorded(name, monitor, equals('segment', ''))})"

        if expr := _each(chosen, worst):
            columns.append(TableColumn(TITLES[metric], expr, unit_of(metric), 3, NEUTRAL))
    return columns


def _main_metric(monitor: Monitor) -> PerformanceMetric:
    objectives = monitor.spec.performance.objectives
    return objectives[0].metric if objectives else _USUAL_METRIC[monitor.spec.model.task]


def _traffic() -> grafana.TimeSeries:
    return time_series(
        PanelText("Predictions", "Predictions a second by monitor."),
        [PanelQuery(f"sum by (monitor) (rate({_series(catalog.PREDICTIONS)}[{RATE}]))", "{{monitor}}")],
        unit="eps",
        size=HALF,
        stacked=True,
    )


def _alerts() -> grafana.Table:
    shown = {
        "alertname": "Alert",
        "monitor": "Monitor",
        "model_version": "Model version",
        "feature": "Feature",
        "metric": "Metric",
        "severity": "Severity",
    }
    return table(
        PanelText("Firing alerts", "Alerts of Infranaut that fire now, and for what. Empty is good."),
        [RowLabel(label, title) for label, title in shown.items()],
        [TableColumn("Alerts", f"count by ({', '.join(shown)}) ({_FIRING})", decimals=0)],
        sort_by="Alert",
        descending=False,
        size=HALF,
    )


def _each(monitors: Iterable[Monitor], expr: Callable[[Monitor], str]) -> str:
    """The expressions of several monitors side by side, each one once."""
    return " or ".join(dict.fromkeys(expr(monitor) for monitor in monitors))


def _recorded(name: str, monitor: Monitor, *matchers: str) -> str:
    chosen = [_CHOSEN, equals("monitor", monitor.name), *matchers]
    return f"{name}{{{', '.join(chosen)}}}"


def _series(metric: catalog.Metric, *matchers: str) -> str:
    return f"{metric.name}{{{', '.join([_CHOSEN, *matchers])}}}"


def _with_dashboard(expr: str, monitors: Sequence[Monitor]) -> str:
    """The same values, with the uid of the monitor's dashboard as a label, which the links read."""
    for monitor in monitors:
        uid, name = literal(names.model_dashboard(monitor.name)), literal(monitor.name)
        expr = f'label_replace({expr}, "{_DASHBOARD}", {uid}, "monitor", {name})'
    return expr
