"""What the tables are asked: rows of a span, rows by id, the newest rows, and the side counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from psycopg import sql

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres_connection import PatientConnection
from exporter.archive.warm.postgres_names import RowLayout, known_number, layouts_of
from exporter.archive.warm.postgres_readers import PostgresReaders
from exporter.archive.warm.postgres_reading import copied_batches
from exporter.archive.warm.postgres_rows import keys_of
from exporter.archive.warm.postgres_shape import RowShape, shape_of
from exporter.archive.warm.tier import Span, StoredHour

_IDS_AT_ONCE = 1_000
_HOUR_S = 3_600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALWAYS = Span(float("-inf"), float("inf"))

_BY_ID = sql.SQL("{} AND r.id = ANY(ARRAY(SELECT unnest({}::text[])))")
"""The ids are hidden from the planner, who else reads all of a monitor in a table that it knows little of."""

_LABELLED_COLUMNS = dict.fromkeys(("label", "label_class", "label_time"), "j")


class PostgresQueries:
    """Questions that change nothing; each is answered by a connection of its own. For one thread."""

    def __init__(self, readers: PostgresReaders) -> None:
        self._readers = readers

    def hours(self) -> list[StoredHour]:
        """As `exporter.archive.warm.tier.WarmTier.hours`, ordered."""
        query = (
            "SELECT name, kind, start, rows, labelled FROM infranaut.hours h JOIN infranaut.names n ON n.id = h.monitor"
            " WHERE rows > 0 ORDER BY name, kind, start"
        )
        with self._readers.snapshot() as connection:
            rows = connection.execute(query).fetchall()
        return [StoredHour(name, Kind(kind), *numbers) for name, kind, *numbers in rows]

    def size_bytes(self) -> int:
        """As `exporter.archive.warm.tier.WarmTier.size_bytes`; a partition that is dropped meanwhile counts nothing."""
        query = (
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
            " WHERE relnamespace = to_regnamespace('infranaut') AND relkind = 'r'"
        )
        with self._readers.snapshot() as connection:
            (size,) = connection.execute(query).fetchone() or (0,)
        return int(size)

    def read(self, kind: Kind, monitor: str, span: Span, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        """As `exporter.archive.warm.tier.WarmTier.read`."""
        with self._readers.snapshot() as connection:
            number, layouts = _known(connection, kind, monitor, span)
            shape = shape_of(kind, layouts)
            yield from copied_batches(connection, _narrowed(shape, columns), _rows_in(kind, number, span))

    def read_labelled(self, monitor: str, span: Span) -> Iterator[pa.RecordBatch]:
        """As `exporter.archive.warm.tier.WarmTier.read_labelled`."""
        with self._readers.snapshot() as connection:
            number, layouts = _known(connection, Kind.PREDICTIONS, monitor, span)
            _, label_layouts = _known(connection, Kind.LABELS, monitor, _ALWAYS)
            outcomes = [layout.outcome for layout in label_layouts.values()]
            shape = shape_of(Kind.PREDICTIONS, layouts, ("label", "label_time"), outcomes)
            joined = sql.SQL(
                "FROM infranaut.predictions r LEFT JOIN infranaut.joins j ON j.monitor = r.monitor AND j.id = r.id"
                " AND j.time = r.time AND j.monitor = {monitor} AND {joined_then}"
                " WHERE r.monitor = {monitor} AND {then}"
            ).format(monitor=number, then=within("r", span), joined_then=within("j", span))
            connection.execute("SELECT set_config('enable_nestloop', 'off', true)")
            yield from copied_batches(connection, shape, joined, _LABELLED_COLUMNS)

    def find(self, kind: Kind, monitor: str, ids: Sequence[str]) -> pa.Table:
        """As `exporter.archive.warm.tier.WarmTier.find`."""
        keys = sorted(set(keys_of(pa.array(ids, pa.string()))[0].to_pylist()))
        with self._readers.snapshot() as connection:
            number, layouts = _known(connection, kind, monitor, _ALWAYS)
            shape = shape_of(kind, layouts)
            batches: list[pa.RecordBatch] = []
            for start in range(0, len(keys), _IDS_AT_ONCE):
                some = sql.Literal(keys[start : start + _IDS_AT_ONCE])
                batches += copied_batches(connection, shape, _BY_ID.format(_rows_in(kind, number, _ALWAYS), some))
        return pa.Table.from_batches(batches, shape.schema)

    def newest(self, kind: Kind, monitor: str, since: float, limit: int) -> pa.Table:
        """As `exporter.archive.warm.tier.WarmTier.newest`; side counts tell which hours need not be looked at."""
        with self._readers.snapshot() as connection:
            number, layouts = _known(connection, kind, monitor, Span(since, float("inf")))
            shape = shape_of(kind, layouts)
            start = max(since, _start_of_newest(connection, kind, number, limit))
            rest = sql.SQL("{} ORDER BY r.time DESC LIMIT {}").format(
                _rows_in(kind, number, Span(start, float("inf"))), sql.Literal(limit)
            )
            batches = list(copied_batches(connection, shape, rest))
        return pa.Table.from_batches(batches, shape.schema).sort_by("time")


def within(table: str, span: Span) -> sql.Composed:
    """The condition that a row's `time` lies in the span."""
    return sql.SQL("{time} >= {start} AND {time} < {end}").format(
        time=sql.Identifier(table, "time"), start=moment(span.start), end=moment(span.end)
    )


def moment(seconds: float) -> sql.Literal:
    """Seconds since the epoch as PostgreSQL writes them."""
    try:
        return sql.Literal((_EPOCH + timedelta(microseconds=round(seconds * 1e6))).isoformat())
    except OverflowError:
        return sql.Literal("infinity" if seconds > 0 else "-infinity")


def _rows_in(kind: Kind, monitor: sql.Literal, span: Span) -> sql.Composed:
    return sql.SQL("FROM {} r WHERE r.monitor = {} AND {}").format(
        sql.Identifier("infranaut", kind.value), monitor, within("r", span)
    )


def _known(
    connection: PatientConnection, kind: Kind, monitor: str, span: Span
) -> tuple[sql.Literal, dict[int, RowLayout]]:
    """The monitor's number, and the layouts of its rows in a span."""
    number = known_number(connection, monitor)
    query = (
        "SELECT DISTINCT unnest(layouts) FROM infranaut.hours"
        " WHERE kind = %s AND monitor = %s AND start > %s::float8 AND start < %s::float8"
    )
    found = connection.execute(query, [kind.value, number, span.start - _HOUR_S, span.end]).fetchall()
    return sql.Literal(number), layouts_of(connection, [layout for (layout,) in found])


def _start_of_newest(connection: PatientConnection, kind: Kind, monitor: sql.Literal, limit: int) -> float:
    """The start of the hour in which the newest `limit` rows begin."""
    query = sql.SQL(
        "SELECT start FROM (SELECT start, sum(rows) OVER (ORDER BY start DESC) AS rows FROM infranaut.hours"
        " WHERE kind = {} AND monitor = {}) AS newest WHERE rows >= {} ORDER BY start DESC LIMIT 1"
    ).format(sql.Literal(kind.value), monitor, sql.Literal(limit))
    row = connection.execute(query).fetchone()
    return float(row[0]) if row else float("-inf")


def _narrowed(shape: RowShape, columns: Sequence[str] | None) -> RowShape:
    return shape if columns is None else shape.narrowed(columns)
