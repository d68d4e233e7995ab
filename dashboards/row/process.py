"""What the process that serves the model takes, of what it may: memory, processor and open files of each instance."""

from __future__ import annotations

from typing import NamedTuple

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import PanelText, lines, threshold_query, time_series
from dashboards.scope import Scope
from dashboards.threshold import NEUTRAL, bad_above
from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import thresholds
from rules import names
from rules.promql import equals, matches


class _ProcessPanel(NamedTuple):
    """A panel's title, what it shows, the series it shows, the threshold of that, and its unit."""

    title: str
    what: str
    record: str
    check: str
    unit: str


_PANELS = (
    _ProcessPanel("Resident memory", "Resident memory", names.process_memory(), "memory_bytes", "bytes"),
    _ProcessPanel("Busy processors", "Processors that are busy", names.process_cpu(), "cpu", "short"),
    _ProcessPanel(
        "Open file descriptors",
        "Share of the file descriptors that are open",
        names.process_open_files(),
        "open_files",
        "percentunit",
    ),
)


def section(monitor: Monitor) -> PanelRow | None:
    """None where the monitor names no process."""
    resources = monitor.spec.resources
    if resources is None:
        return None
    scope = Scope(monitor)
    return PanelRow(f"Resources of {resources.job}", [_panel(scope, resources.job, taken) for taken in _PANELS])


def _panel(scope: Scope, job: str, taken: _ProcessPanel) -> grafana.TimeSeries:
    """The job is the process's own, not the exporter's, which is chosen on top."""
    matchers = (equals("monitor", scope.monitor.name), matches("cluster", "$cluster"), equals("job", job))
    limit = thresholds(scope.monitor).get(taken.check)
    alerts = "" if limit is None else f" Above the line {names.RESOURCES_HIGH} fires."
    return time_series(
        PanelText(taken.title, f"{taken.what} in each instance of the model's process.{alerts}"),
        [
            lines("max", f"{taken.record}{{{', '.join(matchers)}}}", "instance"),
            *([] if limit is None else [threshold_query(scope.threshold(taken.check))]),
        ],
        unit=taken.unit,
        steps=NEUTRAL if limit is None else bad_above(limit),
    )
