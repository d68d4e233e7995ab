"""The ledger in the warm tier's file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import Any

import msgspec
import pyarrow as pa

from exporter.archive.entry import Kind
from exporter.archive.ledger import AuditEvent, ColdFile, Measurement, StoredProfile, WindowRevision
from exporter.archive.warm.file.connection import WarmFile
from exporter.archive.warm.file.duties import Duties
from exporter.archive.warm.file.hours import HOUR_S
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry, InvalidSettings, LateRows

_TEXT, _WHOLE, _REAL, _BYTES = pa.string(), pa.int64(), pa.float64(), pa.binary()
_COLD_FILES = {
    "name": _TEXT,
    "monitor": _TEXT,
    "kind": _TEXT,
    "hour": _WHOLE,
    "origin": _TEXT,
    "first_sequence": _WHOLE,
    "last_sequence": _WHOLE,
    "rows": _WHOLE,
    "digest": _TEXT,
    "size_bytes": _WHOLE,
    "sha256": _TEXT,
    "created_at": _REAL,
    "expires_at": _REAL,
    "is_held": _WHOLE,
}
_WINDOW = {"monitor": _TEXT, "model_version": _TEXT, "segment": _TEXT}
_PROFILES = _WINDOW | {
    "start": _WHOLE,
    "end": _WHOLE,
    "revision": _WHOLE,
    "rows": _WHOLE,
    "labelled": _WHOLE,
    "payload": _BYTES,
}
_MEASUREMENTS = _WINDOW | {
    "feature": _TEXT,
    "measure": _TEXT,
    "start": _WHOLE,
    "end": _WHOLE,
    "revision": _WHOLE,
    "value": _REAL,
    "observations": _WHOLE,
}
_DUMPED: Mapping[str, Mapping[str, pa.DataType]] = {
    "offsets": {"origin": _TEXT, "epoch": _WHOLE, "next_sequence": _WHOLE},
    "cold_files": _COLD_FILES,
    "profiles": _PROFILES,
    "measurements": _MEASUREMENTS,
    "audit": {"number": _WHOLE, "at": _REAL, "actor": _TEXT, "action": _TEXT, "detail": _TEXT},
}
"""Each table's columns, in the order of the dataclass that its rows are."""


class EmbeddedLedger:
    """A `Ledger`."""

    def __init__(self, file: WarmFile, duties: Duties) -> None:
        self._file = file
        self._duties = duties

    def offsets(self) -> Mapping[str, int]:
        with self._file.reading() as connection:
            return dict(connection.execute("select origin, next_sequence from offsets").fetchall())

    def add_cold_file(self, file: ColdFile) -> None:
        with self._file.writing() as connection:
            stands = _cold_files(connection, "where name = ?", (file.name,))
            if not stands:
                _insert(connection, "cold_files", [astuple(file)])
            elif _what_is_in(stands[0]) != _what_is_in(file):
                raise CorruptEntry(f"{file.name}: another file of {stands[0].rows} rows stands under this name")

    def cold_files(
        self, monitor: str | None = None, kind: Kind | None = None, span: Span | None = None
    ) -> Sequence[ColdFile]:
        conditions: list[tuple[str, object]] = []
        conditions += [("monitor = ?", monitor)] if monitor is not None else []
        conditions += [("kind = ?", kind.value)] if kind is not None else []
        conditions += [("hour < ?", span.end), (f"hour + {HOUR_S} > ?", span.start)] if span is not None else []
        where = "where " + " and ".join(condition for condition, _ in conditions) if conditions else ""
        with self._file.reading() as connection:
            return _cold_files(connection, where, [value for _, value in conditions])

    def hold_cold_files(self, names: Sequence[str], is_held: bool) -> None:
        with self._file.writing() as connection:
            connection.executemany(
                "update cold_files set is_held = ? where name = ?", [(int(is_held), name) for name in names]
            )

    def remove_cold_file(self, name: str) -> None:
        with self._file.writing() as connection:
            if any(file.is_held for file in _cold_files(connection, "where name = ?", (name,))):
                raise LateRows(f"{name} is on legal hold: it stays until it is let go")
            connection.execute("delete from cold_files where name = ?", (name,))

    def put_profiles(self, profiles: Sequence[StoredProfile], replaces: int) -> bool:
        if not profiles:
            return True
        window = profiles[0].monitor, profiles[0].start, profiles[0].end
        of_window = 'from profiles where monitor = ? and start = ? and "end" = ?'
        with self._file.writing() as connection:
            [[stands]] = connection.execute(f"select coalesce(max(revision), 0) {of_window}", window)
            if stands != replaces:
                return False
            connection.execute(f"delete {of_window}", window)
            _insert(connection, "profiles", map(astuple, profiles))
            return True

    def profiles(self, monitor: str, span: Span) -> Sequence[StoredProfile]:
        order = 'order by start, model_version, segment, "end"'
        return [StoredProfile(*row) for row in self._starting("profiles", monitor, span, order)]

    def newest_windows(self, monitor: str, limit: int) -> Sequence[WindowRevision]:
        query = "select start, max(revision) from profiles where monitor = ? group by start order by start desc limit ?"
        with self._file.reading() as connection:
            return [WindowRevision(*row) for row in connection.execute(query, (monitor, limit))]

    def drop_profiles(self, monitor: str, before: float) -> int:
        with self._file.writing() as connection:
            for table in ("measurements", "profiles"):
                dropped = connection.execute(
                    f'delete from {table} where monitor = ? and "end" < ?',  # noqa: S608  # names of its own
                    (monitor, before),
                )
            return dropped.rowcount

    def put_measurements(self, measurements: Sequence[Measurement]) -> None:
        with self._file.writing() as connection:
            _insert(
                connection,
                "measurements",
                map(astuple, measurements),
                "on conflict do update set revision = excluded.revision, value = excluded.value,"
                " observations = excluded.observations where excluded.revision >= revision",
            )

    def measurements(self, monitor: str, span: Span) -> Sequence[Measurement]:
        order = 'order by start, "end", model_version, segment, feature, measure'
        return [Measurement(*row) for row in self._starting("measurements", monitor, span, order)]

    def audit(self, event: AuditEvent) -> None:
        detail = msgspec.json.encode(dict(event.detail), order="sorted").decode()
        with self._file.writing() as connection:
            connection.execute(
                "insert into audit (at, actor, action, detail) values (?, ?, ?, ?)",
                (event.at, event.actor, event.action, detail),
            )

    def audit_events(self, span: Span, actions: Sequence[str] | None = None) -> Sequence[AuditEvent]:
        of_actions = "" if actions is None else f"and action in ({', '.join('?' * len(actions))})"
        with self._file.reading() as connection:
            found = connection.execute(
                "select at, actor, action, detail from audit"  # noqa: S608  # nothing but marks
                f" where at >= ? and at < ? {of_actions} order by at, number",
                (span.start, span.end, *(actions or ())),
            )
            return [AuditEvent(at, actor, action, msgspec.json.decode(detail)) for at, actor, action, detail in found]

    def elect(self, duty: str) -> bool:
        return self._duties.take(duty)

    def dump(self) -> Mapping[str, pa.Table]:
        with self._file.reading() as connection:
            return {table: _dumped(connection, table) for table in _DUMPED}

    def load(self, tables: Mapping[str, pa.Table]) -> None:
        with self._file.writing() as connection:
            filled = [table for table in _DUMPED if len(_dumped(connection, table))]
            if filled:
                raise InvalidSettings(
                    f"{self._file.path}: a backup is restored into an empty ledger only, and this one has"
                    f" {', '.join(filled)}; give the exporter another --state folder"
                )
            for table, columns in _DUMPED.items():
                if table in tables:
                    values = [tables[table].column(name).to_pylist() for name in columns]
                    _insert(connection, table, zip(*values, strict=True))

    def _starting(self, table: str, monitor: str, span: Span, order: str) -> list[Any]:
        query = f"select {_columns(table)} from {table} where monitor = ? and start >= ? and start < ? {order}"  # noqa: S608
        with self._file.reading() as connection:
            return connection.execute(query, (monitor, span.start, span.end)).fetchall()


def _what_is_in(file: ColdFile) -> tuple[object, ...]:
    """What the same file has in common with itself, whenever it was added."""
    return file.rows, file.digest, file.size_bytes, file.sha256


def _cold_files(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[ColdFile]:
    query = f"select {_columns('cold_files')} from cold_files {where} order by name"  # noqa: S608  # names of its own
    named = [dict(zip(_COLD_FILES, row, strict=True)) for row in connection.execute(query, values)]
    return [ColdFile(**row | {"kind": Kind(row["kind"]), "is_held": bool(row["is_held"])}) for row in named]


def _insert(
    connection: sqlite3.Connection, table: str, rows: Iterable[Sequence[object]], on_conflict: str = ""
) -> None:
    marks = ", ".join("?" * len(_DUMPED[table]))
    connection.executemany(
        f"insert into {table} ({_columns(table)}) values ({marks}) {on_conflict}",  # noqa: S608  # names of its own
        rows,
    )


def _dumped(connection: sqlite3.Connection, table: str) -> pa.Table:
    columns = _DUMPED[table]
    query = f"select {_columns(table)} from {table} order by 1, 2, 3, 4, 5, 6, 7"  # noqa: S608  # names of its own
    if len(columns) < 7:  # offsets and audit begin with their key
        query = f"select {_columns(table)} from {table} order by 1"  # noqa: S608  # names of its own
    rows = connection.execute(query).fetchall()
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(each, kind) for each, kind in zip(values, columns.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(columns))


def _columns(table: str) -> str:
    return ", ".join(f'"{name}"' for name in _DUMPED[table])
