"""Whether what was acknowledged reaches the archive: spool, tiers, landing."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, lines, threshold_query, time_series
from dashboards.scope import FleetScope
from dashboards.threshold import bad_below
from exporter import catalog


def section(scope: FleetScope) -> PanelRow:
    """Empty where exporters keep no archive (`--ack none`)."""
    return PanelRow("Spool and tiers", [*_spool(scope), *_tiers(scope)])


def _spool(scope: FleetScope) -> list[grafana.TimeSeries]:
    size = lines("max", scope.series(catalog.SPOOL_SIZE), "instance")
    return [
        time_series(
            PanelText("Spool", "Size of each exporter's spool; at the line senders are told to wait (503)."),
            [size, threshold_query(f"min ({scope.series(catalog.SPOOL_LIMIT)})")],
            unit="bytes",
        ),
        time_series(
            PanelText("Spool lag", "How long the oldest entry has waited for the warm tier, by exporter."),
            [lines("max", scope.series(catalog.SPOOL_LAG), "instance")],
            unit="s",
        ),
    ]


def _tiers(scope: FleetScope) -> list[grafana.TimeSeries]:
    landed = f"max by (instance) ({scope.series(catalog.ARCHIVE_LAST_LANDING_TIMESTAMP)})"
    return [
        time_series(
            PanelText("Tiers", "1 where a tier answered every exporter at the last try, 0 where it did not."),
            [lines("min", scope.series(catalog.TIER_UP), "tier")],
            unit="short",
            steps=bad_below(1),
            maximum=1,
        ),
        time_series(
            PanelText("Rows", "Rows a second that were new to the warm tier, by kind."),
            [lines("sum", scope.rate(catalog.ARCHIVE_ROWS), "kind")],
            unit="rowsps",
            stacked=True,
        ),
        time_series(
            PanelText("Last landing", "Time since each exporter last landed entries in the warm tier, if it ever did."),
            [PanelQuery(f"time() - ({landed} > 0)", "{{instance}}")],
            unit="s",
        ),
        time_series(
            PanelText("Set aside", "Entries that could not be landed and were set aside, in the time shown."),
            [lines("sum", scope.increase(catalog.ARCHIVE_QUARANTINED), "instance")],
            unit="short",
        ),
    ]
