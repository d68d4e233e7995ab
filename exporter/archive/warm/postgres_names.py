"""Text that repeats, and the layouts of feature arrays, as numbers; each is stored once and never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import orjson
import pyarrow as pa
from psycopg.types.json import Jsonb

from exporter.archive.entry import Kind
from exporter.archive.schema import EVENT_COLUMNS, PROVENANCE
from exporter.archive.warm.postgres_connection import PatientConnection, PostgresLink
from exporter.archive.warm.postgres_encoding import NUL_SIGN

_NOT_FEATURES = frozenset(
    [*(name for names in EVENT_COLUMNS.values() for name in names), *(field.name for field in PROVENANCE)]
)


class ValueType(StrEnum):
    """Which of a row's two arrays holds a feature."""

    NUMBER = "number"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class RowLayout:
    """The features of rows, in order, with the type of each.

    outcome  : the type of the prediction or label.
    features : name and type.
    """

    outcome: ValueType
    features: tuple[tuple[str, ValueType], ...] = ()

    def names(self, value_type: ValueType) -> list[str]:
        """The features that one of the arrays holds, in its order."""
        return [name for name, each in self.features if each is value_type]


def layout_of(kind: Kind, schema: pa.Schema) -> RowLayout:
    """The layout of rows in the archive's form."""
    if kind is Kind.DEAD_LETTERS:
        return RowLayout(ValueType.CATEGORY)
    outcome = "label" if kind is Kind.LABELS else "prediction"
    types = {field.name: _value_type(field.type) for field in schema}
    features = tuple((name, each) for name, each in types.items() if name not in _NOT_FEATURES)
    return RowLayout(types.get(outcome, ValueType.NUMBER), features if kind is Kind.PREDICTIONS else ())


class PostgresNames:
    """Gives numbers to names and layouts, and names and layouts to numbers; asks the database once for each."""

    def __init__(self, link: PostgresLink) -> None:
        self._link = link
        self._generation = 0
        self._numbers: dict[str, int] = {}
        self._layout_numbers: dict[RowLayout, int] = {}

    def numbers(self, names: Iterable[str]) -> Mapping[str, int]:
        """The number of each name, new ones included."""
        self._forget_after_reconnecting()
        missing = sorted(set(names) - self._numbers.keys())
        if missing:
            self._numbers |= self._link.run(lambda connection: _numbered_names(connection, missing))
        return self._numbers

    def layout_numbers(self, layouts: Iterable[RowLayout]) -> Mapping[RowLayout, int]:
        """The number of each layout, new ones included."""
        self._forget_after_reconnecting()
        for layout in layouts:
            if layout not in self._layout_numbers:
                self._layout_numbers[layout] = self._link.run(partial(_numbered, layout=layout))
        return self._layout_numbers

    def _forget_after_reconnecting(self) -> None:
        """The database may be another one now, restored from a backup."""
        if self._generation != self._link.generation:
            self._numbers, self._layout_numbers = {}, {}
            self._generation = self._link.generation


def known_number(connection: PatientConnection, name: str) -> int:
    """The number of a name, or 0, which is nobody's."""
    row = connection.execute("SELECT id FROM infranaut.names WHERE name = %s", [_plain(name)]).fetchone()
    return int(row[0]) if row else 0


def layouts_of(connection: PatientConnection, numbers: Sequence[int]) -> dict[int, RowLayout]:
    """Number → layout, in the order of their numbers."""
    query = "SELECT id, columns FROM infranaut.layouts WHERE id = ANY(%s) ORDER BY id"
    return {number: _layout(columns) for number, columns in connection.execute(query, [list(numbers)]).fetchall()}


def _numbered_names(connection: PatientConnection, names: Sequence[str]) -> dict[str, int]:
    stored = {name: _plain(name) for name in names}
    values = sorted(set(stored.values()))
    connection.execute("INSERT INTO infranaut.names (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [values])
    query = "SELECT name, id FROM infranaut.names WHERE name = ANY(%s)"
    numbers: dict[str, int] = dict(connection.execute(query, [values]).fetchall())
    return {name: numbers[plain] for name, plain in stored.items()}


def _numbered(connection: PatientConnection, layout: RowLayout) -> int:
    columns = [["", layout.outcome.value], *([_plain(name), each.value] for name, each in layout.features)]
    sha256 = hashlib.sha256(orjson.dumps(columns)).hexdigest()
    connection.execute(
        "INSERT INTO infranaut.layouts (sha256, columns) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [sha256, Jsonb(columns)],
    )
    [[number]] = connection.execute("SELECT id FROM infranaut.layouts WHERE sha256 = %s", [sha256]).fetchall()
    return int(number)


def _layout(columns: Sequence[Sequence[str]]) -> RowLayout:
    (_, outcome), *features = columns
    return RowLayout(ValueType(outcome), tuple((name, ValueType(each)) for name, each in features))


def _value_type(data_type: pa.DataType) -> ValueType:
    is_number = pa.types.is_floating(data_type) or pa.types.is_integer(data_type) or pa.types.is_null(data_type)
    return ValueType.NUMBER if is_number else ValueType.CATEGORY


def _plain(name: str) -> str:
    return name.replace("\0", NUL_SIGN)
