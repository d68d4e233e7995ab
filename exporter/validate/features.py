"""Checks the values of every feature of a batch against its monitor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.batch import Batch, Booleans
from exporter.derive import Derived
from exporter.monitor.spec import CategoryFeature, Feature, Monitor
from exporter.validate.categories import ClosedSetCheck
from exporter.validate.numbers import NumberCheck
from exporter.validate.validated import Validated, ValueRule, Violation


class FeatureChecks:
    """Compiled for a monitor; a batch without a mistake costs two passes over each number and none over most texts."""

    def __init__(self, monitor: Monitor) -> None:
        self._checks = [_FeatureCheck(name, feature) for name, feature in monitor.spec.features.items()]

    def check(self, derived: Derived) -> Validated:
        """Every rule on every feature of the batch, derived ones included, beside the SQL rules that it breaks."""
        if len(derived.batch) == 0:
            return Validated()
        violations = [violation for check in self._checks for violation in check.violations(derived)]
        masks = [violation.mask for violation in violations] + list(derived.broken.values())
        return Validated(_invalid(violations), violations, derived.broken, _union(masks))


class _FeatureCheck:
    def __init__(self, name: str, feature: Feature) -> None:
        self._name = name
        self._is_required = feature.required
        self._number = None if isinstance(feature, CategoryFeature) else NumberCheck(feature.min, feature.max)
        is_closed = isinstance(feature, CategoryFeature) and feature.values
        self._closed_set = ClosedSetCheck(feature.values) if is_closed else None

    def violations(self, derived: Derived) -> Iterator[Violation]:
        batch = derived.batch
        unusable = _first_true(batch.mistyped.get(self._name), derived.failed.get(self._name))
        if unusable is not None:
            rule = ValueRule.DERIVE if self._name in derived.failed else ValueRule.TYPE
            yield Violation(self._name, rule, unusable)
        missing = None
        if self._number is not None:
            found = self._number.check(batch.number(self._name))
            missing = found.missing
            yield from self._named((ValueRule.FINITE, found.infinite), (ValueRule.RANGE, found.out_of_range))
        else:
            yield from self._category_violations(batch)
"""
