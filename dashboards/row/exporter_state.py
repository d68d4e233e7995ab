"""Whether the exporters are up, run the same monitors, and took the last reload."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, Size, stat
from dashboards.row.exporters_up import exporters_up
from dashboards.scope import FleetScope
from dashboards.table import RowLabel, TableColumn, table
from dashboards.threshold import GOOD, bad_above, bad_below
from exporter import catalog

_YES_OR_NO = bad_below(1)


def section(scope: FleetScope) -> PanelRow:
    """What a person on call looks at first, and one row for each exporter."""
    sets = f'count_values by (cluster, job) ("hash", {scope.series(catalog.CONFIG_HASH)})'
    figures = [
        exporters_up(scope),
        stat(
            PanelText(
                "Last reload", "Yes when every exporter took the monitors at its last load; no when one kept old ones."
            ),
            PanelQuery(f"min ({scope.series(catalog.CONFIG_LAST_RELOAD_SUCCESSFUL)})"),
            unit="bool_yes_no",
            steps=_YES_OR_NO,
        ),
        stat(
            PanelText("Sources", "Yes when the last poll of every source succeeded, and where there is none."),
            PanelQuery(f"min ({scope.series(catalog.COLLECTOR_SUCCESS)}) or vector(1)"),
            unit="bool_yes_no",
            steps=_YES_OR_NO,
        ),
        stat(
            PanelText(
                "Sets of monitors",
                "How many different sets of monitors run in one job; more than one: a roll-out is unfinished.",
            ),
            PanelQuery(f"max (count by (cluster, job) ({sets}))"),
            unit="short",
            steps=bad_above(2, warn=2),
        ),
    ]
    return PanelRow("Now", [*figures, _table(scope)])


def _table(scope: FleetScope) -> grafana.Table:
    own = "max by (cluster, job, instance)"
    versions = f"max by (cluster, job, instance, version) ({scope.series(catalog.BUILD_INFO)})"
    age = f"time() - {own} ({scope.series(catalog.CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP)})"
    return table(
        PanelText(
            "Exporters", "One row for each exporter that answers: its version, and the age and state of its monitors."
        ),
        [
            RowLabel("instance", "Exporter"),
            RowLabel("cluster", "Cluster"),
            RowLabel("job", "Job"),
            RowLabel("version", "Version"),
        ],
        [
            TableColumn("Answers", versions, "bool_yes_no"),
            TableColumn("Age of its monitors", age, "s", decimals=0),
            TableColumn(
                "Last reload",
                f"{own} ({scope.series(catalog.CONFIG_LAST_RELOAD_SUCCESSFUL)})",
                "bool_yes_no",
                steps=_YES_OR_NO,
                cell="color-text",
            ),
            TableColumn(
                "Series", f"sum by (cluster, job, instance) ({scope.series(catalog.SERIES)})", decimals=0, steps=GOOD
            ),
        ],
        sort_by="Exporter",
        descending=False,
        size=Size(24, 6),
    )
