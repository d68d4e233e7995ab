"""Which of the scraped targets are exporters of Infranaut, and whether they are up."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.panel import PanelQuery, PanelText, stat
from dashboards.scope import FleetScope
from dashboards.threshold import bad_below
from exporter.catalog import BUILD_INFO

_SEEN_WITHIN = "[1d]"


def exporters_up(scope: FleetScope) -> grafana.Stat:
    """With all jobs chosen, only those count that held an exporter within a day."""
    return stat(
        PanelText("Exporters up", "Share of the exporters of the chosen jobs that Prometheus can scrape."),
        PanelQuery(f"avg ({of_exporters(scope, 'up')})"),
        unit="percentunit",
        steps=bad_below(1),
    )


def of_exporters(scope: FleetScope, series: str) -> str:
    """A series that every target has, of those jobs only in which an exporter was seen."""
    seen = f"max_over_time({scope.series(BUILD_INFO)}{_SEEN_WITHIN})"
    return f"{scope.select(series, ())} and on (cluster, job) {seen}"
