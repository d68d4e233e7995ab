"""A distance or its significance over time, with the line above which it counts as drift."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.panel import HALF, PanelText, Size, lines, threshold_query, time_series
from dashboards.scope import Scope
from dashboards.threshold import NEUTRAL, Steps


def drift_lines(
    scope: Scope,
    text: PanelText,
    expr: str,
    *labels: str,
    check: str,
    size: Size = HALF,
    steps: Steps = NEUTRAL,
) -> grafana.TimeSeries:
    """The worst series for each value of the labels; `check` names the threshold."""
    return time_series(
        text,
        [lines("max", expr, *labels), threshold_query(scope.threshold(check))],
        unit="short",
        size=size,
        steps=steps,
        minimum=None,
    )
