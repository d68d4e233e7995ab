"""Rule files: one for each monitor, and one for what belongs to none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from exporter.monitor.spec import Monitor
from rules import names
from rules.availability import availability_groups
from rules.drift import drift_groups
from rules.freshness import freshness_groups
from rules.group import RuleGroup
from rules.latency import latency_groups
from rules.links import Links
from rules.performance import performance_groups
from rules.quality import quality_groups
from rules.self_monitoring import self_monitoring_groups
from rules.yaml_document import to_yaml

COMMAND = "infranaut generate rules"

_GROUPS: tuple[Callable[[Monitor, Links], list[RuleGroup]], ...] = (
    drift_groups,
    performance_groups,
    quality_groups,
    latency_groups,
    availability_groups,
    freshness_groups,
)


def render(monitors: Sequence[Monitor], links: Links | None = None) -> Mapping[str, str]:
    """The text of each rule file by its name."""
    links = links or Links()
    ordered = sorted(monitors, key=lambda monitor: monitor.name)
    files = {names.rule_file(monitor.name): _rule_file(monitor_groups(monitor, links)) for monitor in ordered}
    return {**files, names.GENERAL_RULE_FILE: _rule_file(self_monitoring_groups(links))}


def monitor_groups(monitor: Monitor, links: Links) -> list[RuleGroup]:
    """Every group of one monitor; none reads what another records."""
    return [group for groups in _GROUPS for group in groups(monitor, links)]


def _rule_file(groups: Sequence[RuleGroup]) -> str:
    return to_yaml({"groups": [group.as_document() for group in groups]}, COMMAND)
