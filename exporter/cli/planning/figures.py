"""What monitors cost, one by one and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from exporter.cli.planning.assumed import PlannedMonitor
from exporter.cli.planning.exposed import PlannedFleet, child_count, exporter_series, exposed_series
from exporter.cli.planning.planned import PlannedFiles
from exporter.cli.planning.queried import assumed_series, foreign_selectors
from exporter.window.layout import Layout
from rules.cost import RulesCost, coefficients, cost_of_rules
from rules.group import AlertingRule, RuleGroup
from rules.label_vectors import LabelSet
from rules.links import Links
from rules.rendering import monitor_groups
from rules.self_monitoring import self_monitoring_groups
from rules.slo.services import service_groups

DAY_S = 86_400
EXPORTER = "(exporter)"
"""The rules that belong to no monitor."""


class Figures(msgspec.Struct, frozen=True):
    """What one monitor, the OpenSLO objectives of one service, or all of them, mean for Prometheus.

    budget_series : what the monitor would expose if nothing limited it; held against `spec.limits.series`.
    """

    exposed_series: int = 0
    recorded_series: int = 0
    budget_series: int = 0
    rules: int = 0
    alerts: int = 0
    evaluations_per_minute: float = 0.0
    cpu_seconds_per_minute: float = 0.0
    samples_per_second: float = 0.0
    memory_bytes: float = 0.0
    disk_bytes_per_day: float = 0.0

    @property
    def series(self) -> int:
        return self.exposed_series + self.recorded_series

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__struct_fields__))


@dataclass(frozen=True, slots=True)
class PlannedPace:
    """How often Prometheus scrapes and evaluates."""

    scrape_s: float = 15.0
    evaluation_s: float = 15.0


@dataclass(frozen=True, slots=True)
class PartFigures:
    """Figures by the monitor's name, by the part that is a service's rule file, and those of what belongs to neither.

    foreign : metrics that OpenSLO queries read, and no monitor here exposes.
    """

    by_part: dict[str, Figures]
    foreign: tuple[str, ...] = ()


def figures_of(
    planned: PlannedFiles, fleet: PlannedFleet, pace: PlannedPace, links: Links | None = None
) -> PartFigures:
    """Nothing without monitors and objectives."""
    if not planned:
        return PartFigures({})
    links = links or Links()
    found: dict[str, Figures] = {}
    known: dict[str, list[LabelSet]] = {}
    for each in planned.monitors:
        exposed = exposed_series(each.loaded, each.reference, fleet)
        groups = monitor_groups(each.monitor, links)
        cost = cost_of_rules(groups, exposed, pace.scrape_s)
        found[each.monitor.name] = _figures(groups, exposed, cost, pace, _wanted(each, fleet))
        for name, sets in (*exposed.items(), *cost.recorded.items()):
            known.setdefault(name, []).extend(sets)
    own = exporter_series(fleet)
    known |= own
    foreign: set[str] = set()
    for part, groups in service_groups(planned.objectives, planned.specified, links).items():
        read = foreign_selectors(groups, known)
        assumed = assumed_series(read, fleet.queried_series)
        found[part] = _figures(groups, {}, cost_of_rules(groups, known, pace.scrape_s, assumed=assumed), pace, 0)
        foreign |= {selector.name for selector in read}
    groups = self_monitoring_groups(links)
    found[EXPORTER] = _figures(groups, own, cost_of_rules(groups, known, pace.scrape_s), pace, 0)
    return PartFigures(found, tuple(sorted(foreign)))


def _wanted(planned: PlannedMonitor, fleet: PlannedFleet) -> int:
    layout = Layout(planned.monitor, planned.reference)
    children = child_count(planned.monitor, fleet.versions)
    return layout.overall.series + layout.static_series + children * layout.model.series


def _figures(
    groups: Sequence[RuleGroup],
    exposed: Mapping[str, Sequence[LabelSet]],
    cost: RulesCost,
    pace: PlannedPace,
    wanted: int,
) -> Figures:
    known = coefficients()
    rules = [rule for group in groups for rule in group.rules]
    scraped = sum(map(len, exposed.values()))
    work = cost.a_second(pace.evaluation_s)
    scraped_a_second = scraped / pace.scrape_s
    disk = scraped_a_second * known.disk_bytes_a_sample + work.recorded * known.disk_bytes_a_recorded_sample
    return Figures(
        exposed_series=scraped,
        recorded_series=cost.recorded_series,
        budget_series=wanted,
        rules=len(rules),
        alerts=sum(isinstance(rule, AlertingRule) for rule in rules),
        evaluations_per_minute=cost.rules_a_second(pace.evaluation_s) * 60,
        cpu_seconds_per_minute=known.cpu_s(work) * 60,
        samples_per_second=scraped_a_second + work.recorded,
        memory_bytes=(scraped + cost.recorded_series) * known.head_bytes_a_series,
        disk_bytes_per_day=disk * DAY_S,
    )
