"""Drift of the feature that is chosen on top: how far each model version went, and how sure that is."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, Size, stat, threshold_query, time_series
from dashboards.row.drift import MEASURES
from dashboards.scope import Scope
from dashboards.threshold import NEUTRAL, bad_above, bad_below
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names

CHOSEN = 'feature="$feature"'
_QUARTER = Size(6, 4)


def sections(monitor: Monitor) -> list[PanelRow]:
    """One for each window, the first open; none without a reference."""
    if monitor.spec.reference is None:
        return []
    scope = Scope(monitor)
    return [
        PanelRow(
            f"Drift over {window}",
            [
                _distance_now(scope, window),
                _significance_now(scope, window),
                _rows(scope, window),
                _expected(scope, window),
                _distance(scope, window),
                _significance(scope, window),
            ],
            collapsed=index > 0,
        )
        for index, window in enumerate(monitor.spec.drift.window)
    ]


def _distance_now(scope: Scope, window: Duration) -> grafana.Stat:
    drift = scope.monitor.spec.drift
    return stat(
        PanelText(
            MEASURES[drift.measure], f"Distance of the last {window} from the reference, of the worst model version."
        ),
        PanelQuery(f"max ({scope.recorded(names.drift_measure(drift.measure, window), CHOSEN)})"),
        unit="short",
        size=_QUARTER,
        steps=bad_above(drift.threshold),
        decimals=3,
    )


def _significance_now(scope: Scope, window: Duration) -> grafana.Stat:
    return stat(
        PanelText(
            "Significance (z)",
            "How many standard deviations PSI lies above what chance gives; below 3 it is often noise.",
        ),
        PanelQuery(f"max ({scope.recorded(names.drift_zscore(window), CHOSEN)})"),
        unit="short",
        size=_QUARTER,
        decimals=1,
    )


def _rows(scope: Scope, window: Duration) -> grafana.Stat:
    needed = scope.monitor.spec.drift.minimum_rows
    return stat(
        PanelText("Rows", f"Values in the last {window}; a verdict needs {needed}."),
        PanelQuery(f"sum ({scope.recorded(names.feature_increase(window), CHOSEN)})"),
        unit="short",
        size=_QUARTER,
        steps=bad_below(needed),
        decimals=0,
    )


def _expected(scope: Scope, window: Duration) -> grafana.Stat:
    return stat(
        PanelText("Expected PSI", "What PSI would be on average, at this number of rows, if nothing had changed."),
        PanelQuery(f"max ({scope.recorded(names.expected_psi(window), CHOSEN)})"),
        unit="short",
        size=_QUARTER,
        steps=NEUTRAL,
        decimals=3,
    )


def _distance(scope: Scope, window: Duration) -> grafana.TimeSeries:
    drift = scope.monitor.spec.drift
    value = scope.recorded(names.drift_measure(drift.measure, window), CHOSEN)
    return time_series(
        PanelText(
            f"{MEASURES[drift.measure]} over time",
            f"Distance of the {window} before each moment from the reference. Above the line it is a drift, if it is "
            "significant too.",
        ),
        [
            PanelQuery(f"max by (model_version) ({value})", "{{model_version}}"),
            threshold_query(scope.threshold(f"drift_{drift.measure}")),
        ],
        unit="short",
        size=Size(12, 8),
        steps=bad_above(drift.threshold),
        minimum=None,
    )


def _significance(scope: Scope, window: Duration) -> grafana.TimeSeries:
    value = scope.recorded(names.drift_zscore(window), CHOSEN)
    return time_series(
        PanelText(
            "Significance over time",
            "How many standard deviations PSI lies above what chance gives. The line is where the monitor's false "
            "alarms a month are spent.",
        ),
        [
            PanelQuery(f"max by (model_version) ({value})", "{{model_version}}"),
            threshold_query(scope.threshold("drift_zscore")),
        ],
        unit="short",
        size=Size(12, 8),
        minimum=None,
    )
