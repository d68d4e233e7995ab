"""What is missing and what is invalid in the feature that is chosen on top."""

from __future__ import annotations

from collections.abc import Callable

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, RowLabel, Size, TableColumn, table, time_series
from dashboards.row.feature_drift import CHOSEN
from dashboards.scope import Scope
from exporter.catalog import FEATURE_VIOLATIONS
from exporter.monitor.spec import Monitor
from rules import names

_THIRD = Size(8, 8)


def section(monitor: Monitor) -> PanelRow:
    """Needs no reference."""
    scope = Scope(monitor)
    return PanelRow("Missing and invalid", [_missing(scope), _invalid(scope), _violations(scope)])


def _missing(scope: Scope) -> grafana.TimeSeries:
    return _ratio(scope, "Missing values", "were missing", names.missing_ratio)


def _invalid(scope: Scope) -> grafana.TimeSeries:
    return _ratio(scope, "Invalid values", "broke a rule of the feature", names.invalid_ratio)


def _ratio(scope: Scope, title: str, what: str, name: Callable[[str], str]) -> grafana.TimeSeries:
    window = scope.monitor.spec.quality.window
    value = scope.recorded(name(window), CHOSEN)
    return time_series(
        PanelText(title, f"Share of the feature's values of the last {window} that {what}."),
        [PanelQuery(f"max by (model_version) ({value})", "{{model_version}}")],
        unit="percentunit",
        size=_THIRD,
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
        size=_THIRD,
    )
