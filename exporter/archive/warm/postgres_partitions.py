"""Partitions, one for each kind and UTC day: made before the first row of their day, dropped with the last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import numpy as np
from psycopg import sql

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres_connection import PatientConnection, PostgresLink
from exporter.archive.warm.postgres_rows import KEYS, Integers
from exporter.errors import CorruptEntry

JOINS = "joins"
DAYS_AHEAD = 3

_LOCK = 0x696E667261000002
_EPOCH_DAY = date(1970, 1, 1)
_DAY_US = 86_400_000_000
_INLINE_BYTES = 8_160


class PostgresPartitions:
    """Makes partitions, and remembers which ones are there until the connection is lost."""

    def __init__(self, link: PostgresLink) -> None:
        self._link = link
        self._generation = 0
        self._known: set[tuple[str, date]] = set()

    def make_ahead(self, now_s: float) -> None:
        """Those of today and of the next days."""
        today = datetime.fromtimestamp(now_s, UTC).date()
        ahead = [today + timedelta(days=number) for number in range(DAYS_AHEAD + 1)]
        for kind in Kind:
            self.make(kind, ahead)

    def make(self, kind: Kind, days: Iterable[date]) -> None:
        """Those of some days where they are missing; at once with others: no effect, and no waiting for landings."""
        if self._generation != self._link.generation:
            self.forget()
        wanted = {(table, day) for day in days for table in _tables(kind)}
        missing = sorted(wanted - self._known)
        if missing:
            self._link.run(lambda connection: _make(connection, missing))
            self._known |= wanted
            self._generation = self._link.generation

    def forget(self) -> None:
        """Asks the database again: somebody else has dropped some."""
        self._known.clear()


def days_of(time_us: Integers) -> list[date]:
    """The UTC days of times (microseconds since 1970); CorruptEntry beyond the years 1 to 9998."""
    return [_day(int(number)) for number in np.unique(time_us // _DAY_US)]


def partition_of(table: str, day: date) -> sql.Identifier:
    return sql.Identifier("infranaut", partition_name(table, day))


def partition_name(table: str, day: date) -> str:
    return f"{table}_{day.isoformat().replace('-', '')}"


def is_there(connection: PatientConnection, table: str, day: date) -> bool:
    row = connection.execute(
        "SELECT to_regclass(%s) IS NOT NULL", [f"infranaut.{partition_name(table, day)}"]
    ).fetchone()
    return row is not None and bool(row[0])


def _day(days_since_1970: int) -> date:
    try:
        day = _EPOCH_DAY + timedelta(days=days_since_1970)
        return day + timedelta(days=1) - timedelta(days=1)
    except OverflowError as error:
        raise CorruptEntry(
            f"a row's time lies {days_since_1970} days from 1970; years 1 to 9998 can be kept"
        ) from error


def _make(connection: PatientConnection, missing: Iterable[tuple[str, date]]) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    for table, day in missing:
        if not is_there(connection, table, day):
            connection.execute(_statements(table, day))


def _statements(table: str, day: date) -> sql.Composed:
    """Attaching a table takes a weaker lock than creating a partition does: landings and readers go on."""
    parent, partition = sql.Identifier("infranaut", table), partition_of(table, day)
    key = ("monitor", "id") if table == JOINS else KEYS[Kind(table)]
    return sql.SQL(
        "CREATE TABLE {partition} (LIKE {parent} INCLUDING STORAGE) WITH (toast_tuple_target = {inline});"
        "CREATE UNIQUE INDEX ON {partition} ({key});"
        "CREATE INDEX ON {partition} USING brin (time) WITH (pages_per_range = 32, autosummarize = on);"
        "ALTER TABLE {parent} ATTACH PARTITION {partition} FOR VALUES FROM ({start}) TO ({end})"
    ).format(
        parent=parent,
        partition=partition,
        inline=sql.Literal(_INLINE_BYTES),
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        start=sql.Literal(f"{day.isoformat()} 00:00:00+00"),
        end=sql.Literal(f"{(day + timedelta(days=1)).isoformat()} 00:00:00+00"),
    )


def _tables(kind: Kind) -> tuple[str, ...]:
    return (kind.value, JOINS) if kind is Kind.PREDICTIONS else (kind.value,)
