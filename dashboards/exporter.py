"""The dashboard of the exporters: is everything taken in, kept, counted, and at what price."""

from __future__ import annotations

from dashboards.dashboard import DashboardPlan, to_text
from dashboards.link import general_links
from dashboards.overview import fleet_annotations
from dashboards.row import archive, exporter_state, ingest, resources
from dashboards.scope import FleetScope
from dashboards.variable import fleet_variables, label_values
from exporter.catalog import BUILD_INFO
from rules import names

_SCOPE = FleetScope(("cluster", "job", "instance", "monitor"))


def exporter_dashboard() -> str:
    """The same JSON for all sets of monitors."""
    *before, monitor = fleet_variables()
    instances = FleetScope(("cluster", "job")).series(BUILD_INFO)
    return to_text(
        DashboardPlan(
            uid=names.EXPORTER_DASHBOARD,
            title="Infranaut / Exporter",
            description="The exporters and their pipeline: ingest, spool, tiers, dead letters, reload, resources.",
            variables=[*before, label_values("instance", "Instance", instances, "instance"), monitor],
            annotations=fleet_annotations(FleetScope(("cluster", "job", "monitor"))),
            links=general_links(names.EXPORTER_DASHBOARD),
            sections=[
                exporter_state.section(_SCOPE),
                ingest.section(_SCOPE),
                ingest.dead_letters(_SCOPE),
                archive.section(_SCOPE),
                resources.section(_SCOPE),
            ],
        )
    )
