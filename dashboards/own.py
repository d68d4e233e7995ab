"""The dashboards that a monitor asks for: its own choice of panels, and its own queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dashboards.feature import feature_variable
from dashboards.frame import monitor_dashboard
from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, time_series
from dashboards.row import distribution, drift, labels, objectives, performance, quality, traffic, versions
from dashboards.scope import Scope
from exporter.monitor.spec import Monitor, OwnDashboard, OwnPanel, PanelName
from rules import names

_Panels = Callable[[Scope], Sequence[Any]]


def own_dashboard(monitor: Monitor, asked: OwnDashboard) -> str:
    """The JSON of one dashboard of `spec.dashboards`."""
    title = asked.title or asked.name
    scope = Scope(monitor)
    return monitor_dashboard(
        monitor,
        names.custom_dashboard(monitor.name, asked.name),
        title,
        f"Asked for by the monitor {monitor.name}.",
        [PanelRow(title, [made for panel in asked.panels for made in _panels(scope, panel)])],
        [feature_variable(monitor)] if any(panel.show == "distribution" for panel in asked.panels) else [],
    )


def _panels(scope: Scope, panel: OwnPanel) -> Sequence[Any]:
    if panel.show is not None:
        return _KNOWN[panel.show](scope)
    title = panel.title or ""
    description = panel.description or f"A query of the monitor: {title}."
    queries = [PanelQuery(panel.query or "", panel.legend)]
    return [time_series(PanelText(title, description), queries, unit=panel.unit, minimum=None)]


def _for_each_window(panel: Callable[[Scope, Any], Any]) -> _Panels:
    return lambda scope: [panel(scope, window) for window in scope.monitor.spec.drift.window]


_KNOWN: dict[PanelName, _Panels] = {
    "predictions": lambda scope: [traffic.rate(scope)],
    "errors": lambda scope: [traffic.errors(scope)],
    "latency": lambda scope: [traffic.latency(scope)],
    "versions": lambda scope: [versions.side_by_side(scope)],
    "invalid": lambda scope: [quality.invalid(scope)],
    "missing": lambda scope: [quality.missing(scope)],
    "rejected": lambda scope: [quality.rejected(scope)],
    "violations": lambda scope: [quality.violations(scope)],
    "drift": _for_each_window(drift.measure),
    "significance": _for_each_window(drift.significance),
    "drift_table": _for_each_window(drift.features_now),
    "distribution": lambda scope: [distribution.bars_now(scope, scope.monitor.spec.drift.window[0])],
    "performance": lambda scope: [performance.metric_over_time(scope, metric) for metric in performance.watched(scope)],
    "outcomes": lambda scope: [performance.outcomes(scope)],
    "segments": lambda scope: [performance.by_segment(scope)],
    "labels": lambda scope: [labels.joined(scope)],
    "label_delay": lambda scope: [labels.delay(scope)],
    "budget": lambda scope: [objectives.budget(scope)],
}
