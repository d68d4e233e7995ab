"""How long before the evaluated time each recorded series has to begin, so that all that reads it sees what it asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import promql_parser

from rules.dependencies import levels, needed, selectors
from rules.group import RecordingRule


def reaches(rules: Sequence[RecordingRule], queries: Iterable[str]) -> Mapping[str, float]:
    """Expression of each rule → seconds before the first time at which the queries are evaluated."""
    found: dict[str, float] = {}
    readers: dict[str, list[tuple[str, float]]] = {}

    def add_reader(query: str, reach_s: float) -> None:
        for name in {selector.name for selector in selectors(query)}:
            readers.setdefault(name, []).append((query, reach_s + looks_back_s(query)))

    for query in queries:
        add_reader(query, 0.0)
    for level in reversed(levels(rules)):
        for rule in level:
            read_by = [reach_s for query, reach_s in readers.get(rule.record, []) if needed([rule], [query])]
            found[rule.expr] = max([found.get(rule.expr, 0.0), *read_by])
        for rule in level:
            add_reader(rule.expr, found[rule.expr])
    return found


@lru_cache(maxsize=4096)
def looks_back_s(query: str) -> float:
    """How far back a query looks at most: its longest subquery, range and offset, as if each were inside the other."""
    ranges, subqueries, offsets = [0.0], [0.0], [0.0]

    def collect(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.SubqueryExpr) and node.range:
            subqueries.append(node.range.total_seconds())
        if isinstance(node, promql_parser.MatrixSelector):
            ranges.append(node.range.total_seconds())
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector | promql_parser.SubqueryExpr) and node.offset:
            offsets.append(node.offset.total_seconds())
        return True

    promql_parser.walk(promql_parser.parse(query), collect)
    return max(ranges) + max(subqueries) + max(offsets)
