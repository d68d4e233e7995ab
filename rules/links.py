"""Where the annotations of an alert point: its runbook and its dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.monitor.spec import Monitor
from rules.alert_dashboard import dashboard_of

DEFAULT_RUNBOOKS = "https://github.com/infranaut/infranaut/blob/main/docs/runbooks"
DEFAULT_GRAFANA = "http://localhost:3000"


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses without a slash at the end."""

    runbooks: str = DEFAULT_RUNBOOKS
    grafana: str = DEFAULT_GRAFANA

    def annotations(self, alert: str, monitor: Monitor | None = None) -> dict[str, str]:
        """`runbook_url` and `dashboard_url`; `monitor` where the alert belongs to one."""
        return {
            "runbook_url": f"{self.runbooks}/{alert}.md",
            "dashboard_url": f"{self.grafana}/d/{dashboard_of(alert, monitor)}",
        }
