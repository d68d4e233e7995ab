"""The dashboard of all monitors: which of them need a look, and where to click."""

from __future__ import annotations

from collections.abc import Sequence

from grafanalib import core as grafana

from dashboards.frame import FIRING, fleet_dashboard
from dashboards.layout import PanelRow
from dashboards.panel import FULL_WIDTH, PanelQuery, PanelText, Size, lines, stat, time_series
from dashboards.row.exporters_up import exporters_up
from dashboards.row.fleet import fleet_table
from dashboards.scope import FleetScope
from dashboards.table import RowLabel, TableColumn, table
from dashboards.threshold import NONE_IS_GOOD
from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names

_SCOPE = FleetScope(("cluster", "job", "monitor"))
_BROAD = Size(FULL_WIDTH, 8)
_NAME = 250


def overview_dashboard(monitors: Sequence[Monitor]) -> str:
    """The JSON of the overview; recorded names carry a window, so it is written for these monitors."""
    return fleet_dashboard(
        names.OVERVIEW_DASHBOARD,
        "Overview",
        "Every model that Infranaut watches: traffic, drift, data quality, performance, alerts.",
        [
            PanelRow("Now", _now()),
            PanelRow("Models", [fleet_table(_SCOPE, monitors)]),
            PanelRow("Alerts and traffic", [_alerts(), _traffic()]),
        ],
    )


def _now() -> list[grafana.Stat]:
    return [
        stat(
            PanelText("Models", "Monitors that the exporters have loaded."),
            PanelQuery(f"count (count by (monitor) ({_SCOPE.series(catalog.MONITOR_INFO)}))"),
            unit="short",
        ),
        stat(
            PanelText("Predictions a second", "Predictions of all chosen monitors, failed ones included."),
            PanelQuery(f"sum ({_SCOPE.rate(catalog.PREDICTIONS)})"),
            unit="eps",
        ),
        stat(
            PanelText("Firing alerts", "Alerts of Infranaut that fire now."),
            PanelQuery(f"count ({FIRING}) or vector(0)"),
            unit="short",
            steps=NONE_IS_GOOD,
        ),
        exporters_up(_SCOPE),
    ]


def _traffic() -> grafana.TimeSeries:
    return time_series(
        PanelText("Predictions", "Predictions a second by monitor."),
        [lines("sum", _SCOPE.rate(catalog.PREDICTIONS), "monitor")],
        unit="eps",
        size=_BROAD,
        stacked=True,
    )


def _alerts() -> grafana.Table:
    """An alert's name and a monitor's may be long."""
    labels = [
        RowLabel("alertname", "Alert", width=_NAME),
        RowLabel("monitor", "Monitor", width=_NAME),
        RowLabel("model_version", "Model version"),
        RowLabel("feature", "Feature"),
        RowLabel("metric", "Metric"),
        RowLabel("severity", "Severity"),
    ]
    shown = ", ".join(label.label for label in labels)
    return table(
        PanelText("Alerts", "Alerts of Infranaut that fire now, and for what. Empty is good."),
        labels,
        [TableColumn("Alerts", f"count by ({shown}) ({FIRING})", decimals=0)],
        sort_by="Alert",
        descending=False,
        size=_BROAD,
    )
