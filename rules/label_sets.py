"""PromQL on label sets: which series a rule yields, and what Prometheus has to touch for it, without any value.

Comparisons keep every series, so the answer is that of a monitor of which every part has data. It is exact then; real
rules drop the series of what had no rows in their window.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import promql_parser as promql

from rules.dependencies import Selector, selector_of

LabelSet = frozenset[tuple[str, str]]
"""The labels of a series, without its name."""
Series = Mapping[str, Sequence[LabelSet]]
"""The series that there are, by name."""

_LE = "le"
_LOGICAL = {"and", "or", "unless"}
_ONE = (frozenset[tuple[str, str]](),)


@dataclass(slots=True)
class Work:
    """What one evaluation touches.

    rules      : rules evaluated.
    series     : series looked up in the database.
    samples    : samples of range vectors that are read.
    grouped    : series that go into aggregations.
    matched    : series on either side of operations between vectors.
    mapped     : series that functions, and operations with a number, go through.
    recorded   : series written.
    """

    rules: float = 0
    series: float = 0
    samples: float = 0
    grouped: float = 0
    matched: float = 0
    mapped: float = 0
    recorded: float = 0

    def __add__(self, other: Work) -> Work:
        return Work(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def times(self, count: float) -> Work:
        """The same so often."""
        return Work(*(getattr(self, name) * count for name in self.__slots__))


@dataclass(slots=True)
class Evaluation:
    """Evaluates queries over the series there are, and adds up the work.

    interval_s : from one sample of a series to the next, which tells how many a range vector holds.
    history_s  : how far back samples go.
    assumed    : what a selector finds of which the series are not known.
    """

    series: Series
    interval_s: float
    history_s: float = math.inf
    assumed: Mapping[Selector, Sequence[LabelSet]] = field(default_factory=dict)
    work: Work = field(default_factory=Work)
    _selected: dict[Selector, tuple[LabelSet, ...]] = field(default_factory=dict)

    def yields(self, query: str) -> Sequence[LabelSet]:
        """The label sets of a query's answer; a single empty one for a scalar."""
        return self._of(promql.parse(query))

    def _of(self, node: promql.Expr) -> Sequence[LabelSet]:
        handler = _HANDLERS.get(type(node))
        return _ONE if handler is None else handler(self, node)

    def _vector(self, node: promql.VectorSelector) -> Sequence[LabelSet]:
        if _seconds(node.offset) >= self.history_s:
            return ()
        found = self._select(selector_of(node))
        self.work.series += len(found)
        return found

    def _matrix(self, node: promql.MatrixSelector) -> Sequence[LabelSet]:
        found = self._vector(node.vector_selector)
        range_s = min(_seconds(node.range), self.history_s - _seconds(node.vector_selector.offset))
        self.work.samples += len(found) * range_s / self.interval_s
        return found

    def _subquery(self, node: promql.SubqueryExpr) -> Sequence[LabelSet]:
        steps = min(_seconds(node.range), self.history_s) / (_seconds(node.step) or self.interval_s)
        before, self.work = self.work, Work()
        found = self._of(node.expr)
        self.work = before + self.work.times(max(1, round(steps)))
        self.work.samples += len(found) * steps
        return found

    def _inside(self, node: promql.ParenExpr | promql.UnaryExpr) -> Sequence[LabelSet]:
        return self._of(node.expr)

    def _call(self, node: promql.Call) -> Sequence[LabelSet]:
        arguments = [self._of(argument) for argument in node.args if not _is_scalar(argument)]
        if not arguments:
            return _ONE
        vector = arguments[-1]
        self.work.mapped += len(vector)
        if node.func.name in ("absent", "absent_over_time"):
            return () if vector else _ONE
        if node.func.name in ("scalar", "vector"):
            return _ONE
        if node.func.name == "histogram_quantile":
            return _distinct(_without(labels, {_LE}) for labels in vector)
        if node.func.name == "label_replace":
            return _relabelled(vector, *(argument.val for argument in node.args[1:]))
        return vector

    def _aggregate(self, node: promql.AggregateExpr) -> Sequence[LabelSet]:
        vector = self._of(node.expr)
        self.work.grouped += len(vector)
        key = _grouping(node.modifier)
        if str(node.op) in ("topk", "bottomk"):
            most = int(getattr(node.param, "val", 1))
            seen: Counter[LabelSet] = Counter()
            kept = []
            for labels in vector:
                seen[key(labels)] += 1
                kept += [labels] if seen[key(labels)] <= most else []
            return kept
        return _distinct(map(key, vector))

    def _binary(self, node: promql.BinaryExpr) -> Sequence[LabelSet]:
        left, right = self._of(node.lhs), self._of(node.rhs)
        if _is_scalar(node.lhs) or _is_scalar(node.rhs):
            vector = right if _is_scalar(node.lhs) else left
            self.work.mapped += len(vector)
            return vector
        self.work.matched += len(left) + len(right)
        key = _matching(node.modifier)
        if str(node.op) in _LOGICAL:
            return _logical(str(node.op), left, right, key)
        return _joined(node, left, right, key)

    def _select(self, selector: Selector) -> tuple[LabelSet, ...]:
        if selector not in self._selected:
            tests = [_test(*matcher) for matcher in selector.matchers]
            known = self.series.get(selector.name, ())
            found = [labels for labels in known if _passes(dict(labels), tests)]
            self._selected[selector] = (*found, *self.assumed.get(selector, ()))
        return self._selected[selector]


_Key = Callable[[LabelSet], LabelSet]

_HANDLERS: Mapping[type[promql.Expr], Callable[[Evaluation, Any], Sequence[LabelSet]]] = {
    promql.VectorSelector: Evaluation._vector,
    promql.MatrixSelector: Evaluation._matrix,
    promql.SubqueryExpr: Evaluation._subquery,
    promql.ParenExpr: Evaluation._inside,
    promql.UnaryExpr: Evaluation._inside,
    promql.Call: Evaluation._call,
    promql.AggregateExpr: Evaluation._aggregate,
    promql.BinaryExpr: Evaluation._binary,
}


def _seconds(duration: timedelta | None) -> float:
    return duration.total_seconds() if duration else 0.0


def _is_scalar(node: promql.Expr) -> bool:
    if isinstance(node, promql.ParenExpr | promql.UnaryExpr):
        return _is_scalar(node.expr)
    if isinstance(node, promql.BinaryExpr):
        return _is_scalar(node.lhs) and _is_scalar(node.rhs)
    if isinstance(node, promql.Call):
        return str(node.func.return_type) == "ValueType.Scalar"
    return isinstance(node, promql.NumberLiteral | promql.StringLiteral)


def _passes(labels: Mapping[str, str], tests: Sequence[Callable[[Mapping[str, str]], bool]]) -> bool:
    return all(test(labels) for test in tests)


def _test(label: str, operator: str, value: str) -> Callable[[Mapping[str, str]], bool]:
    if operator in ("=", "!="):
        return lambda labels: (labels.get(label, "") == value) == (operator == "=")
    pattern = re.compile(value, re.DOTALL)
    return lambda labels: (pattern.fullmatch(labels.get(label, "")) is not None) == (operator == "=~")


def _grouping(modifier: promql.AggModifier | None) -> _Key:
    if modifier is None:
        return lambda _labels: frozenset()
    names = set(modifier.labels)
    is_without = modifier.type == promql.AggModifierType.Without
    return (lambda labels: _without(labels, names)) if is_without else (lambda labels: _only(labels, names))


def _matching(modifier: promql.BinModifier | None) -> _Key:
    if modifier is None or modifier.matching is None:
        return lambda labels: labels
    names = set(modifier.matching.labels)
    is_on = modifier.matching.type == promql.LabelModifierType.Include
    return (lambda labels: _only(labels, names)) if is_on else (lambda labels: _without(labels, names))


def _logical(operator: str, left: Sequence[LabelSet], right: Sequence[LabelSet], key: _Key) -> Sequence[LabelSet]:
    if operator == "or":
        known = set(map(key, left))
        return [*left, *(labels for labels in right if key(labels) not in known)]
    known = set(map(key, right))
    return [labels for labels in left if (key(labels) in known) == (operator == "and")]


def _joined(
    node: promql.BinaryExpr, left: Sequence[LabelSet], right: Sequence[LabelSet], key: _Key
) -> Sequence[LabelSet]:
    modifier = node.modifier
    card = str(modifier.card).rsplit(".", maxsplit=1)[-1] if modifier else "OneToOne"
    many, one = (right, left) if card == "OneToMany" else (left, right)
    partners: dict[LabelSet, LabelSet] = {key(labels): labels for labels in one}
    if card == "OneToOne":
        return _distinct(key(labels) for labels in many if key(labels) in partners)
    taken = set(modifier.group_labels or ()) if modifier else set()
    return [_without(labels, taken) | _only(partners[key(labels)], taken) for labels in many if key(labels) in partners]


def _relabelled(
    vector: Sequence[LabelSet], target: str, replacement: str, source: str, pattern: str
) -> Sequence[LabelSet]:
    compiled = re.compile(pattern, re.DOTALL)
    expansion = re.sub(r"\$\{?(\w+)\}?", r"\\g<\1>", replacement)
    found = []
    for labels in vector:
        match = compiled.fullmatch(dict(labels).get(source, ""))
        value = match.expand(expansion) if match else dict(labels).get(target, "")
        found.append(_without(labels, {target}) | (frozenset({(target, value)}) if value else frozenset()))
    return _distinct(found)


def _without(labels: LabelSet, names: set[str]) -> LabelSet:
    return frozenset([pair for pair in labels if pair[0] not in names])


def _only(labels: LabelSet, names: set[str]) -> LabelSet:
    return frozenset([pair for pair in labels if pair[0] in names])


def _distinct(vector: Iterable[LabelSet]) -> list[LabelSet]:
    return list(dict.fromkeys(vector))


def indexed(pairs: Iterable[tuple[str, LabelSet]]) -> dict[str, list[LabelSet]]:
    """Series by name, each once."""
    found: dict[str, dict[LabelSet, None]] = defaultdict(dict)
    for name, labels in pairs:
        found[name][labels] = None
    return {name: list(sets) for name, sets in found.items()}
