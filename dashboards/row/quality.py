"""Data quality: what is missing, what is invalid, which rules are broken, what was not accepted at all."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import (
    FULL_WIDTH,
    PanelQuery,
    PanelText,
    RowLabel,
    Size,
    TableColumn,
    table,
    threshold_query,
    time_series,
)
from dashboards.scope import Scope
from dashboards.threshold import bad_above
from exporter.catalog import ANY_RULE, DUPLICATE_RECORDS, FEATURE_VIOLATIONS, INGEST_RECORDS_FAILED
from exporter.monitor.spec import Monitor
from rules import names
from rules.promql import differs, equals


def section(monitor: Monitor) -> PanelRow:
    """Every panel counts served predictions, except rejected records, which were not counted as predictions."""
    scope = Scope(monitor)
    return PanelRow("Data quality", [invalid(scope), missing(scope), rejected(scope), violations(scope)])


def invalid(scope: Scope) -> grafana.TimeSeries:
    quality = scope.monitor.spec.quality
    ratio = names.records_invalid_ratio(quality.window)
    queries = [
        PanelQuery(f"max ({scope.recorded(ratio, equals('rule', ANY_RULE))})", "any rule"),
        threshold_query(scope.threshold("invalid_ratio")),
    ]
    if scope.monitor.spec.rules:
        queries.append(PanelQuery(f"max by (rule) ({scope.recorded(ratio, differs('rule', ANY_RULE))})", "{{rule}}"))
    return time_series(
        PanelText(
            "Invalid predictions",
            f"Share of the predictions of the last {quality.window} that broke a rule of the monitor or of a feature "
            "(worst model version). Above the line InfranautDataInvalid fires.",
        ),
        queries,
        unit="percentunit",
        steps=bad_above(quality.maximum_invalid_ratio),
    )


def missing(scope: Scope) -> grafana.TimeSeries:
    window = scope.monitor.spec.quality.window
    return time_series(
        PanelText(
            "Missing values by feature",
            f"Share of the values of the last {window} that were missing (worst model version).",
        ),
        [PanelQuery(f"max by (feature) ({scope.recorded(names.missing_ratio(window))})", "{{feature}}")],
        unit="percentunit",
    )


def rejected(scope: Scope) -> grafana.TimeSeries:
    failed = scope.sum_by(scope.rate(INGEST_RECORDS_FAILED), "reason")
    return time_series(
        PanelText(
            "Rejected records",
            "Records a second that could not be accounted for, by reason; they are kept as dead letters. Duplicates "
            "are predictions whose id had been seen.",
        ),
        [
            PanelQuery(failed, "{{reason}}"),
            PanelQuery(scope.sum_by(scope.rate(DUPLICATE_RECORDS)), "duplicate predictions"),
        ],
        unit="recps",
    )


def violations(scope: Scope) -> grafana.Table:
    window = scope.monitor.spec.quality.window
    labels = ("feature", "rule")
    ratio = scope.recorded(names.violations_ratio(window))
    return table(
        PanelText(
            "Violations by feature and rule",
            f"Values that broke a rule of their feature, worst first: their share in the last {window}, and how many "
            "there were in the time shown.",
        ),
        [RowLabel("feature", "Feature"), RowLabel("rule", "Rule")],
        [
            TableColumn(
                f"Share, {window}",
                f"max by (feature, rule) ({ratio})",
                "percentunit",
                steps=bad_above(scope.monitor.spec.quality.maximum_invalid_ratio),
                cell="color-text",
            ),
            TableColumn(
                "In the time shown",
                scope.sum_by(f"increase({scope.series(FEATURE_VIOLATIONS)}[$__range])", *labels),
                decimals=0,
            ),
        ],
        sort_by=f"Share, {window}",
        size=Size(FULL_WIDTH, 8),
    )
