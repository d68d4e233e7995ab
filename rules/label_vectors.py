"""What PromQL does to the labels of vectors, whatever their values; the same question is answered once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVarTuple

LabelSet = frozenset[tuple[str, str]]
"""The labels of a series, without its name."""
Matchers = tuple[tuple[str, str, str], ...]
"""Each as (label, operator, value)."""

_Question = TypeVarTuple("_Question")


@dataclass(frozen=True, eq=False)
class Vector:
    """Label sets in their order; the same object is the same vector."""

    sets: tuple[LabelSet, ...]

    def __len__(self) -> int:
        return len(self.sets)

    @cached_property
    def _pairs(self) -> LabelSet:
        return frozenset().union(*self.sets)

    def pairs_of(self, names: Iterable[str]) -> LabelSet:
        """Every label of one of these names, with each value that it has anywhere."""
        wanted = frozenset(names)
        return frozenset(pair for pair in self._pairs if pair[0] in wanted)


class Answers:
    """Vectors that operations yielded; those of the same label sets in the same order are one object.

    Rules over several windows differ in ranges and in names of series only, and so cost hardly more than one.
    """

    def __init__(self) -> None:
        self._vectors: dict[tuple[LabelSet, ...], Vector] = {}
        self._known: dict[tuple[Any, ...], Vector] = {}

    def vector(self, sets: Iterable[LabelSet]) -> Vector:
        """These label sets as a vector."""
        kept = tuple(sets)
        return self._vectors.setdefault(kept, Vector(kept))

    def of(self, operation: Callable[[*_Question], Iterable[LabelSet]], *question: *_Question) -> Vector:
        """What the operation yields, worked out when it is asked for the first time."""
        key = (operation, *question)
        if key not in self._known:
            self._known[key] = self.vector(operation(*question))
        return self._known[key]


@dataclass(frozen=True, slots=True)
class Grouping:
    """The labels that an aggregation keeps, or by which an operation matches: these, or all but these."""

    names: frozenset[str] = frozenset()
    is_without: bool = True


EVERY_LABEL = Grouping()


def passing(vector: Vector, matchers: Matchers) -> Sequence[LabelSet]:
    """Those that pass every matcher; a label that is not there is the empty text."""
    found: Sequence[LabelSet] = vector.sets
    for label, operator, value in matchers:
        passes = _test(operator, value)
        if passes(""):
            failing = frozenset(pair for pair in vector.pairs_of([label]) if not passes(pair[1]))
            found = [labels for labels in found if labels.isdisjoint(failing)]
        else:
            wanted = frozenset(pair for pair in vector.pairs_of([label]) if passes(pair[1]))
            found = [labels for labels in found if not labels.isdisjoint(wanted)]
    return found


def grouped(vector: Vector, by: Grouping) -> Iterable[LabelSet]:
    """One for each group."""
    return dict.fromkeys(_keys(vector, by))


def first(vector: Vector, by: Grouping, most: int) -> Iterable[LabelSet]:
    """So many of each group, with all their labels."""
    seen: Counter[LabelSet] = Counter()
    for labels, key in zip(vector.sets, _keys(vector, by), strict=True):
        seen[key] += 1
        if seen[key] <= most:
            yield labels


def logical(operator: str, left: Vector, right: Vector, by: Grouping) -> Iterable[LabelSet]:
    """`and`, `or`, `unless`."""
    if operator == "or":
        known = set(_keys(left, by))
        new = (labels for labels, key in zip(right.sets, _keys(right, by), strict=True) if key not in known)
        return (*left.sets, *new)
    known = set(_keys(right, by))
    is_and = operator == "and"
    return [labels for labels, key in zip(left.sets, _keys(left, by), strict=True) if (key in known) == is_and]


def paired(left: Vector, right: Vector, by: Grouping) -> Iterable[LabelSet]:
    """An operation of one with one."""
    partners = set(_keys(right, by))
    return dict.fromkeys(key for key in _keys(left, by) if key in partners)


def joined(many: Vector, one: Vector, by: Grouping, taken: frozenset[str]) -> Iterable[LabelSet]:
    """An operation of many with one, from which the labels `taken` are."""
    partners = dict(zip(_keys(one, by), _keys(one, Grouping(taken, is_without=False)), strict=True))
    kept = _keys(many, Grouping(taken))
    for labels, key in zip(kept, _keys(many, by), strict=True):
        if key in partners:
            yield labels | partners[key]


def relabelled(vector: Vector, target: str, replacement: str, source: str, pattern: str) -> Iterable[LabelSet]:
    """`label_replace`."""
    compiled = re.compile(pattern, re.DOTALL)
    expansion = re.sub(r"\$\{?(\w+)\}?", r"\\g<\1>", replacement)
    found = []
    for labels, others in zip(vector.sets, _keys(vector, Grouping(frozenset({target}))), strict=True):
        match = compiled.fullmatch(dict(labels).get(source, ""))
        value = match.expand(expansion) if match else dict(labels).get(target, "")
        found.append(others | {(target, value)} if value else others)
    return dict.fromkeys(found)


def labelled(vector: Vector, added: LabelSet) -> Iterable[LabelSet]:
    """With labels that a rule sets; one that it sets to nothing is gone."""
    new = frozenset(pair for pair in added if pair[1])
    return [labels | new for labels in _keys(vector, Grouping(frozenset(name for name, _ in added)))]


def both(vector: Vector, other: Vector) -> Iterable[LabelSet]:
    """Those of one after those of the other."""
    return (*vector.sets, *other.sets)


def united(vector: Vector, other: Vector) -> Iterable[LabelSet]:
    """Those of both, each once."""
    return dict.fromkeys((*vector.sets, *other.sets))


def _keys(vector: Vector, by: Grouping) -> Sequence[LabelSet]:
    """What is left of each label set."""
    pairs = vector.pairs_of(by.names)
    if by.is_without:
        return [labels - pairs for labels in vector.sets] if pairs else vector.sets
    return [labels & pairs for labels in vector.sets]


def _test(operator: str, value: str) -> Callable[[str], bool]:
    if operator in ("=", "!="):
        return lambda text: (text == value) == (operator == "=")
    pattern = re.compile(value, re.DOTALL)
    return lambda text: (pattern.fullmatch(text) is not None) == (operator == "=~")
