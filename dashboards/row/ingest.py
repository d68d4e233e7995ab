"""What comes in, how late, how much waits, and what is set aside."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, Size, lines, time_series
from dashboards.scope import FleetScope, quantile
from dashboards.table import RowLabel, TableColumn, table
from dashboards.threshold import bad_above
from exporter import catalog

_BROAD = Size(12, 8)


def section(scope: FleetScope) -> PanelRow:
    """Accepted records, by monitor."""
    late = f"sum by (monitor, le) ({scope.rate(catalog.INGEST_LAG, suffix='_bucket')})"
    panels = [
        time_series(
            PanelText("Records", "Predictions and labels accepted a second, by monitor and source."),
            [lines("sum", scope.rate(catalog.INGEST_RECORDS), "monitor", "source")],
            unit="recps",
            stacked=True,
        ),
        time_series(
            PanelText("Lag", "From a prediction's timestamp to its arrival at the exporter: 99 of 100 are younger."),
            [PanelQuery(quantile(0.99, late), "{{monitor}} p99")],
            unit="s",
        ),
        time_series(
            PanelText(
                "Queue", "Records accepted and not yet counted, by monitor; growing means that counting is too slow."
            ),
            [lines("sum", scope.series(catalog.INGEST_QUEUE), "monitor")],
            unit="short",
        ),
        time_series(
            PanelText("Polls", "How long the last poll of each source took."),
            [lines("max", scope.series(catalog.COLLECTOR_DURATION), "collector", "instance")],
            unit="s",
            size=_BROAD,
        ),
        _series(scope),
    ]
    return PanelRow("Ingest", panels)


def dead_letters(scope: FleetScope) -> PanelRow:
    """Rejected records, which are kept as dead letters, and what was left uncounted."""
    failed = f"sum by (monitor) ({scope.rate(catalog.INGEST_RECORDS_FAILED)})"
    accepted = f"sum by (monitor) ({scope.rate(catalog.INGEST_RECORDS)})"
    by_reason = f"sum by (monitor, source, reason) ({scope.increase(catalog.INGEST_RECORDS_FAILED)})"
    panels = [
        time_series(
            PanelText("Rejected", "Share of the records that were rejected and kept as dead letters, by monitor."),
            [PanelQuery(f"{failed} / ({failed} + {accepted} > 0)", "{{monitor}}")],
            unit="percentunit",
            size=_BROAD,
            steps=bad_above(0.01),
        ),
        table(
            PanelText(
                "Rejected by reason", "Records rejected in the time shown, and why; `infranaut` keeps them to look at."
            ),
            [RowLabel("monitor", "Monitor"), RowLabel("source", "Source"), RowLabel("reason", "Reason")],
            [TableColumn("Records", by_reason, decimals=0)],
            sort_by="Records",
            size=_BROAD,
        ),
    ]
    return PanelRow("Dead letters", panels)


def _series(scope: FleetScope) -> grafana.Table:
    used, limit = (f"max by (monitor) ({scope.series(metric)})" for metric in (catalog.SERIES, catalog.SERIES_LIMIT))
    dropped = f"sum by (monitor) ({scope.increase(catalog.SERIES_DROPPED)})"
    return table(
        PanelText(
            "Budget of series",
            "Series that each monitor exposes, as a share of what it may (spec.limits.series), and the records counted "
            "under __other__ in the time shown because that was spent.",
        ),
        [RowLabel("monitor", "Monitor")],
        [
            TableColumn("Series", used, decimals=0),
            TableColumn("Used", f"{used} / {limit}", "percentunit", 0, bad_above(1, warn=0.8), "gauge"),
            TableColumn("Over it", f"{dropped} or 0 * {used}", decimals=0),
        ],
        sort_by="Used",
        size=_BROAD,
    )
