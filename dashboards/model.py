"""The dashboard of one monitor: what its model does, whether the data changed, whether it is still good."""

from __future__ import annotations

from dashboards.frame import monitor_dashboard
from dashboards.row import compared_drift, drift, objectives, performance, process, quality, traffic, versions
from exporter.monitor.spec import Monitor
from rules import names


def model_dashboard(monitor: Monitor) -> str:
    """The JSON of the monitor's dashboard, with the rows that its task, reference, labels and segments allow."""
    return monitor_dashboard(
        monitor,
        names.model_dashboard(monitor.name),
        "",
        monitor.metadata.description or f"{monitor.spec.model.name}, watched by Infranaut.",
        [
            objectives.section(monitor),
            traffic.section(monitor),
            quality.section(monitor),
            *drift.sections(monitor),
            *compared_drift.sections(monitor),
            performance.section(monitor),
            versions.section(monitor),
            process.section(monitor),
        ],
    )
