"""The exporter itself: is it up, does it keep up, is its budget of series enough, did the last reload work."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, stat, threshold_query, time_series
from dashboards.scope import Scope, quantile
from dashboards.threshold import NEUTRAL, Steps, bad_below
from exporter import catalog
from exporter.monitor.spec import FreshnessSlo, Monitor

_YES_OR_NO = bad_below(1)


def section(monitor: Monitor) -> PanelRow:
    """The last row, closed: its queries run when it is opened."""
    scope = Scope(monitor)
    panels = [_up(), _reload(scope), _reload_age(scope), _dropped(scope)]
    if monitor.spec.sources:
        panels.append(_collectors(scope))
    panels += [_records(scope), _lag(scope), _series(scope)]
    return PanelRow("Exporter", panels, collapsed=True)


def _up() -> grafana.Stat:
    return stat(
        PanelText("Exporters up", "Share of the exporters of the chosen jobs that Prometheus can scrape."),
        PanelQuery('avg (up{job=~"$job"})'),
        unit="percentunit",
        steps=_YES_OR_NO,
    )


def _reload(scope: Scope) -> grafana.Stat:
    return stat(
        PanelText("Last reload", "1 when every exporter took the monitors at its last load; 0 when one kept old ones."),
        PanelQuery(f"min ({scope.series(catalog.CONFIG_LAST_RELOAD_SUCCESSFUL)})"),
        unit="bool_yes_no",
        steps=_YES_OR_NO,
    )


def _reload_age(scope: Scope) -> grafana.Stat:
    return stat(
        PanelText("Age of the monitors", "Time since the monitors were last loaded."),
        PanelQuery(f"time() - min ({scope.series(catalog.CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP)})"),
        unit="s",
    )


def _dropped(scope: Scope) -> grafana.Stat:
    dropped = scope.series(catalog.SERIES_DROPPED)
    return stat(
        PanelText(
            "Over the budget of series",
            "Records counted under __other__ in the time shown, because the monitor's budget of series was spent.",
        ),
        PanelQuery(f"sum (increase({dropped}[$__range])) or vector(0)"),
        unit="short",
        steps=(("green", 0.0), ("red", 1.0)),
    )


def _collectors(scope: Scope) -> grafana.Stat:
    return stat(
        PanelText("Sources", "1 when the last poll of every source succeeded."),
        PanelQuery(f"min ({scope.series(catalog.COLLECTOR_SUCCESS)})"),
        unit="bool_yes_no",
        steps=_YES_OR_NO,
    )


def _records(scope: Scope) -> grafana.TimeSeries:
    return time_series(
        PanelText("Records", "Records a second by source, accepted and rejected."),
        [
            PanelQuery(scope.sum_by(scope.rate(catalog.INGEST_RECORDS), "source"), "{{source}} accepted"),
            PanelQuery(scope.sum_by(scope.rate(catalog.INGEST_RECORDS_FAILED), "source"), "{{source}} rejected"),
        ],
        unit="recps",
    )


def _lag(scope: Scope) -> grafana.TimeSeries:
    buckets = scope.sum_by(scope.rate(catalog.INGEST_LAG, suffix="_bucket"), "le")
    return time_series(
        PanelText("Lag", "From a prediction's timestamp to its arrival at the exporter."),
        [PanelQuery(quantile(level, buckets), f"p{level * 100:g}") for level in (0.5, 0.9, 0.99)],
        unit="s",
        steps=_lag_steps(scope.monitor),
    )


def _series(scope: Scope) -> grafana.TimeSeries:
    return time_series(
        PanelText("Series", "Series that the monitor exposes, and how many it may (spec.limits.series)."),
        [
            PanelQuery(f"max ({scope.series(catalog.SERIES)})", "series"),
            threshold_query(f"min ({scope.series(catalog.SERIES_LIMIT)})"),
        ],
        unit="short",
    )


def _lag_steps(monitor: Monitor) -> Steps:
    limits_s = [slo.events_younger_than.seconds for slo in monitor.spec.slos if isinstance(slo, FreshnessSlo)]
    return (("green", 0.0), ("red", min(limits_s))) if limits_s else NEUTRAL
