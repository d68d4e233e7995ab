"""Performance against labels: metrics of the model's task over the monitor's window."""

from __future__ import annotations

from collections.abc import Callable

from exporter.monitor.spec import Monitor, Task
from rules import binary_performance, multiclass_performance, names, regression_performance
from rules.confidence import zscore_rule
from rules.group import AlertingRule, RecordingRule, RuleGroup
from rules.label_coverage_alert import label_coverage_low
from rules.label_delivery import delivery_rules
from rules.labelled import label_rules
from rules.links import Links
from rules.performance_alert import performance_low


def performance_groups(monitor: Monitor, links: Links) -> list[RuleGroup]:
    """One group; none for a monitor without labels."""
    spec = monitor.spec
    if spec.labels is None:
        return []
    rules: list[RecordingRule | AlertingRule] = [
        *label_rules(monitor),
        zscore_rule(monitor),
        *delivery_rules(monitor),
        *_RULES_BY_TASK[spec.model.task](monitor),
        *(rule for objective in spec.performance.objectives for rule in performance_low(monitor, objective, links)),
        *label_coverage_low(monitor, links),
    ]
    return [RuleGroup(names.group(monitor.name, "performance", spec.performance.window), tuple(rules))]


_RULES_BY_TASK: dict[Task, Callable[[Monitor], list[RecordingRule]]] = {
    "binary": binary_performance.rules,
    "multiclass": multiclass_performance.rules,
    "regression": regression_performance.rules,
}
