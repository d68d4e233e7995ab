"""The tables that SQL sees: one for each monitor and kind, and some over several of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from exporter.archive.cold.names import HOUR_S
from exporter.archive.entry import Kind
from exporter.archive.query.hours import HoursOf, PlannedHour, Rowset
from exporter.archive.schema import EVENT_COLUMNS, PROVENANCE, TIME
from exporter.derive.syntax import quoted, select

LABELS_OF_LABELLED = "of labelled"
"""Ends the name of the labels that `NAME.labelled` joins, which come later than its predictions."""

_TYPES: Mapping[str, pa.DataType] = {
    "time": TIME,
    "latency_seconds": pa.float64(),
    "prediction": pa.float64(),
    "label": pa.float64(),
    "raw": pa.binary(),
}
_OVER_ALL = {Kind.PREDICTIONS: "predictions", Kind.LABELS: "labels", Kind.DEAD_LETTERS: "dead_letters"}


@dataclass(frozen=True, slots=True)
class QueryTable:
    """A name that SQL can select from, and the statement that makes it; its columns, and the hours behind it."""

    name: str
    statement: str
    columns: tuple[str, ...]
    hours: tuple[PlannedHour, ...]

    @property
    def rows(self) -> int:
        return sum(hour.rows for hour in self.hours)

    @property
    def span(self) -> tuple[int, int] | None:
        """From the first hour to the end of the last one."""
        starts = [hour.start for hour in self.hours]
        return (min(starts), max(starts) + HOUR_S) if starts else None


def table_name(rowset: Rowset) -> str:
    """`credit-default`, `credit-default.labels`, `credit-default.dead_letters`."""
    monitor, kind = rowset
    return monitor if kind == Kind.PREDICTIONS else f"{monitor}.{kind.value}"


def tables(hours: HoursOf, schemas: Mapping[Rowset, pa.Schema], source: Callable[[Rowset], str]) -> list[QueryTable]:
    """Every table there is; `source` names what holds the rows of one monitor and kind."""
    views = _Views(hours, schemas, source)
    found = [views.own(rowset) for rowset in schemas]
    found += [views.labelled(monitor) for monitor, kind in schemas if kind == Kind.PREDICTIONS]
    taken = {table.name for table in found}
    for kind, name in _OVER_ALL.items():
        monitors = [monitor for monitor, of_kind in schemas if of_kind == kind]
        if name not in taken and (monitors or kind == Kind.DEAD_LETTERS):
            found.append(views.over_all(name, kind, monitors))
    return sorted(found, key=lambda table: table.name)


def known_columns(kind: Kind) -> pa.Schema:
    """The columns that rows of a kind always have."""
    own = [pa.field(name, _TYPES.get(name, pa.string())) for name in EVENT_COLUMNS[kind]]
    return pa.schema([*own, *PROVENANCE])


def merged(schemas: Iterable[pa.Schema], kind: Kind) -> pa.Schema:
    """All columns: those that the kind always has, features, provenance; text where types differ."""
    always = known_columns(kind)
    types: dict[str, pa.DataType] = {}
    for schema in schemas:
        for field in schema:
            found = _plain(field.type)
            types[field.name] = found if types.get(field.name, found) == found else pa.string()
    provenance = [field.name for field in PROVENANCE]
    names = [*EVENT_COLUMNS[kind], *(name for name in types if name not in always.names), *provenance]
    return pa.schema([pa.field(name, types.get(name) or always.field(name).type) for name in names])


def _plain(data_type: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(data_type):
        return _plain(data_type.value_type)
    if pa.types.is_large_string(data_type):
        return pa.string()
    return TIME if pa.types.is_timestamp(data_type) else data_type


@dataclass(frozen=True, slots=True)
class _Views:
    hours: HoursOf
    schemas: Mapping[Rowset, pa.Schema]
    source: Callable[[Rowset], str]

    def own(self, rowset: Rowset) -> QueryTable:
        name = table_name(rowset)
        statement = _view(name, select(["*"], self._quoted_source(rowset)))
        return QueryTable(name, statement, tuple(self.schemas[rowset].names), self.hours.get(rowset, ()))

    def labelled(self, monitor: str) -> QueryTable:
        """Predictions with the first label that came for each, null where there is none."""
        name = f"{monitor}.labelled"
        predictions, labels = (monitor, Kind.PREDICTIONS), (monitor, Kind.LABELS)
        rows = self._quoted_source(predictions)
        if labels in self.schemas:
            of_id = ["id", "arg_min(label, time) AS label", "min(time) AS label_time"]
            first = select(of_id, f"{quoted(f'{self.source(labels)} {LABELS_OF_LABELLED}')} GROUP BY id")
            body = select(["p.*", "l.label", "l.label_time"], f"{rows} AS p LEFT JOIN ({first}) AS l USING (id)")
        else:
            body = select(["*", "NULL::DOUBLE AS label", "NULL::TIMESTAMPTZ AS label_time"], rows)
        columns = (*self.schemas[predictions].names, "label", "label_time")
        return QueryTable(name, _view(name, body), columns, self.hours.get(predictions, ()))

    def over_all(self, name: str, kind: Kind, monitors: Sequence[str]) -> QueryTable:
        """What every monitor's rows have, with the monitor's name before it."""
        columns = known_columns(kind).names
        selected = [quoted(column) for column in columns]
        parts = [
            select([f"{_text(monitor)} AS monitor", *selected], self._quoted_source((monitor, kind)))
            for monitor in monitors
        ]
        nothing = [f"NULL::VARCHAR AS {quoted(column)}" for column in ("monitor", *columns)]
        body = " UNION ALL ".join(parts) or select(nothing, "(SELECT 1) WHERE false")
        together = tuple(hour for monitor in monitors for hour in self.hours.get((monitor, kind), ()))
        return QueryTable(name, _view(name, body), ("monitor", *columns), together)

    def _quoted_source(self, rowset: Rowset) -> str:
        return quoted(self.source(rowset))


def _view(name: str, body: str) -> str:
    return f"CREATE VIEW {quoted(name)} AS {body}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
