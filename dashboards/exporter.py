"""The dashboard of the exporters: is everything taken in, kept, counted, and at what price."""

from __future__ import annotations

from dashboards.frame import fleet_dashboard
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
    return fleet_dashboard(
        names.EXPORTER_DASHBOARD,
        "Exporter",
        "The exporters and their pipeline: ingest, spool, tiers, dead letters, reload, resources.",
        [
            exporter_state.section(_SCOPE),
            ingest.section(_SCOPE),
            ingest.dead_letters(_SCOPE),
            archive.section(_SCOPE),
            resources.section(_SCOPE),
        ],
        [*before, label_values("instance", "Instance", instances, "instance"), monitor],
    )
