"""The series that OpenSLO queries read and no monitor exposes: those of programs that a plan knows nothing of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rules.dependencies import Selector, selectors
from rules.group import RecordingRule, RuleGroup
from rules.label_vectors import LabelSet


def foreign_selectors(groups: Iterable[RuleGroup], known: Mapping[str, Sequence[LabelSet]]) -> list[Selector]:
    """Those whose series no monitor exposes, and no rule of the groups records, in the order of their names."""
    rules = [rule for group in groups for rule in group.rules]
    ours = {*known, *(rule.record for rule in rules if isinstance(rule, RecordingRule))}
    read = {selector for rule in rules for selector in selectors(rule.expr)}
    return sorted(
        (selector for selector in read if selector.name not in ours), key=lambda each: (each.name, each.matchers)
    )


def assumed_series(found: Iterable[Selector], count: int) -> dict[Selector, list[LabelSet]]:
    """So many series for each selector, with the labels that it asks for."""
    return {selector: [_series(selector, number) for number in range(1, count + 1)] for selector in found}


def _series(selector: Selector, number: int) -> LabelSet:
    wanted = {label: value for label, operator, value in selector.matchers if operator == "=" and value}
    return frozenset({"instance": f"target-{number}", **wanted}.items())
