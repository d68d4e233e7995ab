"""Where the annotations of an alert point: its runbook and its dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.monitor.spec import Monitor
from rules import names

DEFAULT_RUNBOOKS = "https://github.com/infranaut/infranaut/blob/main/docs/runbooks"
DEFAULT_GRAFANA = "http://localhost:3000"


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses without a slash at the end."""

    runbooks: str = DEFAULT_RUNBOOKS
    grafana: str = DEFAULT_GRAFANA

    def annotations(self, alert: str, monitor: Monitor | None = None) -> dict[str, str]:
        """`runbook_url` and `dashboard_url`; without a monitor, the overview."""
        dashboard = names.OVERVIEW_DASHBOARD if monitor is None else names.model_dashboard(monitor.name)
        return {
            "runbook_url": f"{self.runbooks}/{alert}.md",
            "dashboard_url": f"{self.grafana}/d/{dashboard}",
        }
