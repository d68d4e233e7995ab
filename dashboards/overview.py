"""The dashboard of all monitors: which of them need a look, and where to click."""

from __future__ import annotations

from collections.abc import Sequence

from grafanalib import core as grafana

from dashboards.annotation import deployments, firing_alerts, reference_changes
from dashboards.dashboard import DashboardPlan, to_text
from dashboards.layout import PanelRow
from dashboards.link import general_links
from dashboards.mending import Json
from dashboards.panel import HALF, PanelQuery, PanelText, RowLabel, Size, TableColumn, stat, table, time_series
from dashboards.row.exporters_up import exporters_up
from dashboards.row.fleet import fleet_table
from dashboards.scope import FleetScope
from dashboards.threshold import GOOD
from dashboards.variable import fleet_variables
from exporter import catalog
from exporter.monitor.spec import Monitor
from rules import names
from rules.promql import differs, equals, matches

_OURS = (matches("alertname", "Infranaut.+"), differs("alertname", names.WATCHDOG))
_FIRING = f"ALERTS{{{', '.join((equals('alertstate', 'firing'), *_OURS))}}}"
"""But for the one that always fires."""
_SMALL = Size(6, 4)


def overview_dashboard(monitors: Sequence[Monitor]) -> str:
    """The JSON of the overview; recorded names carry a window, so it is written for these monitors."""
    scope = FleetScope(("cluster", "job", "monitor"))
    return to_text(
        DashboardPlan(
            uid=names.OVERVIEW_DASHBOARD,
            title="Infranaut / Overview",
            description="Every model that Infranaut watches: traffic, drift, data quality, performance, alerts.",
            variables=fleet_variables(),
            annotations=fleet_annotations(scope),
            links=general_links(names.OVERVIEW_DASHBOARD),
            sections=[
                PanelRow("Now", [_monitors(scope), _traffic_now(scope), _firing_now(), exporters_up(scope, _SMALL)]),
                PanelRow("Models", [fleet_table(scope, monitors)]),
                PanelRow("Traffic and alerts", [_traffic(scope), _alerts()]),
            ],
        )
    )


def fleet_annotations(scope: FleetScope) -> list[Json]:
    """Alerts of all monitors, versions of all models, and all references."""
    return [
        firing_alerts(_FIRING),
        deployments(scope.series(catalog.PREDICTIONS)),
        reference_changes(scope.series(catalog.REFERENCE_INFO)),
    ]


def _monitors(scope: FleetScope) -> grafana.Stat:
    return stat(
        PanelText("Models", "Monitors that the exporters have loaded."),
        PanelQuery(f"count (count by (monitor) ({scope.series(catalog.MONITOR_INFO)}))"),
        unit="short",
        size=_SMALL,
    )


def _traffic_now(scope: FleetScope) -> grafana.Stat:
    return stat(
        PanelText("Predictions a second", "Predictions of all chosen monitors, failed ones included."),
        PanelQuery(f"sum ({scope.rate(catalog.PREDICTIONS)})"),
        unit="eps",
        size=_SMALL,
    )


def _firing_now() -> grafana.Stat:
    return stat(
        PanelText("Firing alerts", "Alerts of Infranaut that fire now."),
        PanelQuery(f"count ({_FIRING}) or vector(0)"),
        unit="short",
        size=_SMALL,
        steps=(*GOOD, ("red", 1.0)),
    )


def _traffic(scope: FleetScope) -> grafana.TimeSeries:
    return time_series(
        PanelText("Predictions", "Predictions a second by monitor."),
        [PanelQuery(f"sum by (monitor) ({scope.rate(catalog.PREDICTIONS)})", "{{monitor}}")],
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
        PanelText("Alerts", "Alerts of Infranaut that fire now, and for what. Empty is good."),
        [RowLabel(label, title) for label, title in shown.items()],
        [TableColumn("Alerts", f"count by ({', '.join(shown)}) ({_FIRING})", decimals=0)],
        sort_by="Alert",
        descending=False,
        size=HALF,
    )
