"""Whether what was acknowledged reaches the archive: spool, tiers, landing."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, threshold_query, time_series
from dashboards.scope import FleetScope
from dashboards.threshold import bad_below
from exporter import catalog


def section(scope: FleetScope) -> PanelRow:
    """Empty where exporters keep no archive (`--ack none`)."""
    return PanelRow(
        "Spool and tiers",
        [_spool(scope), _spool_lag(scope), _tiers(scope), _rows(scope), _landing(scope), _aside(scope)],
    )


def _spool(scope: FleetScope) -> grafana.TimeSeries:
    return time_series(
        PanelText("Spool", "Size of each exporter's spool; at the line senders are told to wait (503)."),
        [
            PanelQuery(f"max by (instance) ({scope.series(catalog.SPOOL_SIZE)})", "{{instance}}"),
            threshold_query(f"min ({scope.series(catalog.SPOOL_LIMIT)})"),
        ],
        unit="bytes",
    )


def _spool_lag(scope: FleetScope) -> grafana.TimeSeries:
    return time_series(
        PanelText("Spool lag", "How long the oldest entry has waited for the warm tier, by exporter."),
        [PanelQuery(f"max by (instance) ({scope.series(catalog.SPOOL_LAG)})", "{{instance}}")],
        unit="s",
    )


def _tiers(scope: FleetScope) -> grafana.TimeSeries:
    return time_series(
        PanelText("Tiers", "1 where a tier answered every exporter at the last try, 0 where it did not answer one."),
        [PanelQuery(f"min by (tier) ({scope.series(catalog.TIER_UP)})", "{{tier}}")],
        unit="short",
        steps=bad_below(1),
        maximum=1,
    )


def _rows(scope: FleetScope) -> grafana.TimeSeries:
    return time_series(
        PanelText("Rows", "Rows a second that were new to the warm tier, by kind."),
        [PanelQuery(f"sum by (kind) ({scope.rate(catalog.ARCHIVE_ROWS)})", "{{kind}}")],
        unit="rowsps",
        stacked=True,
    )


def _landing(scope: FleetScope) -> grafana.TimeSeries:
    landed = f"max by (instance) ({scope.series(catalog.ARCHIVE_LAST_LANDING_TIMESTAMP)})"
    return time_series(
        PanelText(
            "Last landing",
            "Time since each exporter last landed entries in the warm tier; one that never did is left out.",
        ),
        [PanelQuery(f"time() - ({landed} > 0)", "{{instance}}")],
        unit="s",
    )


def _aside(scope: FleetScope) -> grafana.TimeSeries:
    return time_series(
        PanelText(
            "Set aside", "Entries that could not be landed and were set aside in the state folder, in the time shown."
        ),
        [PanelQuery(f"sum by (instance) ({scope.increase(catalog.ARCHIVE_QUARANTINED)})", "{{instance}}")],
        unit="short",
    )
