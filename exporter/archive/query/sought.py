"""What a condition asks of rows, as far as ids and statistics can answer it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.cold.parquet import ColdFileReader, ColumnBounds
from exporter.archive.query.pruning import fields_of, possible
from exporter.archive.schema import TIME

MOST_IDS = 1000

_ORDERED = (pa.string(), pa.int64(), TIME)
"""Types whose statistics are exact bounds; of floats they leave NaN out."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Rows that meet a condition.

    columns : that the condition refers to.
    ids     : rows with any other id do not meet it; None: of any id.
    """

    condition: Any
    schema: pa.Schema
    columns: frozenset[str]
    ids: tuple[str, ...] | None

    def groups(self, reader: ColdFileReader) -> list[int]:
        """Row groups in which such rows may be; KeyRemoved where that stands in sealed columns."""
        bounds = {name: reader.bounds(name, self._type(name)) for name in self.columns if self._is_ordered(name)}
        with_ids = None if self.ids is None else reader.groups_with_ids(self.ids)
        found = range(reader.group_count) if with_ids is None else with_ids
        return [group for group in found if all(self._is_possible(name, each[group]) for name, each in bounds.items())]

    def _is_possible(self, name: str, bounds: ColumnBounds | None) -> bool:
        return bounds is None or bool(
            possible(_guarantees(name, bounds, self._type(name)), self.schema, self.condition)
        )

    def _is_ordered(self, name: str) -> bool:
        return self._type(name) in _ORDERED

    def _type(self, name: str) -> pa.DataType:
        return self.schema.field(name).type


def sought(condition: Any, schema: pa.Schema) -> Sought | None:
    """What a condition asks; None where there is none."""
    if condition is None:
        return None
    columns = frozenset(fields_of(condition, schema))
    return Sought(condition, schema, columns, _ids_of(condition, schema) if "id" in columns else None)


def _ids_of(condition: Any, schema: pa.Schema) -> tuple[str, ...] | None:
    """The ids without which it cannot be met: texts in it, once Arrow has ruled out all that lies between them."""
    named = sorted(set(_texts_in(condition)))
    identifier = pc.field("id")
    if not named or len(named) > MOST_IDS or possible(_gaps(named), schema, condition):
        return None
    return tuple(named[at] for at in possible([identifier == name for name in named], schema, condition))


def _gaps(values: Sequence[str]) -> list[Any]:
    """What else an id may be: nothing, before the first value, between two, after the last."""
    identifier = pc.field("id")
    between = [(identifier > low) & (identifier < high) for low, high in pairwise(values)]
    return [identifier.is_null(), identifier < values[0], *between, identifier > values[-1]]


def _texts_in(condition: Any) -> Iterator[str]:
    """Every text in a condition, which Arrow writes as a batch of its literals."""
    _, (serialized,) = condition.__reduce__()
    reader = pa.ipc.open_file(serialized)
    for at in range(reader.num_record_batches):
        for row in (list(column) for column in reader.get_batch(at).columns):
            yield from _texts(row)


def _texts(values: Any) -> Iterator[str]:
    for value in values:
        if isinstance(value, pa.StringScalar | pa.LargeStringScalar) and value.is_valid:
            yield value.as_py()
        elif isinstance(value, pa.ListScalar | pa.StructScalar) and value.is_valid:
            yield from _texts(value.values if isinstance(value, pa.ListScalar) else value.values())


def _guarantees(name: str, bounds: ColumnBounds, data_type: pa.DataType) -> list[Any]:
    """What a value of the column may be, one alternative each."""
    column = pc.field(name)
    found = [column.is_null()] if bounds.has_nulls else []
    if bounds.lowest is not None:
        lowest, highest = (pa.scalar(value, data_type) for value in (bounds.lowest, bounds.highest))
        found.append((column >= lowest) & (column <= highest))
    return found
