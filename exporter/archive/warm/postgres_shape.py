"""Which columns a query gives, and which columns of the tables they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from exporter.archive.entry import Kind
from exporter.archive.schema import DEAD_LETTER_SCHEMA, EVENT_COLUMNS, PROVENANCE, TIME, UNUSABLE
from exporter.archive.warm.postgres_names import RowLayout, ValueType

OUTCOMES = ("prediction", "label")
"""Each stands in two columns of its table: as a number under its name, as text under `<name>_class`."""

_PLAIN: Mapping[str, pa.DataType] = {
    **{field.name: field.type for field in (*DEAD_LETTER_SCHEMA, *PROVENANCE)},
    "latency_seconds": pa.float64(),
    "model_version": pa.string(),
    "error": pa.string(),
    UNUSABLE: pa.string(),
    "label_time": TIME,
    "monitor": pa.string(),
}
_ARRAYS = {ValueType.NUMBER: "numbers", ValueType.CATEGORY: "categories"}
_ARROW_TYPES = {ValueType.NUMBER: pa.float64(), ValueType.CATEGORY: pa.string()}


@dataclass(frozen=True, slots=True)
class RowShape:
    """All batches of a query have it, whatever the layouts of their rows.

    layouts : those that the rows may have, by number.
    schema  : of every batch.
    """

    layouts: Mapping[int, RowLayout]
    schema: pa.Schema

    def wire_columns(self) -> list[str]:
        """The columns of the tables to ask for; the layout comes first, arrays last."""
        asked = ["layout"]
        for name in [field.name for field in self.schema if field.type != pa.null()]:
            if name in OUTCOMES:
                asked += [name, f"{name}_class"]
            elif name == "id":
                asked += ["id", "long_id"]
            elif name in _PLAIN:
                asked.append(name)
        wanted = set(self.schema.names)
        for value_type, array in _ARRAYS.items():
            if any(wanted & set(layout.names(value_type)) for layout in self.layouts.values()):
                asked.append(array)
        return asked

    def narrowed(self, columns: Sequence[str]) -> RowShape:
        """Some of the columns, in this order; one that no row has is null."""
        known = set(self.schema.names)
        fields = [self.schema.field(name) if name in known else pa.field(name, pa.null()) for name in columns]
        return RowShape(self.layouts, pa.schema(fields))


def shape_of(
    kind: Kind,
    layouts: Mapping[int, RowLayout],
    extra: Sequence[str] = (),
    outcomes: Sequence[ValueType] = (),
) -> RowShape:
    """All columns of rows with these layouts, and `extra` ones; a feature that was of both types is text.

    outcomes : types that predictions or labels have beside those of the layouts.
    """
    found = [*outcomes, *(layout.outcome for layout in layouts.values())]
    types = {name: _ARROW_TYPES[each] for name, each in _features(layouts).items()}
    types |= {**_PLAIN, **dict.fromkeys(OUTCOMES, _ARROW_TYPES[_widest(found)])}
    names = (*EVENT_COLUMNS[kind], *_features(layouts), *(field.name for field in PROVENANCE), *extra)
    return RowShape(layouts, pa.schema([pa.field(name, types[name]) for name in names]))


def _features(layouts: Mapping[int, RowLayout]) -> dict[str, ValueType]:
    """In the order in which they first came."""
    types: dict[str, ValueType] = {}
    for _, layout in sorted(layouts.items()):
        for name, each in layout.features:
            types[name] = _widest([each, types.get(name, each)])
    return types


def _widest(types: Sequence[ValueType]) -> ValueType:
    return ValueType.CATEGORY if ValueType.CATEGORY in types else ValueType.NUMBER
