"""What all alerts of a monitor share: labels that tell one from another, and a second one that is louder."""

from __future__ import annotations

from collections import Counter

from exporter.monitor.alert_mistakes import OWN_LABELS
from exporter.monitor.spec import Monitor
from rules import names
from rules.group import AlertingRule, RecordingRule
from rules.links import Links
from rules.rendering import groups_by_part
from rules.scope import RuleScope
from rules.scoped_groups import scope_texts
from tests.support.golden_monitors import MULTICLASS, golden_monitor, golden_monitors

HOUR = {"after": "1h"}


def test_no_two_rules_of_a_monitor_have_the_same_name_and_labels() -> None:
    """promtool takes them for a mistake, and a plan could not tell one from the other."""
    classes = [{"metric": "recall", "class": of, "minimum": 0.5} for of in ("billing", "returns")]
    whole = {"metric": "recall", "minimum": 0.5}
    monitor = golden_monitor(
        MULTICLASS, performance={"objectives": [*classes, whole]}, drift={"previous": ["1d", "7d"]}
    )
    for of in (monitor, *golden_monitors()):
        rules = Counter((rule.alert, *sorted(rule.labels.items())) for rule in alerts(of))
        assert [rule for rule, times in rules.items() if times > 1] == []


def test_every_label_that_tells_alerts_apart_is_closed_to_people() -> None:
    labels = {label for monitor in golden_monitors() for rule in alerts(monitor) for label in rule.labels}
    assert labels - {names.TEAM, names.TIER} <= OWN_LABELS
    assert names.SEVERITY in labels


def test_only_a_louder_alert_comes_second() -> None:
    tuning = {"InfranautMissingValues": {"severity": "critical"}, "InfranautDataInvalid": {"severity": "info"}}
    escalate = HOUR | {"severity": "warning"}
    monitor = golden_monitor(MULTICLASS, alerts={"severity": "warning", "escalate": escalate, "tuning": tuning})
    assert severities(monitor, names.MISSING_VALUES) == ["critical"]
    assert severities(monitor, names.FEATURE_DRIFT) == ["warning"]
    assert severities(monitor, names.DATA_INVALID) == ["info", "warning"]


def severities(monitor: Monitor, name: str) -> list[str]:
    return [rule.labels[names.SEVERITY] for rule in alerts(monitor) if rule.alert == name]


def alerts(monitor: Monitor) -> list[AlertingRule]:
    parts = groups_by_part([monitor], Links(), scope_texts(RuleScope()))
    found: list[RecordingRule | AlertingRule] = [
        rule for groups in parts.values() for group in groups for rule in group.rules
    ]
    return [rule for rule in found if isinstance(rule, AlertingRule)]
