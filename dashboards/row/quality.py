"""Data quality: what is missing, what is invalid, which rules are broken, what was not accepted at all."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import FULL_WIDTH, PanelQuery, PanelText, Size, lines, threshold_query, time_series
from dashboards.scope import WHERE, Scope, share
from dashboards.table import RowLabel, TableColumn, table
from dashboards.threshold import bad_above
from exporter.catalog import ANY_RULE, FEATURE_VIOLATIONS, INGEST_RECORDS_FAILED, MISSING_BIN, REFERENCE_BIN_RATIO
from exporter.monitor.spec import Monitor
from rules import names
from rules.promql import differs, equals

_OF_REFERENCE = (*WHERE, "monitor", "reference", "feature")
_ON_REFERENCE = f"on ({', '.join(_OF_REFERENCE)}) group_left ()"


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
    """What is beyond the reference's share, since that is what may not be much."""
    quality = scope.monitor.spec.quality
    ratio = scope.recorded(names.missing_ratio(quality.window))
    beyond = ratio if scope.monitor.spec.reference is None else f"{ratio} - {_ON_REFERENCE} {missing_usually(scope)}"
    what = "that were missing" if beyond == ratio else "that were missing, less that of the reference"
    return time_series(
        PanelText(
            "Missing values by feature",
            f"Share of the values of the last {quality.window} {what} (worst model version). Above the line "
            f"{names.MISSING_VALUES} fires, if that is significant and rests on enough rows.",
        ),
        [lines("max", beyond, "feature"), threshold_query(scope.threshold("missing_increase"))],
        unit="percentunit",
        steps=bad_above(quality.maximum_missing_increase),
        minimum=None,
    )


def missing_usually(scope: Scope, *matchers: str) -> str:
    """The share of missing values in the reference, of each feature."""
    share = scope.series(REFERENCE_BIN_RATIO, equals("bin", MISSING_BIN), *matchers)
    return f"max by ({', '.join(_OF_REFERENCE)}) ({share})"


def rejected(scope: Scope) -> grafana.TimeSeries:
    quality = scope.monitor.spec.quality
    failed = f"sum by (reason) (increase({scope.series(INGEST_RECORDS_FAILED)}[{quality.window}]))"
    unusable = f"sum ({scope.recorded(names.records_unusable_increase(quality.window))})"
    received = f"sum ({scope.recorded(names.records_received_increase(quality.window))})"
    return time_series(
        PanelText(
            "Rejected records",
            f"Share of the records of the last {quality.window} that were not counted and are kept as dead letters, "
            f"and why. Duplicates, whose id had been seen, are sound: of all others {names.RECORDS_REJECTED} fires "
            "above the line.",
        ),
        [
            PanelQuery(share(failed, received), "{{reason}}"),
            PanelQuery(f"{unusable} / ({received} > 0)", "all but duplicates"),
            threshold_query(scope.threshold("rejected_ratio")),
        ],
        unit="percentunit",
        steps=bad_above(quality.maximum_rejected_ratio),
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
