"""What validation found in a batch, as masks over its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from exporter.batch import Booleans


class ValueRule(StrEnum):
    """The rules that a feature's values can break; the closed set behind the label `rule` of feature violations."""

    TYPE = "type"
    FINITE = "finite"
    RANGE = "range"
    CATEGORY = "category"
    REQUIRED = "required"
    DERIVE = "derive"


class Violation(NamedTuple):
    """The rows (bool[n], at least one true) whose value of a feature breaks a rule."""

    feature: str
    rule: ValueRule
    mask: Booleans


@dataclass(frozen=True, slots=True)
class Validated:
    """Masks over the n rows of a batch; a mask that would be all false is left out.

    invalid      : feature → values that are there and break a rule: they count in the bin `invalid`. A required value
                   that is missing is a violation and stays missing.
    violations   : one for each feature and rule.
    broken_rules : SQL rule → rows that break it.
    any_broken   : rows that break any rule at all; None where no row does.
    """

    invalid: Mapping[str, Booleans] = field(default_factory=dict)
    violations: Sequence[Violation] = ()
    broken_rules: Mapping[str, Booleans] = field(default_factory=dict)
    any_broken: Booleans | None = None
