"""All dashboards of a set of monitors, by file name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboards.exporter import exporter_dashboard
from dashboards.feature import feature_dashboard
from dashboards.labels import labels_dashboard
from dashboards.model import model_dashboard
from dashboards.overview import overview_dashboard
from dashboards.own import own_dashboard
from dashboards.slo import slo_dashboard
from exporter.monitor.service_objectives import ServiceSlo
from exporter.monitor.spec import Monitor


def render(monitors: Sequence[Monitor], objectives: Sequence[ServiceSlo] = ()) -> Mapping[str, str]:
    """File name to JSON: those of all monitors and objectives, and those of each monitor; in any order the same."""
    ordered = sorted(monitors, key=lambda monitor: monitor.name)
    files = render_general(ordered, objectives)
    for monitor in ordered:
        files |= render_monitor(monitor)
    return files


def render_general(monitors: Sequence[Monitor], objectives: Sequence[ServiceSlo] = ()) -> dict[str, str]:
    """The dashboards that belong to no monitor."""
    of_monitors = (slo for monitor in monitors for slo in monitor.spec.slos)
    return {
        "overview.json": overview_dashboard(monitors),
        "slo.json": slo_dashboard([*of_monitors, *(each.slo.terms for each in objectives)]),
        "labels.json": labels_dashboard(),
        "exporter.json": exporter_dashboard(),
    }


def render_monitor(monitor: Monitor) -> dict[str, str]:
    """The dashboards of one monitor, those included that it asks for."""
    return {
        f"model-{monitor.name}.json": model_dashboard(monitor),
        f"feature-{monitor.name}.json": feature_dashboard(monitor),
        **{f"own-{monitor.name}_{asked.name}.json": own_dashboard(monitor, asked) for asked in monitor.spec.dashboards},
    }
