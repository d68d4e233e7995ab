"""What the process that serves a model takes, and InfranautResourcesHigh where that is more than it may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from exporter.monitor.resources import Resources
from exporter.monitor.spec import Monitor
from rules import names
from rules.alert_text import looked_up_threshold, plain
from rules.group import AlertingRule, RuleGroup
from rules.links import Links
from rules.monitor_alert import AlertDraft, monitor_alerts
from rules.process import process_rules
from rules.promql import equals, select, threshold

Resource = Literal["memory", "cpu", "open_files"]


class _Taken(NamedTuple):
    """Where a resource is recorded, its threshold, and how to say both."""

    record: str
    check: str
    verb: str
    unit: str
    of_what: str


_TAKEN: Mapping[Resource, _Taken] = {
    "memory": _Taken(names.process_memory(), "memory_bytes", "humanize1024", "B", " of memory"),
    "cpu": _Taken(names.process_cpu(), "cpu", 'printf "%.2f"', "", " processors"),
    "open_files": _Taken(
        names.process_open_files(), "open_files", "humanizePercentage", "", " of its file descriptors"
    ),
}


def resource_groups(monitor: Monitor, links: Links) -> list[RuleGroup]:
    """One group; none where the monitor names no process."""
    resources = monitor.spec.resources
    if resources is None:
        return []
    records = process_rules(matchers=equals(names.JOB, resources.job), labels={names.MONITOR: monitor.name})
    alerts = [rule for resource in _limited(resources) for rule in _alerts(monitor, resources, resource, links)]
    return [RuleGroup(names.group(monitor.name, "resources"), (*records, *alerts))]


def _limited(resources: Resources) -> list[Resource]:
    limited: dict[Resource, object] = {"memory": resources.maximum_memory, "cpu": resources.maximum_cpu}
    return [*(resource for resource, limit in limited.items() if limit is not None), "open_files"]


def _alerts(monitor: Monitor, resources: Resources, resource: Resource, links: Links) -> list[AlertingRule]:
    """The threshold is a series of the exporter's job, not of the process's: it is joined by the monitor alone."""
    taken = _TAKEN[resource]
    limit = f"max by ({names.MONITOR}) ({threshold(monitor, taken.check)})"
    said = f"{{{{ $value | {taken.verb} }}}}{taken.unit}{taken.of_what}"
    draft = AlertDraft(
        alert=names.RESOURCES_HIGH,
        expr=f"{select(taken.record, monitor)} > on ({names.MONITOR}) group_left () {limit}",
        hold=str(resources.hold),
        labels={names.RESOURCE: resource},
        summary=f"{monitor.name}: {{{{ $labels.instance }}}} takes {said}",
        description=(
            f"The instance {{{{ $labels.instance }}}} of {plain(resources.job)}, which serves model "
            f"{plain(monitor.spec.model.name)}, takes {said}; "
            f"{looked_up_threshold(monitor, taken.check, taken.verb)}{taken.unit} are allowed."
        ),
    )
    return monitor_alerts(monitor, draft, links)
