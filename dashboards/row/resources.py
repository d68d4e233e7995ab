"""What the exporters take: processor, memory, files, and Prometheus' time to scrape them."""

from __future__ import annotations

from dashboards.layout import PanelRow
from dashboards.panel import PanelQuery, PanelText, threshold_query, time_series
from dashboards.row.exporters_up import of_exporters
from dashboards.scope import RATE, FleetScope
from exporter.catalog import BUILD_INFO

CPU = "process_cpu_seconds_total"
MEMORY = "process_resident_memory_bytes"
OPEN_FILES = "process_open_fds"
OPEN_FILES_LIMIT = "process_max_fds"


def section(scope: FleetScope) -> PanelRow:
    """Series of the process that answers scrapes; prometheus_client and Prometheus make them, not the catalogue."""
    ours = f"and on (cluster, job, instance) {scope.series(BUILD_INFO)}"
    cpu, memory, files, limit = (scope.select(name, ()) for name in (CPU, MEMORY, OPEN_FILES, OPEN_FILES_LIMIT))
    panels = [
        time_series(
            PanelText("Processor", "Cores that the process behind /metrics is busy on, by exporter."),
            [PanelQuery(f"rate({cpu}[{RATE}]) {ours}", "{{instance}}")],
            unit="short",
        ),
        time_series(
            PanelText("Memory", "Resident memory of the process behind /metrics, by exporter."),
            [PanelQuery(f"{memory} {ours}", "{{instance}}")],
            unit="bytes",
        ),
        time_series(
            PanelText("Open files", "Files and sockets that the process behind /metrics holds, and how many it may."),
            [PanelQuery(f"{files} {ours}", "{{instance}}"), threshold_query(f"min ({limit} {ours})")],
            unit="short",
        ),
        time_series(
            PanelText("Scrapes", "How long Prometheus took to scrape each exporter."),
            [PanelQuery(of_exporters(scope, "scrape_duration_seconds"), "{{instance}}")],
            unit="s",
        ),
        time_series(
            PanelText("Samples", "Samples in each scrape, by exporter: what the monitors cost Prometheus."),
            [PanelQuery(of_exporters(scope, "scrape_samples_scraped"), "{{instance}}")],
            unit="short",
        ),
    ]
    return PanelRow("Resources", panels)
