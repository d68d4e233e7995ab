"""One feature, chosen on top: its distribution now beside that of the reference, and which bins make the drift."""

from __future__ import annotations

from itertools import cycle

from grafanalib import core as grafana

from dashboards.heatmap import heatmap
from dashboards.layout import PanelRow
from dashboards.mending import Json
from dashboards.panel import FULL_WIDTH, HALF, PanelQuery, PanelText, Size
from dashboards.row.feature_drift import CHOSEN
from dashboards.scope import Scope
from dashboards.table import BarGroup, RowLabel, TableColumn, bars, table
from exporter.catalog import REFERENCE_BIN_RATIO, REFERENCE_BIN_UPPER_BOUND
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names

_EARLIER_COLORS = ("purple", "orange")
_SMALLEST_WRITTEN = "1e-100"


def section(monitor: Monitor) -> PanelRow | None:
    """None where the values of features are not counted in bins: without a reference or another comparison."""
    if monitor.spec.reference is None and not monitor.spec.drift.compares_samples:
        return None
    scope, window = Scope(monitor), monitor.spec.drift.window[0]
    beside = [_bins(scope, window)] if monitor.spec.reference is not None else []
    return PanelRow("Distribution of $feature", [bars_now(scope, window), *beside, _over_time(scope, window)])


def bars_now(scope: Scope, window: Duration) -> grafana.BarChart:
    """Beside the reference, and beside the earlier periods that the monitor compares with."""
    spec = scope.monitor.spec
    reference = [BarGroup("Reference", _reference(scope), "text")] if spec.reference is not None else []
    earlier = [
        BarGroup(f"{period} before", _now(scope, window, f" offset {period}"), color)
        for period, color in zip(spec.drift.previous, cycle(_EARLIER_COLORS), strict=False)
    ]
    return bars(
        PanelText(
            "Distribution",
            f"Share of the values in each bin, in the last {window} and in what that is compared with. q00 is the "
            "lower tail.",
        ),
        "bin",
        [*reference, *earlier, BarGroup("Now", _now(scope, window), "blue")],
        unit="percentunit",
    )


def _bins(scope: Scope, window: Duration) -> grafana.Table:
    now, reference = _now(scope, window), _reference(scope)
    return table(
        PanelText(
            "Bins",
            "Bins of quantiles hold the values up to and including their upper bound; the last has none. The part of "
            "PSI says which bins the drift comes from.",
        ),
        [RowLabel("bin", "Bin")],
        [
            TableColumn("Upper bound", _upper_bound(scope)),
            TableColumn("Reference", reference, "percentunit", decimals=1),
            TableColumn("Now", now, "percentunit", decimals=1),
            TableColumn("Part of PSI", _part_of_psi(scope, window), decimals=3, cell="gauge"),
        ],
        sort_by="Bin",
        descending=False,
        size=HALF,
    )


def _upper_bound(scope: Scope) -> str:
    """The bound just below a smallest value of 0 is a number so small that Grafana cannot write it; it becomes 0."""
    bound = scope.series(REFERENCE_BIN_UPPER_BOUND, CHOSEN)
    return f"max by (bin) ({bound} * (abs({bound}) > bool {_SMALLEST_WRITTEN}))"


def _over_time(scope: Scope, window: Duration) -> Json:
    return heatmap(
        PanelText("Over time", f"Share of the values in each bin, in the {window} before each moment: darker is more."),
        PanelQuery(_now(scope, window), "{{bin}}"),
        unit="percentunit",
        size=Size(FULL_WIDTH, 9),
    )


def _now(scope: Scope, window: Duration, offset: str = "") -> str:
    """The share of each bin, over all chosen model versions."""
    counts = scope.recorded(names.bin_increase(window), CHOSEN) + offset
    return f"sum by (bin) ({counts}) / on () group_left () (sum ({counts}) > 0)"


def _reference(scope: Scope) -> str:
    return f"max by (bin) ({scope.series(REFERENCE_BIN_RATIO, CHOSEN)})"


def _part_of_psi(scope: Scope, window: Duration) -> str:
    """(p - a) ln(p / a) of each bin, for the model version that drifted most in it."""
    now = scope.recorded(names.bin_ratio(window), CHOSEN)
    reference = scope.recorded(names.reference_bin_ratio(window), CHOSEN)
    return f"max by (bin) (({now} - {reference}) * ln({now} / {reference}))"
