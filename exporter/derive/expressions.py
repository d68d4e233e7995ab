"""Every SQL expression of a monitor, read, resolved and given a type; or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from exporter.derive.scope import SQL_TYPES, Kind, SqlColumn, match_name, readable_columns
from exporter.derive.syntax import InvalidExpression, column_names, parenthesised, quoted, select
from exporter.monitor.positions import KeyPath
from exporter.monitor.spec import Monitor
from exporter.monitor.suggestion import did_you_mean

Result = Literal["number", "category", "rule"]
KeyMistake = tuple[KeyPath, str]
"""The key of an expression, and what is wrong with it."""

_WHOLE = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)
_ACCEPTED: dict[Result, tuple[str, ...]] = {
    "number": (*_WHOLE, "BIGNUM", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", '"NULL"'),
    "category": (*_WHOLE, "VARCHAR", "ENUM", "BOOLEAN", "UUID", '"NULL"'),
    "rule": ("BOOLEAN", '"NULL"'),
}
_EXPECTED: dict[Result, str] = {
    "number": "expected a number (or make the feature a category)",
    "category": "expected text, a whole number or a boolean; cast it: (…)::INTEGER, (…)::VARCHAR",
    "rule": "expected a condition that is true or false",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression, with the payload columns and the earlier derived features that it refers to."""

    key: KeyPath
    name: str
    result: Result
    sql: str
    columns: tuple[SqlColumn, ...]
    derived: tuple[str, ...]


class _Mistaken(Exception):
    """Leaves the reading of one expression."""


def read_expressions(connection: Any, monitor: Monitor) -> tuple[list[Expression], list[KeyMistake]]:
    """In the monitor's order, features first; an expression with a mistake does not hide those of the others."""
    reader = _ExpressionReader(connection, monitor)
    for name, feature in monitor.spec.features.items():
        if feature.sql is not None:
            reader.read(("spec", "features", name, "sql"), name, feature.type, feature.sql)
    for index, rule in enumerate(monitor.spec.rules):
        reader.read(("spec", "rules", index, "sql"), rule.name, "rule", rule.sql)
    return reader.expressions, reader.mistakes


class _ExpressionReader:
    def __init__(self, connection: Any, monitor: Monitor) -> None:
        self.expressions: list[Expression] = []
        self.mistakes: list[KeyMistake] = []
        self._connection = connection
        self._columns = readable_columns(monitor)
        self._derived: dict[str, Kind] = {}
        self._later = [name for name, feature in monitor.spec.features.items() if feature.sql is not None]

    def read(self, key: KeyPath, name: str, result: Result, sql: str) -> None:
        try:
            self.expressions.append(self._read(key, name, result, sql))
        except (_Mistaken, InvalidExpression) as mistake:
            self.mistakes.append((key, str(mistake)))
        if result != "rule":
            self._later.remove(name)
            self._derived[name] = result

    def _read(self, key: KeyPath, name: str, result: Result, sql: str) -> Expression:
        if not sql.strip():
            raise _Mistaken("empty, expected a DuckDB expression over the fields of one event")
        if result != "rule":
            self._check_name(name)
        used = [self._resolve(column) for column in column_names(self._connection, sql)]
        if not used:
            raise _Mistaken("refers to no field of the event")
        columns = tuple(dict.fromkeys(self._columns[known] for known in used if known not in self._derived))
        derived = tuple(dict.fromkeys(known for known in used if known in self._derived))
        self._check_type(result, sql, {column.name: column.kind for column in columns}, derived)
        return Expression(key, name, result, sql, columns, derived)

    def _check_name(self, name: str) -> None:
        if taken := match_name(name, [*self._columns, *self._derived]):
            raise _Mistaken(f"the feature's name is already that of the field {taken[0]!r}; give it another")

    def _resolve(self, name: str) -> str:
        known = [*self._derived, *self._columns]
        matches = match_name(name, known)
        if len(matches) > 1:
            raise _Mistaken(f"{name!r} is ambiguous: SQL cannot tell {' from '.join(map(repr, matches))}")
        if matches:
            return matches[0]
        if match_name(name, self._later):
            raise _Mistaken(
                f"{name!r} is derived too, and not before; put it above, a derived feature reads earlier ones"
            )
        raise _Mistaken(f"unknown field {name!r}{did_you_mean(name, known) or _choices(known)}")

    def _check_type(self, result: Result, sql: str, columns: Mapping[str, Kind], derived: Iterable[str]) -> None:
        kinds = {**columns, **{name: self._derived[name] for name in derived}}
        nulls = ", ".join(f"NULL::{SQL_TYPES[kind]} AS {quoted(name)}" for name, kind in kinds.items())
        query = select([f"TRY({parenthesised(sql)})"], f"(SELECT {nulls})")
        try:
            found = str(self._connection.execute(f"DESCRIBE {query}").fetchall()[0][1])
        except duckdb.Error as error:
            raise _Mistaken(_in_words(error)) from error
        if not found.startswith(_ACCEPTED[result]) or found.endswith("]"):
            raise _Mistaken(f"gives {found}, {_EXPECTED[result]}")


def _choices(known: list[str]) -> str:
    return f", expected one of {', '.join(known)}; another field must be declared under features first"


def _in_words(error: Exception) -> str:
    """DuckDB's message without the query that was built around the expression."""
    message = str(error).split("\n\nLINE ", maxsplit=1)[0].split("\n\n", maxsplit=1)[0]
    kind, _, words = message.partition(": ")
    text = words if kind.endswith("Error") else message
    return (
        text.replace("TRY can not be used in combination with", "the expression may not hold")
        .replace("not allowed inside the TRY expression", "not allowed: an expression sees one event at a time")
        .replace("not allowed in try", "not allowed: an expression sees one event at a time")
    )
