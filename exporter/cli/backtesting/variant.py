"""A monitor that is to be tried: its rules, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter import catalog
from exporter.cli.backtesting.counted import FAMILIES
from exporter.cli.backtesting.describing import DESCRIPTION, series_named
from exporter.cli.backtesting.objectives import TriedObjectives
from exporter.cli.backtesting.reaching import looks_back_s, reaches
from exporter.monitor.duration import parse_duration_s
from exporter.monitor.load import LoadedMonitor
from exporter.monitor.spec import Monitor
from exporter.reference.document import Reference
from exporter.window.shared import counting_digest
from rules.dependencies import levels, needed, selectors
from rules.group import AlertingRule, RecordingRule, RuleGroup
from rules.links import Links
from rules.rendering import monitor_groups
from rules.slo.services import service_groups


@dataclass(frozen=True, slots=True)
class Variant:
    """A monitor that is to be tried, under a name, with its reference and OpenSLO objectives beside it."""

    name: str
    loaded: LoadedMonitor
    reference: Reference | None
    beside: TriedObjectives = field(default_factory=TriedObjectives)

    @property
    def monitor(self) -> Monitor:
        return self.loaded.monitor

    @property
    def alerts(self) -> list[AlertingRule]:
        return [rule for rule in self._rules() if isinstance(rule, AlertingRule)]

    @property
    def recorded(self) -> list[RecordingRule]:
        """What the alerts, and what they say, rest on."""
        rules = [rule for rule in self._rules() if isinstance(rule, RecordingRule)]
        said = self._said
        looked_up = [rule.record for rule in rules if rule.record in said]
        return needed(rules, [*(alert.expr for alert in self.alerts), *looked_up])

    @property
    def families(self) -> frozenset[str]:
        """Of the exporter's, all but thresholds that the alerts, and what they say, rest on."""
        queries = [*(alert.expr for alert in self.alerts), *(rule.expr for rule in self.recorded)]
        read = {selector.name for query in queries for selector in selectors(query)} | self._said
        return frozenset(FAMILIES[name] for name in read if name in FAMILIES) - {catalog.MONITOR_THRESHOLD.name}

    @property
    def intervals(self) -> Mapping[str, float]:
        """By its expression, how often a rule is evaluated whose group has an interval of its own."""
        groups = [(parse_duration_s(group.interval), group) for group in self._groups() if group.interval]
        return {rule.expr: interval_s for interval_s, group in groups for rule in group.rules}

    @property
    def reaches(self) -> Mapping[str, float]:
        """How long before the span each recorded series begins, by its expression."""
        return reaches(self.recorded, [alert.expr for alert in self.alerts])

    @property
    def reach_s(self) -> float:
        """How far back an alert looks at most, through all that it rests on."""
        recorded = (reach_s + looks_back_s(expr) for expr, reach_s in self.reaches.items())
        return max([*recorded, *(looks_back_s(alert.expr) for alert in self.alerts)], default=0.0)

    def counting(self) -> str:
        """Equal for variants whose rows are counted alike."""
        return counting_digest(self.monitor, self.reference, slots=1)

    def split(self) -> tuple[list[RecordingRule], list[RecordingRule]]:
        """The recorded rules that rest on no threshold, which a sweep leaves as they are, and those that do."""
        rules, tuned = self.recorded, list[RecordingRule]()
        for level in levels(rules):
            tuned += [rule for rule in level if _reads_thresholds(rule) or needed(tuned, [rule.expr])]
        return [rule for rule in rules if rule not in tuned], [rule for rule in rules if rule in tuned]

    @property
    def _said(self) -> set[str]:
        """Whatever may be the name of a series in what alerts say."""
        return {name for alert in self.alerts for name in series_named(alert.annotations[DESCRIPTION])}

    def _rules(self) -> list[RecordingRule | AlertingRule]:
        return [rule for group in self._groups() for rule in group.rules]

    def _groups(self) -> list[RuleGroup]:
        services = service_groups(self.beside.objectives, [self.monitor], Links())
        return [*monitor_groups(self.monitor, Links()), *(group for part in services.values() for group in part)]


def _reads_thresholds(rule: RecordingRule) -> bool:
    return any(selector.name == catalog.MONITOR_THRESHOLD.name for selector in selectors(rule.expr))
