"""All dashboards of a set of monitors, by file name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboards.model import model_dashboard
from dashboards.overview import overview_dashboard
from exporter.monitor.spec import Monitor

OVERVIEW_FILE = "overview.json"


def render(monitors: Sequence[Monitor]) -> Mapping[str, str]:
    """File name to JSON: the overview, and a dashboard for each monitor; the same text for the same monitors."""
    ordered = sorted(monitors, key=lambda monitor: monitor.name)
    return {OVERVIEW_FILE: overview_dashboard(ordered)} | {
        model_file(monitor.name): model_dashboard(monitor) for monitor in ordered
    }


def model_file(monitor: str) -> str:
    """The name of the file of a monitor's dashboard."""
    return f"model-{monitor}.json"
