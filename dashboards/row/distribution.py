"""One feature, chosen on top: its distribution now beside that of the reference, and which bins make the drift."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import (
    FULL_WIDTH,
    HALF,
    BarGroup,
    PanelQuery,
    PanelText,
    RowLabel,
    Size,
    TableColumn,
    bars,
    table,
    time_series,
)
from dashboards.scope import Scope
from exporter.catalog import REFERENCE_BIN_RATIO, REFERENCE_BIN_UPPER_BOUND
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names

_CHOSEN = 'feature="$feature"'


def section(monitor: Monitor) -> PanelRow | None:
    """None without a reference: there is nothing to compare with."""
    if monitor.spec.reference is None:
        return None
    scope, window = Scope(monitor), monitor.spec.drift.window[0]
    return PanelRow("Distribution of $feature", [_bars(scope, window), _bins(scope, window), _over_time(scope, window)])


def _bars(scope: Scope, window: Duration) -> grafana.BarChart:
    return bars(
        PanelText(
            "$feature: now and in the reference",
            f"Share of the values in each bin, in the last {window} and in the reference. q00 is the lower tail; the "
            "bounds stand in the table beside.",
        ),
        "bin",
        [BarGroup("Reference", _reference(scope), "text"), BarGroup("Now", _now(scope, window), "blue")],
        unit="percentunit",
    )


def _bins(scope: Scope, window: Duration) -> grafana.Table:
    now, reference = _now(scope, window), _reference(scope)
    return table(
        PanelText(
            "$feature: bins",
            "Bins of quantiles hold the values up to and including their upper bound; the last has none. The part of "
            "PSI says which bins the drift comes from.",
        ),
        [RowLabel("bin", "Bin")],
        [
            TableColumn("Upper bound", f"max by (bin) ({scope.series(REFERENCE_BIN_UPPER_BOUND, _CHOSEN)})"),
            TableColumn("Reference", reference, "percentunit", decimals=1),
            TableColumn("Now", now, "percentunit", decimals=1),
            TableColumn("Part of PSI", _part_of_psi(scope, window), decimals=3, cell="gauge"),
        ],
        sort_by="Bin",
        descending=False,
        size=HALF,
    )


def _over_time(scope: Scope, window: Duration) -> grafana.TimeSeries:
    return time_series(
        PanelText("$feature: bins over time", f"Share of the values in each bin, in the {window} before each moment."),
        [PanelQuery(_now(scope, window), "{{bin}}")],
        unit="percentunit",
        size=Size(FULL_WIDTH, 8),
        maximum=1,
        stacked=True,
    )


def _now(scope: Scope, window: Duration) -> str:
    """The share of each bin, over all chosen model versions."""
    counts = scope.recorded(names.bin_increase(window), _CHOSEN)
    return f"sum by (bin) ({counts}) / on () group_left () (sum ({counts}) > 0)"


def _reference(scope: Scope) -> str:
    return f"max by (bin) ({scope.series(REFERENCE_BIN_RATIO, _CHOSEN)})"


def _part_of_psi(scope: Scope, window: Duration) -> str:
    """(p - a) ln(p / a) of each bin, for the model version that drifted most in it."""
    now = scope.recorded(names.bin_ratio(window), _CHOSEN)
    reference = scope.recorded(names.reference_bin_ratio(window), _CHOSEN)
    return f"max by (bin) (({now} - {reference}) * ln({now} / {reference}))"
