"""Drift without a reference: from an earlier period, and of the other model versions from the stable one."""

from __future__ import annotations

from dataclasses import dataclass

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelText
from dashboards.row.drift_lines import drift_lines
from dashboards.scope import Scope
from dashboards.threshold import bad_above
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names
from rules.names import Comparison


def sections(monitor: Monitor, *matchers: str) -> list[PanelRow]:
    """One for each kind of comparison that the monitor asks for; `matchers` narrow the features."""
    scope, drift = Scope(monitor), monitor.spec.drift
    rows = []
    if drift.previous:
        earlier = _Comparison(scope, "period", "the period before", names.PREVIOUS, matchers)
        rows.append(earlier.row("Drift from earlier"))
    if drift.versions is not None:
        stable = drift.versions.stable
        other = f"the version {stable} in the same window"
        rows.append(_Comparison(scope, "version", other, names.MODEL_VERSION, matchers).row(f"Drift from {stable}"))
    return rows


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What is compared with `other`; the label `apart` tells the lines of one feature apart."""

    scope: Scope
    kind: Comparison
    other: str
    apart: str
    matchers: tuple[str, ...]

    def row(self, title: str) -> PanelRow:
        windows = self.scope.monitor.spec.drift.window
        panels = [panel for window in windows for panel in (self._distance(window), self._significance(window))]
        return PanelRow(title, panels)

    def _distance(self, window: Duration) -> grafana.TimeSeries:
        text = PanelText(
            f"PSI, {window}",
            f"Distance of the last {window} from {self.other}. Above the line it is a drift, if it is significant too.",
        )
        return drift_lines(
            self.scope,
            text,
            self.scope.recorded(names.compared_psi(self.kind, window), *self.matchers),
            "feature",
            self.apart,
            check=f"{self.kind}_drift_psi",
            steps=bad_above(self.scope.monitor.spec.drift.comparison_threshold),
        )

    def _significance(self, window: Duration) -> grafana.TimeSeries:
        text = PanelText(
            f"Significance, {window}",
            "How many standard deviations that PSI lies above what chance gives at the rows of both samples.",
        )
        value = self.scope.recorded(names.compared_zscore(self.kind, window), *self.matchers)
        return drift_lines(self.scope, text, value, "feature", self.apart, check="drift_zscore")
