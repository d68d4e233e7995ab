"""Which recorded series a rule reads, found in the parsed query, and the order that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import promql_parser

from exporter.monitor.promql_literal import literal
from rules.group import RecordingRule


@dataclass(frozen=True, slots=True)
class Selector:
    """The series that a query asks for: their name, and its matchers as (label, operator, value)."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]

    def value_of(self, label: str) -> str | None:
        """What the label has to equal; None where any value, or one of several, will do."""
        return next((value for name, operator, value in self.matchers if (name, operator) == (label, "=")), None)

    def __str__(self) -> str:
        matchers = ",".join(f"{label}{operator}{literal(value)}" for label, operator, value in self.matchers)
        return f"{self.name}{{{matchers}}}" if matchers else self.name


@lru_cache(maxsize=4096)
def selectors(query: str) -> tuple[Selector, ...]:
    """Every selector of a query, those of its range vectors and subqueries included."""
    found: list[Selector] = []

    def collect(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(selector_of(node))
        elif isinstance(node, promql_parser.MatrixSelector):
            found.append(selector_of(node.vector_selector))
        return True

    promql_parser.walk(promql_parser.parse(query), collect)
    return tuple(dict.fromkeys(found))


def selector_of(node: promql_parser.VectorSelector) -> Selector:
    matchers = tuple((each.name, _OPERATORS[str(each.op)], each.value) for each in node.matchers.matchers)
    named = next((value for label, operator, value in matchers if (label, operator) == ("__name__", "=")), "")
    return Selector(node.name or named, tuple(each for each in matchers if each[0] != "__name__"))


_OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


def levels(rules: Sequence[RecordingRule]) -> list[list[RecordingRule]]:
    """The rules in the fewest steps such that none reads what its own step, or a later one, records.

    ValueError when rules read each other in a circle.
    """
    readers = {index: _read_by(rule, rules) for index, rule in enumerate(rules)}
    depths: dict[int, int] = {}
    while len(depths) < len(rules):
        ready = [index for index, read in readers.items() if index not in depths and read <= depths.keys()]
        if not ready:
            circle = ", ".join(sorted({rules[index].record for index in readers if index not in depths}))
            raise ValueError(f"these recorded series read each other in a circle: {circle}")
        depths |= dict.fromkeys(ready, max(depths.values(), default=-1) + 1)
    return [[rules[index] for index in range(len(rules)) if depths[index] == depth] for depth in range(_count(depths))]


def needed(rules: Sequence[RecordingRule], queries: Iterable[str]) -> list[RecordingRule]:
    """The rules that these queries rest on, directly or through others, in their order."""
    wanted = {index for query in queries for index in _recorders(selectors(query), rules)}
    while True:
        more = {other for index in wanted for other in _recorders(selectors(rules[index].expr), rules)} - wanted
        if not more:
            return [rule for index, rule in enumerate(rules) if index in wanted]
        wanted |= more


def _read_by(rule: RecordingRule, rules: Sequence[RecordingRule]) -> set[int]:
    return _recorders(selectors(rule.expr), rules)


def _recorders(read: Iterable[Selector], rules: Sequence[RecordingRule]) -> set[int]:
    by_name: Mapping[str, list[Selector]] = _by_name(read)
    return {
        index
        for index, rule in enumerate(rules)
        if any(_may_match(selector, rule) for selector in by_name.get(rule.record, ()))
    }


def _by_name(read: Iterable[Selector]) -> dict[str, list[Selector]]:
    found: dict[str, list[Selector]] = {}
    for selector in read:
        found.setdefault(selector.name, []).append(selector)
    return found


def _may_match(selector: Selector, rule: RecordingRule) -> bool:
    """Labels that the rule sets decide: a running sum reads the bin before its own, under the same name."""
    return all(selector.value_of(label) in (None, value) for label, value in rule.labels.items())


def _count(depths: Mapping[int, int]) -> int:
    return max(depths.values(), default=-1) + 1
