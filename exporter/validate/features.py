"""Checks the values of every feature of a batch against its monitor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from exporter.batch import Batch, Booleans
from exporter.derive import Derived
from exporter.monitor.spec import CategoryFeature, Feature, Monitor
from exporter.validate.categories import CategoryCheck
from exporter.validate.numbers import NumberCheck
from exporter.validate.validated import Validated, ValueRule, Violation


class ValueCheck(Protocol):
    """Checks one column. Pure; yields a mask (bool[n]) only for a rule that some row breaks."""

    def violations(self, batch: Batch, column: str) -> Iterator[tuple[ValueRule, Booleans]]: ...


class FeatureChecks:
    """Compiled for a monitor; a column without a mistake costs two passes over its numbers, one over its texts."""

    def __init__(self, monitor: Monitor) -> None:
        self._checks = {name: _value_check(feature) for name, feature in monitor.spec.features.items()}

    def check(self, derived: Derived) -> Validated:
        """Every rule on every feature of the batch, derived ones included, beside the SQL rules that it breaks."""
        if len(derived.batch) == 0:
            return Validated()
        violations = [
            violation for name, check in self._checks.items() for violation in _violations(name, check, derived)
        ]
        any_broken = _union([violation.mask for violation in violations] + list(derived.broken.values()))
        return Validated(_invalid(violations), violations, derived.broken, any_broken)


def _value_check(feature: Feature) -> ValueCheck:
    if isinstance(feature, CategoryFeature):
        return CategoryCheck(feature.values, feature.required)
    return NumberCheck(feature.min, feature.max, feature.required)


def _violations(name: str, check: ValueCheck, derived: Derived) -> Iterator[Violation]:
    unusable = _unusable(name, derived)
    if unusable is not None:
        yield unusable
    for rule, mask in check.violations(derived.batch, name):
        if rule is ValueRule.REQUIRED and unusable is not None:
            absent: Booleans = mask & ~unusable.mask
            if absent.any():
                yield Violation(name, rule, absent)
        else:
            yield Violation(name, rule, mask)


def _unusable(name: str, derived: Derived) -> Violation | None:
    """Values that were there, and could not be read or computed: their column says that they are missing."""
    if name in derived.failed:
        return Violation(name, ValueRule.DERIVE, derived.failed[name])
    mistyped = derived.batch.mistyped.get(name)
    if mistyped is None or not mistyped.any():
        return None
    return Violation(name, ValueRule.TYPE, mistyped)


def _invalid(violations: Iterable[Violation]) -> Mapping[str, Booleans]:
    by_feature: dict[str, list[Booleans]] = {}
    for violation in violations:
        if violation.rule is not ValueRule.REQUIRED:
            by_feature.setdefault(violation.feature, []).append(violation.mask)
    return {feature: mask for feature, masks in by_feature.items() if (mask := _union(masks)) is not None}


def _union(masks: list[Booleans]) -> Booleans | None:
    if not masks:
        return None
    union = masks[0]
    for mask in masks[1:]:
        union = union | mask
    return union
