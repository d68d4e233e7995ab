"""The ledger beside the rows in PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, replace
from typing import Any, Protocol, TypeVar

import orjson
import pyarrow as pa
from psycopg import sql

from exporter.archive.entry import Kind
from exporter.archive.ledger import AuditEvent, ColdFile, Measurement, StoredProfile, WindowRevision
from exporter.archive.warm.postgres_connection import PatientConnection
from exporter.archive.warm.postgres_ledger_tables import (
    COLD_FILES,
    MEASUREMENTS,
    PROFILES,
    LedgerTable,
    dump_tables,
    insert_rows,
    load_tables,
)
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry, LateRows

_HOUR_S = 3_600

T = TypeVar("T")

_REPLACE_OLDER = (
    'ON CONFLICT (monitor, start, "end", model_version, segment, feature, measure) DO UPDATE SET'
    " revision = excluded.revision, value = excluded.value, observations = excluded.observations"
    " WHERE infranaut.measurements.revision <= excluded.revision"
)


class LedgerLink(Protocol):
    """What a ledger asks of its connection; `exporter.archive.warm.postgres_connection.PostgresLink` is one."""

    @property
    def place(self) -> str: ...

    @property
    def generation(self) -> int: ...

    def run(self, work: Callable[[PatientConnection], T]) -> T: ...


class PostgresLedger:
    """A `Ledger`, over the tier's connection."""

    def __init__(self, link: LedgerLink) -> None:
        self._link = link
        self._duties: set[str] = set()
        self._generation = 0

    def offsets(self) -> Mapping[str, int]:
        query = "SELECT origin, next_sequence FROM infranaut.offsets"
        return dict(self._link.run(lambda connection: connection.execute(query).fetchall()))

    def add_cold_file(self, file: ColdFile) -> None:
        def work(connection: PatientConnection) -> None:
            if not insert_rows(connection, COLD_FILES, [astuple(file)], "ON CONFLICT DO NOTHING"):
                (stands,) = _files(connection, sql.SQL("WHERE name = %s"), [file.name])
                if _content(stands) != _content(file):
                    raise CorruptEntry(f"{file.name}: another file of {stands.rows} rows stands under this name")

        self._link.run(work)

    def cold_files(
        self, monitor: str | None = None, kind: Kind | None = None, span: Span | None = None
    ) -> Sequence[ColdFile]:
        where = sql.SQL(
            "WHERE monitor = coalesce(%s, monitor) AND kind = coalesce(%s, kind) AND hour > %s::float8"
            " AND hour < %s::float8 ORDER BY name"
        )
        touched = span or Span(float("-inf"), float("inf"))
        values = [monitor, None if kind is None else kind.value, touched.start - _HOUR_S, touched.end]
        return self._link.run(lambda connection: _files(connection, where, values))

    def hold_cold_files(self, names: Sequence[str], is_held: bool) -> None:
        update = "UPDATE infranaut.cold_files SET is_held = %s WHERE name = ANY(%s)"
        self._link.run(lambda connection: connection.execute(update, [is_held, list(names)]))

    def remove_cold_file(self, name: str) -> None:
        def work(connection: PatientConnection) -> None:
            stands = _files(connection, sql.SQL("WHERE name = %s FOR UPDATE"), [name])
            if any(file.is_held for file in stands):
                raise LateRows(f"{name} is on legal hold: it stays until it is let go")
            connection.execute("DELETE FROM infranaut.cold_files WHERE name = %s", [name])

        self._link.run(work)

    def put_profiles(self, profiles: Sequence[StoredProfile], replaces: int) -> bool:
        if not profiles:
            return True
        window = (profiles[0].monitor, profiles[0].start, profiles[0].end)
        of_window = 'FROM infranaut.window_profiles WHERE monitor = %s AND start = %s AND "end" = %s'

        def work(connection: PatientConnection) -> bool:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_key("window", *window)])
            query = f"SELECT coalesce(max(revision), 0) {of_window}"  # words of its own
            (stands,) = connection.execute(query, window).fetchone() or (0,)
            if stands != replaces:
                return False
            connection.execute(f"DELETE {of_window}", window)
            insert_rows(connection, PROFILES, [astuple(profile) for profile in profiles])
            return True

        return self._link.run(work)

    def profiles(self, monitor: str, span: Span) -> Sequence[StoredProfile]:
        rows = self._starting(PROFILES, monitor, span, "start, model_version, segment")
        return [StoredProfile(*row) for row in rows]

    def newest_windows(self, monitor: str, limit: int) -> Sequence[WindowRevision]:
        query = (
            "SELECT start, max(revision) FROM infranaut.window_profiles WHERE monitor = %s"
            " GROUP BY start ORDER BY start DESC LIMIT %s"
        )
        rows = self._link.run(lambda connection: connection.execute(query, [monitor, limit]).fetchall())
        return [WindowRevision(*row) for row in rows]

    def drop_profiles(self, monitor: str, before: float) -> int:
        delete = 'DELETE FROM infranaut.{} WHERE monitor = %s AND "end" < %s::float8'

        def work(connection: PatientConnection) -> int:
            connection.execute(delete.format("measurements"), [monitor, before])
            return connection.execute(delete.format("window_profiles"), [monitor, before]).rowcount

        return self._link.run(work)

    def put_measurements(self, measurements: Sequence[Measurement]) -> None:
        rows = sorted(astuple(measurement) for measurement in measurements)
        self._link.run(lambda connection: insert_rows(connection, MEASUREMENTS, rows, _REPLACE_OLDER))

    def measurements(self, monitor: str, span: Span) -> Sequence[Measurement]:
        order = 'start, "end", model_version, segment, feature, measure'
        return [Measurement(*row) for row in self._starting(MEASUREMENTS, monitor, span, order)]

    def audit(self, event: AuditEvent) -> None:
        insert = "INSERT INTO infranaut.audit (at, actor, action, detail) VALUES (%s, %s, %s, %s::jsonb)"
        values = [event.at, event.actor, event.action, orjson.dumps(dict(event.detail)).decode()]
        self._link.run(lambda connection: connection.execute(insert, values))

    def audit_events(self, span: Span, actions: Sequence[str] | None = None) -> Sequence[AuditEvent]:
        of_actions, values = ("", []) if actions is None else ("AND action = ANY(%s)", [list(actions)])
        query = sql.SQL(
            "SELECT at, actor, action, detail FROM infranaut.audit WHERE at >= %s AND at < %s {} ORDER BY at, number"
        ).format(sql.SQL(of_actions))
        asked = [span.start, span.end, *values]
        rows = self._link.run(lambda connection: connection.execute(query, asked).fetchall())
        return [AuditEvent(*row) for row in rows]

    def elect(self, duty: str) -> bool:
        """The lock belongs to the session: it is free again once the connection is lost, whatever becomes of this."""

        def work(connection: PatientConnection) -> bool:
            if self._generation != self._link.generation:
                self._duties, self._generation = set(), self._link.generation
            ask = "SELECT true" if duty in self._duties else f"SELECT pg_try_advisory_lock({_key('duty', duty)})"
            (is_elected,) = connection.execute(ask).fetchone() or (False,)
            return bool(is_elected)

        is_elected = self._link.run(work)
        if is_elected:
            self._duties.add(duty)
        return is_elected

    def dump(self) -> Mapping[str, pa.Table]:
        return self._link.run(dump_tables)

    def load(self, tables: Mapping[str, pa.Table]) -> None:
        self._link.run(lambda connection: load_tables(connection, tables, self._link.place))

    def _starting(self, table: LedgerTable, monitor: str, span: Span, order: str) -> list[tuple[Any, ...]]:
        query = sql.SQL(
            "SELECT {} FROM {} WHERE monitor = %s AND start >= %s::float8 AND start < %s::float8 ORDER BY {}"
        ).format(table.column_list(), table.identifier(), sql.SQL(order))
        return self._link.run(
            lambda connection: connection.execute(query, [monitor, span.start, span.end], binary=True).fetchall()
        )


def _files(connection: PatientConnection, where: sql.SQL, values: Sequence[object]) -> list[ColdFile]:
    query = sql.SQL("SELECT {} FROM infranaut.cold_files {}").format(COLD_FILES.column_list(), where)
    rows = [ColdFile(*row) for row in connection.execute(query, values).fetchall()]
    return [replace(file, kind=Kind(file.kind)) for file in rows]


def _content(file: ColdFile) -> tuple[object, ...]:
    """What tells whether two files are the same, whenever they were written."""
    return file.rows, file.digest, file.size_bytes, file.sha256


def _key(*words: object) -> int:
    """A lock's number."""
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:8], "big", signed=True)
