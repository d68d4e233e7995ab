"""The dashboard of one monitor: what its model does, whether the data changed, whether it is still good."""

from __future__ import annotations

from dashboards.dashboard import DashboardPlan, to_text
from dashboards.layout import PanelRow
from dashboards.mending import Json
from dashboards.row import distribution, drift, exporter_health, labels, performance, quality, traffic
from dashboards.variable import datasource, label_values
from exporter.catalog import FEATURE_BIN, MONITOR_INFO, PREDICTION_FEATURE, PREDICTIONS, SEGMENT
from exporter.monitor.spec import Monitor
from rules import names
from rules.promql import equals, matches, select


def model_dashboard(monitor: Monitor) -> str:
    """The JSON of the monitor's dashboard, with the rows that its task, reference, labels and segments allow."""
    return to_text(
        DashboardPlan(
            uid=names.model_dashboard(monitor.name),
            title=f"Infranaut / {monitor.name}",
            description=monitor.metadata.description or f"{monitor.spec.model.name}, watched by Infranaut.",
            variables=_variables(monitor),
            firing=select("ALERTS", monitor, equals("alertstate", "firing")),
            sections=_sections(monitor),
        )
    )


def _sections(monitor: Monitor) -> list[PanelRow]:
    sections = [
        traffic.section(monitor),
        quality.section(monitor),
        *drift.sections(monitor),
        distribution.section(monitor),
        performance.section(monitor),
        labels.section(monitor),
        exporter_health.section(monitor),
    ]
    return [section for section in sections if section is not None]


def _variables(monitor: Monitor) -> list[Json]:
    of_job = matches("job", "$job")
    predictions = select(PREDICTIONS.name, monitor, of_job)
    variables = [
        datasource(),
        label_values("job", "Job", select(MONITOR_INFO.name, monitor), "job"),
        label_values("model_version", "Model version", predictions, "model_version"),
    ]
    if monitor.spec.segments:
        variables.append(label_values(SEGMENT, "Segment", predictions, SEGMENT))
    if monitor.spec.reference:
        features = select(FEATURE_BIN.name, monitor, of_job)
        variables.append(label_values("feature", "Feature", features, "feature", default=PREDICTION_FEATURE))
    return variables
