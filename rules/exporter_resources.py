"""What the exporter's own process takes: processor, memory and open files of whatever exposes its build."""

from __future__ import annotations

from exporter import catalog
from rules import names
from rules.group import AlertingRule, RecordingRule
from rules.links import Links
from rules.process import process_rules
from rules.self_alert import SelfAlertDraft, self_alert

_MOST_OPEN_FILES = 0.8


def exporter_resource_rules(links: Links) -> list[RecordingRule | AlertingRule]:
    """InfranautExporterResourcesHigh: out of file descriptors an exporter refuses connections."""
    draft = SelfAlertDraft(
        alert=names.EXPORTER_RESOURCES_HIGH,
        expr=f'{names.process_open_files()}{{monitor=""}} > {_MOST_OPEN_FILES}',
        hold="5m",
        summary="{{ $labels.instance }}: {{ $value | humanizePercentage }} of the file descriptors are open",
        description=(
            "The exporter {{ $labels.instance }} (job {{ $labels.job }}) has {{ $value | humanizePercentage }} of its "
            "file descriptors open. Without any left it takes no connections, and writes no spool."
        ),
        labels={names.RESOURCE: "open_files"},
    )
    return [*process_rules(f" and on (job, instance) {catalog.BUILD_INFO.name}"), self_alert(draft, links)]
