"""Forgetting a day: its whole partition when nobody else has rows on it, else the rows of some monitors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import partial

from psycopg import errors, sql

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres_connection import PatientConnection, PostgresLink
from exporter.archive.warm.postgres_partitions import JOINS, is_there, partition_name, partition_of
from exporter.errors import LateRows

_LOCK_PATIENCE = "2s"
_DAY_S = 86_400
_PAGES_AT_ONCE = 16_384


def drop_day(link: PostgresLink, kind: Kind, day: date, expected: Mapping[str, int]) -> None:
    """As `exporter.archive.warm.tier.WarmTier.drop_day`; RetryLater while others read or land for more than 2 s."""
    work = partial(_drop_day, kind=kind, day=day, expected=expected)
    try:
        link.run(work, passed=(errors.UndefinedTable,))
    except errors.UndefinedTable:
        link.run(work)  # somebody else has dropped the partition while its lock was waited for


def _drop_day(connection: PatientConnection, kind: Kind, day: date, expected: Mapping[str, int]) -> None:
    connection.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_PATIENCE])
    has_rows = is_there(connection, kind.value, day)
    if has_rows:
        partitions = sql.SQL(", ").join(partition_of(table, day) for table in _tables(kind))
        connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(partitions))
    stored = _stored(connection, kind, day)
    _check(kind, day, stored, expected)
    if not has_rows:
        return
    monitors = [number for name, (number, _) in stored.items() if name in expected]
    if kind is Kind.PREDICTIONS:
        _reopen_labels(connection, day, monitors)
    elif kind is Kind.LABELS:
        _forget_keys(connection, day, monitors)
    if any(count and name not in expected for name, (_, count) in stored.items()):
        _delete_rows(connection, kind, day, monitors)
    else:
        _drop_partitions(connection, kind, day)
        monitors = [number for number, _ in stored.values()]
    connection.execute(
        "DELETE FROM infranaut.hours WHERE kind = %s AND start >= %s AND start < %s AND monitor = ANY(%s)",
        [kind.value, *_bounds(day), monitors],
    )


def _stored(connection: PatientConnection, kind: Kind, day: date) -> dict[str, tuple[int, int]]:
    """Monitor → its number and how many rows it has on that day."""
    query = (
        "SELECT name, monitor, sum(rows)::bigint FROM infranaut.hours h JOIN infranaut.names n ON n.id = h.monitor"
        " WHERE kind = %s AND start >= %s AND start < %s GROUP BY name, monitor"
    )
    rows = connection.execute(query, [kind.value, *_bounds(day)]).fetchall()
    return {name: (number, count) for name, number, count in rows}


def _check(kind: Kind, day: date, stored: Mapping[str, tuple[int, int]], expected: Mapping[str, int]) -> None:
    for monitor, rows in expected.items():
        _, count = stored.get(monitor, (0, 0))
        if count != rows:
            raise LateRows(f"{kind.value} of {monitor} on {day}: {count} rows are there, {rows} were expected")


def _drop_partitions(connection: PatientConnection, kind: Kind, day: date) -> None:
    """Last, since nobody lands or reads from here to the end of the transaction."""
    for table in _tables(kind):
        connection.execute(
            sql.SQL("ALTER TABLE {} DETACH PARTITION {partition}; DROP TABLE {partition}").format(
                sql.Identifier("infranaut", table), partition=partition_of(table, day)
            )
        )


def _delete_rows(connection: PatientConnection, kind: Kind, day: date, monitors: list[int]) -> None:
    for table in _tables(kind):
        _for_rows_of(connection, table, day, monitors, sql.SQL("DELETE FROM {rows} r WHERE {some}"))


def _reopen_labels(connection: PatientConnection, day: date, monitors: list[int]) -> None:
    """The labels of these predictions, where they are kept, have none again."""
    reopen = sql.SQL(
        "INSERT INTO infranaut.open_labels (origin, monitor, id, time)"
        " SELECT r.label_origin, k.monitor, k.id, k.time FROM {rows} r"
        " JOIN infranaut.label_keys k ON k.monitor = r.monitor AND k.id = r.id AND k.time = r.label_time WHERE {some}"
    )
    _for_rows_of(connection, JOINS, day, monitors, reopen)


def _forget_keys(connection: PatientConnection, day: date, monitors: list[int]) -> None:
    """The ids of these labels are free again, and nobody looks for their predictions."""
    for table in ("label_keys", "open_labels"):
        delete = sql.SQL(
            "DELETE FROM {keys} k USING {rows} r"
            " WHERE k.monitor = r.monitor AND k.id = r.id AND k.time = r.time AND {some}"
        )
        name = sql.Identifier("infranaut", table)
        _for_rows_of(connection, Kind.LABELS.value, day, monitors, delete, keys=name)


def _for_rows_of(
    connection: PatientConnection,
    table: str,
    day: date,
    monitors: list[int],
    statement: sql.SQL,
    **names: sql.Identifier,
) -> None:
    """Executes a statement for all rows r of a partition, in pieces that take some seconds each."""
    size = "SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::bigint"
    [[pages]] = connection.execute(size, [f"infranaut.{partition_name(table, day)}"]).fetchall()
    for start in range(0, pages, _PAGES_AT_ONCE):
        some = sql.SQL("r.monitor = ANY({}) AND r.ctid >= {}::tid AND r.ctid < {}::tid").format(
            sql.Literal(monitors), sql.Literal(f"({start},0)"), sql.Literal(f"({start + _PAGES_AT_ONCE},0)")
        )
        connection.execute(statement.format(rows=partition_of(table, day), some=some, **names))


def _tables(kind: Kind) -> tuple[str, ...]:
    return (kind.value, JOINS) if kind is Kind.PREDICTIONS else (kind.value,)


def _bounds(day: date) -> tuple[int, int]:
    start = round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    return start, start + _DAY_S
