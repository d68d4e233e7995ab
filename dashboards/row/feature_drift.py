"""Drift of the feature that is chosen on top: how far each model version went, and how sure that is."""

from __future__ import annotations

from typing import Any

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, Size, stat
from dashboards.row.drift import MEASURES, rows_of_windows
from dashboards.row.drift_lines import drift_lines
from dashboards.scope import Scope
from dashboards.threshold import bad_above, bad_below
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names

CHOSEN = 'feature="$feature"'
_BROAD = Size(12, 8)


def sections(monitor: Monitor) -> list[PanelRow]:
    """One for each window, the first open; none without a reference."""
    return rows_of_windows(monitor, _panels)


def _panels(scope: Scope, window: Duration) -> list[Any]:
    return [*_now(scope, window), _distance(scope, window), _significance(scope, window)]


def _now(scope: Scope, window: Duration) -> list[grafana.Stat]:
    drift = scope.monitor.spec.drift
    return [
        stat(
            PanelText(
                MEASURES[drift.measure],
                f"Distance of the last {window} from the reference, of the worst model version.",
            ),
            PanelQuery(f"max ({scope.recorded(names.drift_measure(drift.measure, window), CHOSEN)})"),
            unit="short",
            steps=bad_above(drift.threshold),
            decimals=3,
        ),
        stat(
            PanelText(
                "Significance (z)",
                "How many standard deviations PSI lies above what chance gives; below 3 it is often noise.",
            ),
            PanelQuery(f"max ({scope.recorded(names.drift_zscore(window), CHOSEN)})"),
            unit="short",
            decimals=1,
        ),
        stat(
            PanelText("Rows", f"Values in the last {window}; a verdict needs {drift.minimum_rows}."),
            PanelQuery(f"sum ({scope.recorded(names.feature_increase(window), CHOSEN)})"),
            unit="short",
            steps=bad_below(drift.minimum_rows),
            decimals=0,
        ),
        stat(
            PanelText("Expected PSI", "What PSI would be on average, at this number of rows, if nothing had changed."),
            PanelQuery(f"max ({scope.recorded(names.expected_psi(window), CHOSEN)})"),
            unit="short",
            decimals=3,
        ),
    ]


def _distance(scope: Scope, window: Duration) -> grafana.TimeSeries:
    drift = scope.monitor.spec.drift
    return drift_lines(
        scope,
        PanelText(
            f"{MEASURES[drift.measure]} over time",
            f"Distance of the {window} before each moment from the reference. Above the line it is a drift, if it is "
            "significant too.",
        ),
        scope.recorded(names.drift_measure(drift.measure, window), CHOSEN),
        "model_version",
        check=f"drift_{drift.measure}",
        size=_BROAD,
        steps=bad_above(drift.threshold),
    )


def _significance(scope: Scope, window: Duration) -> grafana.TimeSeries:
    return drift_lines(
        scope,
        PanelText(
            "Significance over time",
            "How many standard deviations PSI lies above what chance gives. The line is where the monitor's false "
            "alarms a month are spent.",
        ),
        scope.recorded(names.drift_zscore(window), CHOSEN),
        "model_version",
        check="drift_zscore",
        size=_BROAD,
    )
