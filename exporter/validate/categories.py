"""Checks a category: in its closed set, there when required."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exporter.batch import Batch, Booleans
from exporter.validate.validated import ValueRule


class CategoryCheck:
    """An empty set of values is open: any value is valid. A missing value is in every set."""

    def __init__(self, values: Sequence[str], is_required: bool) -> None:
        self._values = pa.array(values, type=pa.string())
        self._is_required = is_required

    def violations(self, batch: Batch, column: str) -> Iterator[tuple[ValueRule, Booleans]]:
        array = batch.column(column)
        if len(self._values) and (unknown := self._unknown(array)) is not None:
            yield ValueRule.CATEGORY, unknown
        if self._is_required and (missing := _as_mask(_missing(array))).any():
            yield ValueRule.REQUIRED, missing

    def _unknown(self, array: Any) -> Booleans | None:
        """The rows with a value outside the set; of a dictionary, its few values are looked up, not its many rows."""
        if not pa.types.is_dictionary(array.type):
            return self._outside(array)
        outside = self._outside(array.dictionary)
        if outside is None:
            return None
        codes = array.indices.fill_null(0).to_numpy(zero_copy_only=False)
        rows = outside[codes] & ~_as_mask(array.indices.is_null())
        return rows if rows.any() else None

    def _outside(self, values: Any) -> Booleans | None:
        if values.null_count == len(values):
            return None
        known = pc.is_in(values.cast(pa.string()), value_set=self._values)
        if known.true_count + values.null_count == len(values):
            return None
        return _as_mask(pc.and_not(values.is_valid(), known))


def _missing(array: Any) -> Any:
    """Nulls, in a dictionary as well."""
    if pa.types.is_dictionary(array.type) and array.dictionary.null_count:
        return array.cast(pa.string()).is_null()
    return array.is_null()


def _as_mask(booleans: Any) -> Booleans:
    mask: Booleans = booleans.to_numpy(zero_copy_only=False)
    return mask
