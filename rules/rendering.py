"""Rule files: one for each monitor, and one for what belongs to none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from exporter.monitor.service_objectives import ServiceSlo
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
from rules.reference_old_alert import reference_age_groups
from rules.resources import resource_groups
from rules.scope import RuleScope
from rules.scoped_groups import ScopeTexts, scope_texts, scoped_groups, unscoped_groups
from rules.self_monitoring import self_monitoring_groups
from rules.slo.objectives import slo_groups
from rules.slo.services import service_groups
from rules.traffic import traffic_groups
from rules.yaml_document import to_yaml

COMMAND = "infranaut generate rules"

_GROUPS: tuple[Callable[[Monitor, Links], list[RuleGroup]], ...] = (
    drift_groups,
    performance_groups,
    quality_groups,
    traffic_groups,
    resource_groups,
    reference_age_groups,
    latency_groups,
    availability_groups,
    freshness_groups,
    slo_groups,
)


def render(
    monitors: Sequence[Monitor],
    links: Links | None = None,
    scope: RuleScope | None = None,
    objectives: Sequence[ServiceSlo] = (),
) -> Mapping[str, str]:
    """The text of each rule file by its name."""
    files = groups_by_part(monitors, links or Links(), scope_texts(scope or RuleScope()), objectives)
    return {
        names.rule_file(part) if part else names.GENERAL_RULE_FILE: rule_file(groups, COMMAND)
        for part, groups in files.items()
    }


def groups_by_part(
    monitors: Sequence[Monitor], links: Links, texts: ScopeTexts, objectives: Sequence[ServiceSlo] = ()
) -> Mapping[str, Sequence[RuleGroup]]:
    """The groups of each monitor by its name, under the empty name those that belong to none, and those of OpenSLO.

    A scope is one of the exporter's series; queries of OpenSLO say themselves what they read.
    """
    ordered = sorted(monitors, key=lambda monitor: monitor.name)
    groups = {monitor.name: monitor_groups(monitor, links) for monitor in ordered}
    groups[""] = self_monitoring_groups(links)
    scoped = {part: scoped_groups(of_part, texts) for part, of_part in groups.items()}
    services = service_groups(objectives, monitors, links)
    return scoped | {part: unscoped_groups(of_part, texts) for part, of_part in services.items()}


def monitor_groups(monitor: Monitor, links: Links) -> list[RuleGroup]:
    """Every group of one monitor; none reads what another records."""
    return [group for groups in _GROUPS for group in groups(monitor, links)]


def rule_file(groups: Sequence[RuleGroup], command: str) -> str:
    """What Prometheus reads."""
    return to_yaml({"groups": [group.as_document() for group in groups]}, command)
