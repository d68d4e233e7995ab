"""What is wrong with a query that a person wrote, as a PromQL parser sees it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import promql_parser

from exporter.monitor.regular_expression import regex_mistake

_DURATIONS = re.compile(r"\$(?:__rate_interval|__interval|__range)\b|\$\{__(?:rate_interval|interval|range)\}")
"""Grafana's own variables; its others stand inside of string literals, where any text may."""
_VARIABLE = re.compile(r"\$(\w+)|\[\[(\w+?)(?::\w+)?\]\]|\$\{(\w+)(?:\.[^:^}]+)?(?::[^}]+)?\}", re.ASCII)
_NAMED_GROUP = re.compile(r"\(\?P?<(\w+)>")
_GRAFANAS_OWN = frozenset(
    f"__{name}"
    for name in (
        *("interval", "interval_ms", "rate_interval", "rate_interval_ms", "range", "range_s", "range_ms"),
        *("from", "to", "dashboard", "name", "org", "user", "timezone"),
    )
)
_PATTERN_OF_LABEL_REPLACE = 4


def promql_mistake(query: str) -> str | None:
    """In words; None where Prometheus would take the query once Grafana has filled in its durations."""
    try:
        tree = promql_parser.parse(_DURATIONS.sub("5m", query))
    except ValueError as error:
        return str(error)
    return refused_regex(tree)


def refused_regex(tree: promql_parser.Expr) -> str | None:
    """The first regular expression of a query that Prometheus would refuse, and why."""
    for pattern in _regular_expressions(tree):
        if mistake := regex_mistake(pattern):
            return f"the regular expression {pattern!r} is none of Prometheus: {mistake}"
    return None


def unknown_variables(query: str, known: Collection[str]) -> list[str]:
    """Variables of a dashboard that Grafana would leave as they are written; groups of a label_replace are none."""
    named = [name for match in _VARIABLE.finditer(query) for name in match.groups() if name]
    allowed = {*known, *_GRAFANAS_OWN, *_NAMED_GROUP.findall(query)}
    return [name for name in dict.fromkeys(named) if name not in allowed and not name.isdigit()]


def _regular_expressions(tree: promql_parser.Expr) -> list[str]:
    """Every one of a query: of its matchers, and of its calls of label_replace."""
    found: list[str] = []

    def look(node: promql_parser.Expr) -> bool:
        found.extend(_patterns_of(node))
        return True

    promql_parser.walk(tree, look)
    return found


def _patterns_of(node: promql_parser.Expr) -> Iterator[str]:
    match node:
        case promql_parser.MatrixSelector():
            yield from _patterns_of(node.vector_selector)
        case promql_parser.VectorSelector():
            matchers = [*node.matchers.matchers, *(each for some in node.matchers.or_matchers for each in some)]
            kinds = (promql_parser.MatchOp.Re, promql_parser.MatchOp.NotRe)
            yield from (each.value for each in matchers if each.op in kinds)
        case promql_parser.Call() if node.func.name == "label_replace":
            pattern = node.args[_PATTERN_OF_LABEL_REPLACE]
            if isinstance(pattern, promql_parser.StringLiteral):
                yield pattern.val
