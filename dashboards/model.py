"""The dashboard of one monitor: what its model does, whether the data changed, whether it is still good."""

from __future__ import annotations

from dashboards.annotation import deployments, firing_alerts, reference_changes
from dashboards.dashboard import DashboardPlan, to_text
from dashboards.layout import PanelRow
from dashboards.link import monitor_links
from dashboards.mending import Json
from dashboards.row import compared_drift, drift, objectives, performance, quality, traffic, versions
from dashboards.variable import cluster, datasource, fixed, label_values
from exporter.catalog import MONITOR_INFO, PREDICTIONS, REFERENCE_INFO, SEGMENT
from exporter.monitor.spec import Monitor
from rules import names
from rules.promql import equals, matches, select


def model_dashboard(monitor: Monitor) -> str:
    """The JSON of the monitor's dashboard, with the rows that its task, reference, labels and segments allow."""
    uid = names.model_dashboard(monitor.name)
    return to_text(
        DashboardPlan(
            uid=uid,
            title=f"Infranaut / {monitor.name}",
            description=monitor.metadata.description or f"{monitor.spec.model.name}, watched by Infranaut.",
            variables=monitor_variables(monitor),
            annotations=monitor_annotations(monitor),
            links=monitor_links(monitor, uid),
            sections=_sections(monitor),
        )
    )


def monitor_variables(monitor: Monitor) -> list[Json]:
    """What can be chosen on every dashboard of a monitor; the monitor itself is there for links."""
    info = select(MONITOR_INFO.name, monitor)
    predictions = select(PREDICTIONS.name, monitor, matches("cluster", "$cluster"), matches("job", "$job"))
    variables = [
        datasource(),
        cluster(info),
        label_values("job", "Job", select(MONITOR_INFO.name, monitor, matches("cluster", "$cluster")), "job"),
        fixed("monitor", monitor.name),
        label_values("model_version", "Model version", predictions, "model_version"),
    ]
    if monitor.spec.segments:
        variables.append(label_values(SEGMENT, "Segment", predictions, SEGMENT))
    return variables


def monitor_annotations(monitor: Monitor) -> list[Json]:
    """Its alerts, the versions of its model, and its references."""
    where = (matches("cluster", "$cluster"), matches("job", "$job"))
    annotations = [
        firing_alerts(select("ALERTS", monitor, equals("alertstate", "firing"))),
        deployments(select(PREDICTIONS.name, monitor, *where)),
    ]
    if monitor.spec.reference is not None:
        annotations.append(reference_changes(select(REFERENCE_INFO.name, monitor, *where)))
    return annotations


def _sections(monitor: Monitor) -> list[PanelRow]:
    sections = [
        objectives.section(monitor),
        traffic.section(monitor),
        quality.section(monitor),
        *drift.sections(monitor),
        *compared_drift.sections(monitor),
        performance.section(monitor),
        versions.section(monitor),
    ]
    return [section for section in sections if section is not None]
