"""The dashboard of ground truth, for all monitors: how much of it comes, how late, what still waits."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.frame import fleet_dashboard
from dashboards.heatmap import heatmap
from dashboards.layout import PanelRow
from dashboards.mending import Json
from dashboards.panel import FULL_WIDTH, PanelQuery, PanelText, Size, lines, stat, time_series
from dashboards.scope import FleetScope, quantile
from dashboards.table import RowLabel, TableColumn, table
from dashboards.threshold import GOOD
from dashboards.variable import fleet_variables, label_values
from exporter.catalog import LABEL_DELAY, LABELS, LABELS_EXPIRED, LABELS_PENDING, LABELS_UNMATCHED
from rules import names

_SCOPE = FleetScope(("cluster", "job", "monitor", "model_version"))
_BY_VERSION = "sum by (monitor, model_version)"


def labels_dashboard() -> str:
    """The same JSON for all sets of monitors: no series in it carries a window in its name."""
    versions = label_values("model_version", "Model version", _SCOPE.series(LABELS), "model_version")
    return fleet_dashboard(
        names.LABELS_DASHBOARD,
        "Labels",
        "Ground truth of all monitors that join labels: how much came, how late, what still waits.",
        [
            PanelRow("Now", _now()),
            PanelRow("Labels and predictions", _over_time()),
            PanelRow("Delay", [_delay(), _delays()]),
            PanelRow("By model version", [_versions()]),
        ],
        [*fleet_variables(), versions],
    )


def _now() -> list[grafana.Stat]:
    return [
        stat(
            PanelText("Labels joined", "Labels joined to their prediction in the time shown."),
            PanelQuery(f"sum ({_SCOPE.increase(LABELS)})"),
            unit="short",
            decimals=0,
        ),
        stat(
            PanelText(
                "Coverage",
                "Of the predictions settled in the time shown, the share that got its label rather than none within "
                "the maximum delay.",
            ),
            PanelQuery(_coverage("sum")),
            unit="percentunit",
            steps=GOOD,
        ),
        stat(
            PanelText("Waiting", "Predictions whose label has not come yet and may still come."),
            PanelQuery(f"sum ({_SCOPE.series(LABELS_PENDING)})"),
            unit="short",
        ),
        stat(
            PanelText(
                "Without a prediction", "Labels given up in the time shown: no prediction of their id came in time."
            ),
            PanelQuery(f"sum ({_SCOPE.increase(LABELS_UNMATCHED)})"),
            unit="short",
            decimals=0,
        ),
    ]


def _over_time() -> list[grafana.TimeSeries]:
    unmatched, expired = (f"sum by (monitor) ({_SCOPE.rate(metric)})" for metric in (LABELS_UNMATCHED, LABELS_EXPIRED))
    return [
        time_series(
            PanelText("Labels", "Labels a second that were joined to their prediction, by monitor."),
            [lines("sum", _SCOPE.rate(LABELS), "monitor")],
            unit="eps",
            stacked=True,
        ),
        time_series(
            PanelText(
                "Lost",
                "Labels a second without a prediction, and predictions a second whose label did not come within the "
                "maximum delay.",
            ),
            [PanelQuery(unmatched, "{{monitor}}: no prediction"), PanelQuery(expired, "{{monitor}}: no label")],
            unit="eps",
        ),
        time_series(
            PanelText("Waiting for a label", "Predictions whose label has not come yet, by monitor."),
            [lines("sum", _SCOPE.series(LABELS_PENDING), "monitor")],
            unit="short",
            stacked=True,
        ),
    ]


def _delay() -> grafana.TimeSeries:
    buckets = f"sum by (monitor, le) ({_SCOPE.rate(LABEL_DELAY, suffix='_bucket')})"
    return time_series(
        PanelText("Delay", "From a prediction to the arrival of its label: half, and nine of ten, come within."),
        [PanelQuery(quantile(level, buckets), f"{{{{monitor}}}} p{level * 100:g}") for level in (0.5, 0.9)],
        unit="s",
        size=Size(12, 9),
    )


def _delays() -> Json:
    buckets = _SCOPE.rate(LABEL_DELAY, suffix="_bucket")
    return heatmap(
        PanelText("Delays", "Labels a second by their delay: darker is more."),
        PanelQuery(f"sum by (le) ({buckets})", "{{le}}"),
        unit="eps",
        row_unit="s",
        size=Size(12, 9),
    )


def _versions() -> grafana.Table:
    buckets = (
        f"sum by (monitor, model_version, le) (increase({_SCOPE.series(LABEL_DELAY, suffix='_bucket')}[$__range]))"
    )
    return table(
        PanelText("Labels by model version", "Everything of the time shown; coverage counts settled predictions."),
        [RowLabel("monitor", "Monitor"), RowLabel("model_version", "Model version")],
        [
            TableColumn("Joined", f"{_BY_VERSION} ({_SCOPE.increase(LABELS)})", decimals=0),
            TableColumn("Coverage", _coverage(_BY_VERSION), "percentunit", decimals=1),
            TableColumn("p50 delay", quantile(0.5, buckets), "s"),
            TableColumn("p90 delay", quantile(0.9, buckets), "s"),
            TableColumn("Waiting", f"{_BY_VERSION} ({_SCOPE.series(LABELS_PENDING)})", decimals=0),
            TableColumn("No label", f"{_BY_VERSION} ({_SCOPE.increase(LABELS_EXPIRED)})", decimals=0),
            TableColumn("No prediction", f"{_BY_VERSION} ({_SCOPE.increase(LABELS_UNMATCHED)})", decimals=0),
        ],
        sort_by="Monitor",
        descending=False,
        size=Size(FULL_WIDTH, 9),
    )


def _coverage(total: str) -> str:
    joined, expired = (f"{total} ({_SCOPE.increase(metric)})" for metric in (LABELS, LABELS_EXPIRED))
    return f"{joined} / ({joined} + {expired} > 0)"
