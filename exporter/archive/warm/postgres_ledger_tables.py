"""The ledger's tables: their columns, how rows get into them, and how they are dumped for a backup and filled again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa
from psycopg import sql

from exporter.archive.ledger import ColdFile, Measurement, StoredProfile
from exporter.archive.warm.postgres_connection import PatientConnection
from exporter.errors import InvalidSettings

_TYPES: Mapping[str, pa.DataType] = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bytes": pa.binary()}


@dataclass(frozen=True, slots=True)
class LedgerTable:
    """A table and its columns, in the order of the record that a row is.

    order : the columns that a dump is ordered by.
    """

    name: str
    columns: Mapping[str, pa.DataType]
    order: Sequence[str]

    def identifier(self) -> sql.Identifier:
        return sql.Identifier("infranaut", self.name)

    def column_list(self) -> sql.Composed:
        return _list(self.columns)


def _columns_of(record: type[Any]) -> dict[str, pa.DataType]:
    """Those of a dataclass; a kind is text, a truth a number."""
    return {
        field.name: _TYPES.get("int" if field.type == "bool" else str(field.type), pa.string())
        for field in fields(record)
    }


_WINDOW = ("monitor", "start", "end", "model_version", "segment")

COLD_FILES = LedgerTable("cold_files", _columns_of(ColdFile), ["name"])
PROFILES = LedgerTable("window_profiles", _columns_of(StoredProfile), _WINDOW)
MEASUREMENTS = LedgerTable("measurements", _columns_of(Measurement), [*_WINDOW, "feature", "measure"])
OFFSETS = LedgerTable("offsets", {"origin": pa.string(), "epoch": pa.int64(), "next_sequence": pa.int64()}, ["origin"])
AUDIT = LedgerTable(
    "audit",
    {"number": pa.int64(), "at": pa.float64(), "actor": pa.string(), "action": pa.string(), "detail": pa.string()},
    ["number"],
)

_DUMPED: Mapping[str, LedgerTable] = {
    "offsets": OFFSETS,
    "cold_files": COLD_FILES,
    "profiles": PROFILES,
    "measurements": MEASUREMENTS,
    "audit": AUDIT,
}
"""By the names that every ledger's dump has, so that a backup of one kind fills another."""


def insert_rows(
    connection: PatientConnection, table: LedgerTable, rows: Sequence[Sequence[object]], after: str = ""
) -> int:
    """Adds rows; `after` is what follows the values, such as ON CONFLICT; how many were added or changed."""
    if not rows:
        return 0
    values = sql.SQL(", ").join([sql.Placeholder()] * len(table.columns))
    query = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({}) {}").format(
        table.identifier(), table.column_list(), values, sql.SQL(after)
    )
    with connection.cursor() as cursor:
        cursor.executemany(query, rows)
        return cursor.rowcount


def dump_tables(connection: PatientConnection) -> dict[str, pa.Table]:
    """Everything, by name."""
    return {name: _dumped(connection, table) for name, table in _DUMPED.items()}


def load_tables(connection: PatientConnection, dumped: Mapping[str, pa.Table], place: str) -> None:
    """Fills empty tables; InvalidSettings when they are not."""
    connection.execute(sql.SQL("LOCK TABLE {}").format(_tables()))
    filled = [name for name, table in _DUMPED.items() if len(_dumped(connection, table))]
    if filled:
        raise InvalidSettings(
            f"PostgreSQL at {place}: a backup is restored into an empty ledger only, and this one has "
            f"{', '.join(filled)}; give another database"
        )
    for name, table in _DUMPED.items():
        if name in dumped:
            columns = [dumped[name].column(column).to_pylist() for column in table.columns]
            insert_rows(connection, table, _with_truths(table, list(zip(*columns, strict=True))))
    next_number = "SELECT setval(pg_get_serial_sequence('infranaut.audit', 'number'), max(number)) FROM infranaut.audit"
    connection.execute(next_number)


def _dumped(connection: PatientConnection, table: LedgerTable) -> pa.Table:
    casts = {"is_held": "::integer", "detail": "::text"}
    columns = [sql.SQL("{}" + casts.get(name, "")).format(sql.Identifier(name)) for name in table.columns]
    query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        sql.SQL(", ").join(columns), table.identifier(), _list(table.order)
    )
    rows = connection.execute(query).fetchall()
    values = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    arrays = [pa.array(each, data_type) for each, data_type in zip(values, table.columns.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(table.columns))


def _with_truths(table: LedgerTable, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Numbers back to what the table's columns hold."""
    if table is not COLD_FILES:
        return rows
    return [(*values, bool(is_held)) for *values, is_held in rows]


def _tables() -> sql.Composed:
    return sql.SQL(", ").join(table.identifier() for table in _DUMPED.values())


def _list(names: Sequence[str] | Mapping[str, pa.DataType]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
