"""How much a query of counters grows with each series: PromQL on label sets, where values are sums of series.

Of the language of `exporter.monitor.counter_query`, to which queries of objectives are held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import promql_parser as promql

from rules.dependencies import selector_of
from rules.scenario.queried.told_apart import QueriedSeries, finds
from rules.scenario.queried.undriven import UndrivenQuery

Growths = Mapping[QueriedSeries, float]
"""How often each series is counted."""
_LabelSet = frozenset[tuple[str, str]]
_LabelKey = Callable[[_LabelSet], _LabelSet]
"""What label sets have to share, to be one group or to match."""
_Counts = Mapping[QueriedSeries | None, float]
"""How often each series is counted; under None what is there whatever grows."""
_Vector = dict[_LabelSet, _Counts]
_Scalar = float


def growth_of(query: str, present: Sequence[QueriedSeries], replicas: Sequence[tuple[str, str]]) -> Growths:
    """How often the query's one answer counts each of the series, which every replica (a label and its value) has.

    UndrivenQuery where something else is counted, or where Prometheus would refuse the query.
    """
    scraped = [(series, _labels(series) | {replica}) for series in present for replica in replicas]
    answer = _value(promql.parse(query), _Scraped(scraped))
    if isinstance(answer, float) or set(answer) - {frozenset()}:
        raise UndrivenQuery("the query does not answer one series")
    counts = answer.get(frozenset(), {})
    if counts.get(None):
        raise UndrivenQuery("the query counts something without any series")
    return {series: count / len(replicas) for series, count in counts.items() if series is not None}


class _Scraped(list[tuple[QueriedSeries, _LabelSet]]):
    """The series that there are, each with its labels."""


def _labels(series: QueriedSeries) -> _LabelSet:
    return frozenset(series.labels)


def _value(node: Any, scraped: _Scraped) -> _Vector | _Scalar:
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise UndrivenQuery(f"{node} is not understood")
    return handler(node, scraped)


def _vector(node: Any, scraped: _Scraped) -> _Vector:
    value = _value(node, scraped)
    return {frozenset(): {None: value}} if isinstance(value, float) else value


def _selected(node: promql.VectorSelector, scraped: _Scraped) -> _Vector:
    selector = selector_of(node)
    return {labels: {series: 1.0} for series, labels in scraped if finds(selector, series)}


def _called(node: promql.Call, scraped: _Scraped) -> _Vector:
    """rate, increase and vector, none of which changes what is counted."""
    return _vector(node.args[0], scraped)


def _summed(node: promql.AggregateExpr, scraped: _Scraped) -> _Vector:
    key = _group_of(node.modifier)
    found: _Vector = {}
    for labels, counts in _vector(node.expr, scraped).items():
        found[key(labels)] = _added(found.get(key(labels), {}), counts)
    return found


def _operated(node: promql.BinaryExpr, scraped: _Scraped) -> _Vector | _Scalar:
    left, right, operator = _value(node.lhs, scraped), _value(node.rhs, scraped), str(node.op)
    sign = -1.0 if operator == "-" else 1.0
    if isinstance(left, float) and isinstance(right, float):
        return left + sign * right
    if isinstance(left, float):
        return {labels: _added({None: left}, counts, sign) for labels, counts in _as_vector(right).items()}
    if isinstance(right, float):
        return {labels: _added(counts, {None: right}, sign) for labels, counts in left.items()}
    key = _match_of(node.modifier)
    if operator in _LOGICAL:
        return _LOGICAL[operator](left, right, key)
    if node.modifier is not None and "OneToOne" not in str(node.modifier.card):
        raise UndrivenQuery("group_left and group_right are not followed")
    partners = _once(right, key)
    return {
        labels: _added(counts, partners[labels], sign)
        for labels, counts in _once(left, key).items()
        if labels in partners
    }


def _as_vector(value: _Vector | _Scalar) -> _Vector:
    return {frozenset(): {None: value}} if isinstance(value, float) else value


def _group_of(modifier: promql.AggModifier | None) -> _LabelKey:
    if modifier is None:
        return lambda _labels: frozenset()
    return _part(modifier.labels, is_kept=modifier.type != promql.AggModifierType.Without)


def _match_of(modifier: promql.BinModifier | None) -> _LabelKey:
    if modifier is None or modifier.matching is None:
        return lambda labels: labels
    return _part(modifier.matching.labels, is_kept=modifier.matching.type == promql.LabelModifierType.Include)


def _part(names: Iterable[str], *, is_kept: bool) -> _LabelKey:
    told = frozenset(names)
    return lambda labels: frozenset(pair for pair in labels if (pair[0] in told) == is_kept)


def _once(vector: _Vector, key: _LabelKey) -> _Vector:
    """By what is matched; Prometheus refuses several that match alike."""
    found = {key(labels): counts for labels, counts in vector.items()}
    if len(found) < len(vector):
        raise UndrivenQuery("several series match one")
    return found


def _or(left: _Vector, right: _Vector, key: _LabelKey) -> _Vector:
    known = set(map(key, left))
    return left | {labels: counts for labels, counts in right.items() if key(labels) not in known}


def _kept(left: _Vector, right: _Vector, key: _LabelKey, *, where_known: bool) -> _Vector:
    known = set(map(key, right))
    return {labels: counts for labels, counts in left.items() if (key(labels) in known) == where_known}


def _added(left: _Counts, right: _Counts, sign: float = 1.0) -> _Counts:
    return {each: left.get(each, 0.0) + sign * right.get(each, 0.0) for each in {**left, **right}}


def _negated(node: promql.UnaryExpr, scraped: _Scraped) -> _Vector | _Scalar:
    value = _value(node.expr, scraped)
    if isinstance(value, float):
        return -value
    return {labels: _added({}, counts, -1.0) for labels, counts in value.items()}


_LOGICAL: Mapping[str, Callable[[_Vector, _Vector, _LabelKey], _Vector]] = {
    "or": _or,
    "and": lambda left, right, key: _kept(left, right, key, where_known=True),
    "unless": lambda left, right, key: _kept(left, right, key, where_known=False),
}
_HANDLERS: Mapping[type[promql.Expr], Callable[[Any, _Scraped], _Vector | _Scalar]] = {
    promql.NumberLiteral: lambda node, _scraped: float(node.val),
    promql.ParenExpr: lambda node, scraped: _value(node.expr, scraped),
    promql.UnaryExpr: _negated,
    promql.VectorSelector: _selected,
    promql.MatrixSelector: lambda node, scraped: _selected(node.vector_selector, scraped),
    promql.Call: _called,
    promql.AggregateExpr: _summed,
    promql.BinaryExpr: _operated,
}
