"""What a dashboard has besides its panels: variables, annotations and links, of all monitors or of one."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.annotation import deployments, firing_alerts, reference_changes
from dashboards.dashboard import DashboardPlan, to_text
from dashboards.layout import PanelRow
from dashboards.link import general_links, monitor_links
from dashboards.mending import Json
from dashboards.scope import FleetScope
from dashboards.variable import cluster, datasource, fixed, fleet_variables, label_values
from exporter.catalog import MONITOR_INFO, PREDICTIONS, REFERENCE_INFO, SEGMENT
from exporter.monitor.spec import Monitor
from rules import names
from rules.promql import differs, equals, matches, select

_OURS = (matches("alertname", "Infranaut.+"), differs("alertname", names.WATCHDOG))
FIRING = f"ALERTS{{{', '.join((equals('alertstate', 'firing'), *_OURS))}}}"
"""But for the one that always fires."""
_FLEET = FleetScope(("cluster", "job", "monitor"))


def fleet_dashboard(
    uid: str, title: str, description: str, sections: Sequence[PanelRow], variables: Sequence[Json] | None = None
) -> str:
    """The JSON of a dashboard of all monitors; `variables` in place of those that every such dashboard has."""
    return to_text(
        DashboardPlan(
            uid=uid,
            title=f"Infranaut / {title}",
            description=description,
            variables=fleet_variables() if variables is None else variables,
            annotations=[
                firing_alerts(FIRING),
                deployments(_FLEET.series(PREDICTIONS)),
                reference_changes(_FLEET.series(REFERENCE_INFO)),
            ],
            links=general_links(uid),
            sections=sections,
        )
    )


def monitor_dashboard(
    monitor: Monitor,
    uid: str,
    title: str,
    description: str,
    sections: Sequence[PanelRow | None],
    more_variables: Sequence[Json] = (),
) -> str:
    """The JSON of a dashboard of one monitor, without the sections that are None; its main one has no `title`."""
    return to_text(
        DashboardPlan(
            uid=uid,
            title=" / ".join(part for part in ("Infranaut", monitor.name, title) if part),
            description=description,
            variables=[*_monitor_variables(monitor), *more_variables],
            annotations=_monitor_annotations(monitor),
            links=monitor_links(monitor, uid),
            sections=[section for section in sections if section is not None],
        )
    )


def _monitor_variables(monitor: Monitor) -> list[Json]:
    """The monitor itself is there for links."""
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


def _monitor_annotations(monitor: Monitor) -> list[Json]:
    where = (matches("cluster", "$cluster"), matches("job", "$job"))
    annotations = [
        firing_alerts(select("ALERTS", monitor, equals("alertstate", "firing"))),
        deployments(select(PREDICTIONS.name, monitor, *where)),
    ]
    if monitor.spec.reference is not None:
        annotations.append(reference_changes(select(REFERENCE_INFO.name, monitor, *where)))
    return annotations
