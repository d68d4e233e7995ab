"""The alerts of some monitors with everything that decides who is told of what, and what differs between two lots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec
import yaml

import alertmanager
from alertmanager.delivery import DeliverySettings
from alertmanager.rendering import CONFIGURATION_FILE
from exporter import catalog
from exporter.cli.planning.figures import EXPORTER
from exporter.cli.planning.routing import Route, receivers_of
from exporter.cli.planning.subjects import subjects
from exporter.monitor.service_objectives import ServiceSlo
from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import thresholds
from rules import names
from rules.alert_text import plain
from rules.dependencies import selectors
from rules.group import AlertingRule, RuleGroup
from rules.links import Links
from rules.promql import number
from rules.rendering import monitor_groups
from rules.self_monitoring import self_monitoring_groups
from rules.slo.services import service_groups

_TUNED = (names.SEVERITY, names.TEAM, names.TIER)
"""Labels that do not tell one alert of a monitor from another."""

Change = Literal["added", "removed", "changed"]


class FieldChange(msgspec.Struct, frozen=True):
    """One thing about an alert before and after; empty where it was not there."""

    field: str
    before: str
    after: str


class AlertChange(msgspec.Struct, frozen=True):
    """An alert that is new, gone or different.

    about     : what tells it from its kin, such as `window=1h`.
    receivers : who is told of it now; before, where it is gone.
    """

    change: Change
    monitor: str
    alert: str
    about: str
    severity: str
    receivers: list[str]
    fields: list[FieldChange]


@dataclass(frozen=True, slots=True)
class PagingAlert:
    """An alert, its thresholds by check, and who is told of it by the monitor that it names.

    What names none is an alert about the exporter, and told under EXPORTER.
    """

    monitor: str
    rule: AlertingRule
    thresholds: Mapping[str, float]
    told: Mapping[str, Sequence[str]]

    @property
    def receivers(self) -> list[str]:
        """All of them, each once."""
        return list(dict.fromkeys(name for receivers in self.told.values() for name in receivers))

    @property
    def about(self) -> str:
        """The labels that the rule itself gives it, but for those that people tune."""
        shown = (names.WINDOW, names.METRIC, names.BOUND)
        kept = {
            key: value for key, value in self.rule.labels.items() if key not in (*_TUNED, names.KIND, names.MONITOR)
        }
        ordered = sorted(kept, key=lambda key: (shown.index(key) if key in shown else len(shown), key))
        return ", ".join(f"{key}={kept[key]}" for key in ordered)

    def fields(self, monitors: Collection[str]) -> dict[str, str]:
        """Everything about it that can differ, as text; of who is told, what it is of these monitors."""
        rule = self.rule
        return {
            "severity": rule.labels.get(names.SEVERITY, ""),
            "for": rule.hold,
            "keep_firing_for": rule.keep_firing_for or "",
            **{f"threshold {check}": number(value) for check, value in self.thresholds.items()},
            **self._receiver_fields(monitors),
            **{f"label {name}": text for name, text in rule.labels.items() if name != names.SEVERITY},
            "expr": " ".join(rule.expr.split()),
            **{f"annotation {name}": text for name, text in rule.annotations.items()},
        }

    def _receiver_fields(self, monitors: Collection[str]) -> dict[str, str]:
        return {
            "receivers" if monitor == self.monitor else f"receivers about {monitor}": ", ".join(receivers)
            for monitor, receivers in self.told.items()
            if monitor in monitors
        }


def paging_alerts(
    monitors: Sequence[Monitor],
    objectives: Sequence[ServiceSlo] = (),
    links: Links | None = None,
    delivery: DeliverySettings | None = None,
) -> list[PagingAlert]:
    """Every alert of the monitors, of OpenSLO objectives and of the exporter, routed by the configuration that is
    generated for them."""
    links = links or Links()
    if not monitors and not objectives:
        return []
    root = yaml.safe_load(alertmanager.render(monitors, delivery)[CONFIGURATION_FILE])["route"]
    found = []
    for monitor in monitors:
        limits = thresholds(monitor)
        found += [_paging(monitor.name, rule, limits, root) for rule in _alerts(monitor_groups(monitor, links))]
    for groups in service_groups(objectives, monitors, links).values():
        found += [_paging(rule.labels[names.MONITOR], rule, {}, root) for rule in _alerts(groups)]
    named = [monitor.name for monitor in monitors]
    return found + [_paging_of_exporter(rule, named, root) for rule in _alerts(self_monitoring_groups(links))]


def changes(before: Sequence[PagingAlert], after: Sequence[PagingAlert]) -> list[AlertChange]:
    """What is different, in the order of the monitors."""
    old, new = _by_key(before), _by_key(after)
    found = []
    for key in dict.fromkeys((*old, *new)):
        was, now = old.get(key), new.get(key)
        fields = _differences(was, now) if was and now else []
        if was and now and not fields:
            continue
        found.append(_change(was, now, fields))
    return sorted(found, key=lambda change: (change.monitor, change.alert, change.about, change.change))


def told(alerts: Sequence[PagingAlert]) -> dict[str, list[str]]:
    """Receiver → the alerts it gets, as `monitor/alert (severity)`, where an alert names the monitor."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for alert in alerts:
        for monitor, receivers in alert.told.items():
            for receiver in receivers:
                found[receiver][f"{monitor}/{alert.rule.alert} ({alert.rule.labels[names.SEVERITY]})"] = None
    return {receiver: sorted(found[receiver]) for receiver in sorted(found)}


_Key = tuple[str, str, str, int]


@dataclass(slots=True)
class _Numbering:
    """Alerts of one name that nothing else tells apart are numbered: the second is the escalation of the first."""

    seen: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))

    def key(self, alert: PagingAlert) -> _Key:
        name = (alert.monitor, alert.rule.alert, alert.about)
        self.seen[name] += 1
        return (*name, self.seen[name])


def _by_key(alerts: Sequence[PagingAlert]) -> dict[_Key, PagingAlert]:
    numbering = _Numbering()
    return {numbering.key(alert): alert for alert in alerts}


def _change(was: PagingAlert | None, now: PagingAlert | None, fields: list[FieldChange]) -> AlertChange:
    shown = now or was
    assert shown is not None  # noqa: S101 - a key comes from one of the two
    change: Change = "added" if was is None else "removed" if now is None else "changed"
    severity = shown.rule.labels.get(names.SEVERITY, "")
    return AlertChange(change, shown.monitor, shown.rule.alert, shown.about, severity, list(shown.receivers), fields)


def _differences(was: PagingAlert, now: PagingAlert) -> list[FieldChange]:
    """A monitor that is new, or gone, changes nothing about an alert about the exporter."""
    shared = was.told.keys() & now.told.keys()
    before, after = was.fields(shared), now.fields(shared)
    return [
        FieldChange(name, before.get(name, ""), after.get(name, ""))
        for name in dict.fromkeys((*before, *after))
        if before.get(name, "") != after.get(name, "")
    ]


def _paging(monitor: str, rule: AlertingRule, limits: Mapping[str, float], root: Route) -> PagingAlert:
    read = {
        check
        for selector in selectors(rule.expr)
        if selector.name == catalog.MONITOR_THRESHOLD.name and (check := selector.value_of(names.CHECK)) in limits
    }
    told = {monitor: receivers_of(root, _labels(rule))}
    return PagingAlert(monitor, rule, {check: limits[check] for check in limits if check in read}, told)


def _paging_of_exporter(rule: AlertingRule, monitors: Sequence[str], root: Route) -> PagingAlert:
    """Told of no monitor to some, and of each monitor that it may name to others."""
    told = {
        monitor or EXPORTER: receivers_of(root, _labels(rule) | ({names.MONITOR: monitor} if monitor else {}))
        for monitor in subjects(rule, monitors)
    }
    return PagingAlert(EXPORTER, rule, {}, told)


def _labels(rule: AlertingRule) -> dict[str, str]:
    return {"alertname": rule.alert} | {name: unescaped(text) for name, text in rule.labels.items()}


def unescaped(text: str) -> str:
    """A label as Prometheus makes it of the template that `plain` wrote."""
    return text.replace(plain("{{"), "{{")


def _alerts(groups: Sequence[RuleGroup]) -> list[AlertingRule]:
    return [rule for group in groups for rule in group.rules if isinstance(rule, AlertingRule)]
