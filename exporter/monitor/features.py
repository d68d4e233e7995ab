"""The features of a monitor, and the rules that its events should meet."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from exporter.monitor.strict import LabelValue, RuleName, StrictModel


class NumberFeature(StrictModel):
    """A number."""

    type: Literal["number"]
    field: str | None = None
    """Name in the payload; the feature's own where absent."""
    min: float | None = None
    """Values below it are invalid."""
    max: float | None = None
    """Values above it are invalid."""
    required: bool = False
    """An event without it breaks the rule `required`."""
    sql: str | None = None
    """Derived: a DuckDB expression over the other fields."""
    bins: list[float] = Field([], max_length=50)
    """Inner edges of the bins that periods and versions are compared by where there is no reference. Where absent: 20
    bins of one width between `min` and `max`, or powers of ten and their triples on both sides of 0."""

    @field_validator("bins")
    @classmethod
    def _edges(cls, edges: list[float]) -> list[float]:
        if not all(math.isfinite(edge) for edge in edges) or any(left >= right for left, right in pairwise(edges)):
            raise ValueError("the edges of bins must be finite and increasing")
        return edges

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class CategoryFeature(StrictModel):
    """Text, or a number or a boolean read as text: `3`, `true`."""

    type: Literal["category"]
    field: str | None = None
    """Name in the payload; the feature's own where absent."""
    values: list[LabelValue] = []
    """The closed set; anything else is invalid. Empty: any value, and those not in the reference count as __other__."""
    required: bool = False
    """An event without it breaks the rule `required`."""
    sql: str | None = None
    """Derived: a DuckDB expression over the other fields."""

    @field_validator("values", mode="before", json_schema_input_type=list[str | float | bool])
    @classmethod
    def _as_text(cls, values: object) -> object:
        """`values: [1, 2]` and `[yes, no]` mean the text that a payload's 1 or true becomes."""
        if not isinstance(values, list):
            return values
        return [canonical_category(value) for value in values]


Feature = Annotated[NumberFeature | CategoryFeature, Field(discriminator="type")]


def canonical_category(value: object) -> object:
    """A category's text: true and false in lower case, 3 and 3.0 both `3`; other types unchanged."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value


class Rule(StrictModel):
    """A condition on each event."""

    name: RuleName
    """In the label `rule`."""
    sql: str
    """A DuckDB condition over the fields of one event; a row breaks the rule where it is false (null passes)."""
