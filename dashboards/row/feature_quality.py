"""What is missing and what is invalid in the feature that is chosen on top."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import THIRD, PanelText, lines, threshold_query, time_series
from dashboards.row.feature_drift import CHOSEN
from dashboards.row.quality import missing_usually
from dashboards.scope import Scope
from dashboards.table import RowLabel, TableColumn, table
from exporter.catalog import FEATURE_VIOLATIONS
from exporter.monitor.spec import Monitor
from rules import names


def section(monitor: Monitor) -> PanelRow:
    """Needs no reference."""
    scope = Scope(monitor)
    return PanelRow("Missing and invalid", [_missing(scope), _invalid(scope), _violations(scope)])


def _missing(scope: Scope) -> grafana.TimeSeries:
    """The line is as far above the share in the reference as it may be."""
    quality = scope.monitor.spec.quality
    allowed = scope.threshold("missing_increase")
    limit = allowed if scope.monitor.spec.reference is None else f"max ({missing_usually(scope, CHOSEN)}) + {allowed}"
    return time_series(
        PanelText(
            "Missing values",
            f"Share of the feature's values of the last {quality.window} that were missing. Above the line "
            f"{names.MISSING_VALUES} fires, if that is significant and rests on enough rows.",
        ),
        [
            lines("max", scope.recorded(names.missing_ratio(quality.window), CHOSEN), "model_version"),
            threshold_query(limit),
        ],
        unit="percentunit",
    )


def _invalid(scope: Scope) -> grafana.TimeSeries:
    window = scope.monitor.spec.quality.window
    return time_series(
        PanelText("Invalid values", f"Share of the feature's values of the last {window} that broke a rule of it."),
        [lines("max", scope.recorded(names.invalid_ratio(window), CHOSEN), "model_version")],
        unit="percentunit",
    )


def _violations(scope: Scope) -> grafana.Table:
    values = f"increase({scope.series(FEATURE_VIOLATIONS, CHOSEN)}[$__range])"
    return table(
        PanelText(
            "Broken rules", "How often the feature broke each of its rules in the time shown. The prediction has none."
        ),
        [RowLabel("rule", "Rule"), RowLabel("model_version", "Model version")],
        [TableColumn("Values", scope.sum_by(values, "rule", "model_version"), decimals=0)],
        sort_by="Values",
        size=THIRD,
    )
