"""PromQL on label sets: which series a rule yields, and what Prometheus has to touch for it, without any value.

Comparisons keep every series, so the answer is that of a monitor of which every part has data. It is exact then; real
rules drop the series of what had no rows in their window.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import promql_parser as promql

from rules import label_vectors
from rules.dependencies import Selector, selector_of
from rules.group import RecordingRule
from rules.label_vectors import EVERY_LABEL, Answers, Grouping, LabelSet, Vector

Series = Mapping[str, Sequence[LabelSet]]
"""The series that there are, by name."""

_LE = "le"
_LOGICAL = {"and", "or", "unless"}
_ONE, _NONE = Vector((frozenset(),)), Vector(())


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


class KnownSeries:
    """The series that there are, more of them with each rule that is evaluated.

    interval_s : from one sample of a series to the next, where no rule with an interval of its own records it.
    assumed    : what a selector finds of which the series are not known.
    """

    def __init__(
        self, series: Series, interval_s: float, assumed: Mapping[Selector, Sequence[LabelSet]] | None = None
    ) -> None:
        self.answers = Answers()
        self._series = series
        self._named: dict[str, Vector] = {}
        self.interval_s = interval_s
        self._recorded_every_s: dict[str, float] = {}
        self._assumed = {selector: self.answers.vector(sets) for selector, sets in (assumed or {}).items()}

    def found(self, selector: Selector) -> Vector:
        """What the selector finds."""
        known = self._of(selector.name)
        found = self.answers.of(label_vectors.passing, known, selector.matchers)
        more = self._assumed.get(selector)
        return self.answers.of(label_vectors.both, found, more) if more else found

    def record(self, rule: RecordingRule, yielded: Vector, every_s: float | None = None) -> Vector:
        """The series that a rule makes of what its query yields; from now on they are there."""
        made = self.answers.of(label_vectors.labelled, yielded, frozenset(rule.labels.items()))
        self._named[rule.record] = self.answers.of(label_vectors.united, self._of(rule.record), made)
        if every_s is not None:
            self._recorded_every_s[rule.record] = every_s
        return made

    def samples_of(self, name: str, length_s: float) -> float:
        """How many samples a series of this name has in so many seconds."""
        return length_s / self._recorded_every_s.get(name, self.interval_s)

    def _of(self, name: str) -> Vector:
        if name not in self._named:
            self._named[name] = self.answers.vector(self._series.get(name, ()))
        return self._named[name]


@dataclass(slots=True)
class Evaluation:
    """Evaluates queries over the series there are, and adds up the work.

    history_s   : how far back samples go.
    is_possible : tells what there may be rather than what there is: `unless` takes nothing away.
    """

    known: KnownSeries
    history_s: float = math.inf
    is_possible: bool = False
    work: Work = field(default_factory=Work)
    _step_s: float = 0.0

    def yields(self, query: str) -> Vector:
        """The label sets of a query's answer; a single empty one for a scalar."""
        return self._of(promql.parse(query))

    def _of(self, node: promql.Expr) -> Vector:
        handler = _HANDLERS.get(type(node))
        return _ONE if handler is None else handler(self, node)

    def _vector(self, node: promql.VectorSelector) -> Vector:
        found = self._selected(node)
        self.work.samples += len(found) * self.known.samples_of(selector_of(node).name, self._step_s)
        return found

    def _matrix(self, node: promql.MatrixSelector) -> Vector:
        selected = node.vector_selector
        found = self._selected(selected)
        range_s = min(_seconds(node.range), self.history_s - _seconds(selected.offset))
        self.work.samples += len(found) * self.known.samples_of(selector_of(selected).name, range_s)
        return found

    def _selected(self, node: promql.VectorSelector) -> Vector:
        if _seconds(node.offset) >= self.history_s:
            return _NONE
        found = self.known.found(selector_of(node))
        self.work.series += len(found)
        return found

    def _subquery(self, node: promql.SubqueryExpr) -> Vector:
        """Its series are looked up once, and walked along from step to step."""
        step_s = _seconds(node.step) or self.known.interval_s
        steps = min(_seconds(node.range), self.history_s) / step_s
        before, outer_step_s = self.work, self._step_s
        self.work, self._step_s = Work(), step_s
        found = self._of(node.expr)
        series, self._step_s = self.work.series, outer_step_s
        self.work = before + replace(self.work, series=0).times(max(1, round(steps)))
        self.work += Work(series=series, samples=len(found) * steps)
        return found

    def _inside(self, node: promql.ParenExpr | promql.UnaryExpr) -> Vector:
        return self._of(node.expr)

    def _call(self, node: promql.Call) -> Vector:
        arguments = [self._of(argument) for argument in node.args if not _is_scalar(argument)]
        if not arguments:
            return _ONE
        vector = arguments[-1]
        self.work.mapped += len(vector)
        if node.func.name in ("absent", "absent_over_time"):
            return _NONE if vector else _ONE
        if node.func.name in ("scalar", "vector"):
            return _ONE
        if node.func.name == "histogram_quantile":
            return self.known.answers.of(label_vectors.grouped, vector, Grouping(frozenset({_LE})))
        if node.func.name == "label_replace":
            target, replacement, source, pattern = (argument.val for argument in node.args[1:])
            return self.known.answers.of(label_vectors.relabelled, vector, target, replacement, source, pattern)
        return vector

    def _aggregate(self, node: promql.AggregateExpr) -> Vector:
        vector = self._of(node.expr)
        self.work.grouped += len(vector)
        by = _grouping(node.modifier)
        if str(node.op) in ("topk", "bottomk"):
            return self.known.answers.of(label_vectors.first, vector, by, int(getattr(node.param, "val", 1)))
        return self.known.answers.of(label_vectors.grouped, vector, by)

    def _binary(self, node: promql.BinaryExpr) -> Vector:
        left, right = self._of(node.lhs), self._of(node.rhs)
        if _is_scalar(node.lhs) or _is_scalar(node.rhs):
            vector = right if _is_scalar(node.lhs) else left
            self.work.mapped += len(vector)
            return vector
        self.work.matched += len(left) + len(right)
        answers, by = self.known.answers, _matching(node.modifier)
        if self.is_possible and str(node.op) == "unless":
            return left
        if str(node.op) in _LOGICAL:
            return answers.of(label_vectors.logical, str(node.op), left, right, by)
        modifier = node.modifier
        card = str(modifier.card).rsplit(".", maxsplit=1)[-1] if modifier else ""
        if modifier is None or card == "OneToOne":
            return answers.of(label_vectors.paired, left, right, by)
        many, one = (right, left) if card == "OneToMany" else (left, right)
        return answers.of(label_vectors.joined, many, one, by, frozenset(modifier.group_labels or ()))


_HANDLERS: Mapping[type[promql.Expr], Callable[[Evaluation, Any], Vector]] = {
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


def _grouping(modifier: promql.AggModifier | None) -> Grouping:
    if modifier is None:
        return Grouping(is_without=False)
    return Grouping(frozenset(modifier.labels), modifier.type == promql.AggModifierType.Without)


def _matching(modifier: promql.BinModifier | None) -> Grouping:
    if modifier is None or modifier.matching is None:
        return EVERY_LABEL
    matching = modifier.matching
    return Grouping(frozenset(matching.labels), matching.type != promql.LabelModifierType.Include)


def indexed(pairs: Iterable[tuple[str, LabelSet]]) -> dict[str, list[LabelSet]]:
    """Series by name, each once."""
    found: dict[str, dict[LabelSet, None]] = defaultdict(dict)
    for name, labels in pairs:
        found[name][labels] = None
    return {name: list(sets) for name, sets in found.items()}
