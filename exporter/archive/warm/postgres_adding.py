"""The statements that add rows within a transaction, and count those that were new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from psycopg import sql

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres_connection import PatientConnection
from exporter.archive.warm.postgres_encoding import HEADER, TRAILER
from exporter.archive.warm.postgres_rows import COLUMNS, KEYS, RowsToLand, encoded, hours_of

HourCounts = Counter[tuple[Kind, int, int, int]]
"""New rows by kind, monitor, hour (start, seconds since 1970) and layout."""

_HOUR_COUNTS = sql.SQL(
    "SELECT monitor, (floor(extract(epoch FROM time) / 3600) * 3600)::bigint, layout, count(*)"
    " FROM added GROUP BY 1, 2, 3"
)

_TABLES: Mapping[Kind, Mapping[str, Sequence[str]]] = {
    Kind.PREDICTIONS: {"predictions": COLUMNS[Kind.PREDICTIONS]},
    Kind.LABELS: {
        "label_keys": ("monitor", "time", "id"),
        "labels": COLUMNS[Kind.LABELS],
        "open_labels": ("monitor", "origin", "time", "id"),
    },
    Kind.DEAD_LETTERS: {"dead_letters": COLUMNS[Kind.DEAD_LETTERS]},
}
"""Where rows of each kind go, and which of their columns; a label is known by its key on whatever day."""

_WRITE_PIECE_BYTES = 1 << 18


def add_rows(connection: PatientConnection, rows: Sequence[RowsToLand], *, is_careful: bool) -> HourCounts:
    """Adds rows, grouped by kind; the new ones by hour. Unless careful, UniqueViolation when one of them is known."""
    counts: HourCounts = Counter()
    for kind, group in groupby(rows, key=lambda landing: landing.kind):
        landings = list(group)
        if is_careful:
            _copy_staged(connection, kind, landings)
            counts.update(_insert_labels(connection) if kind is Kind.LABELS else _insert_unknown(connection, kind))
        else:
            for table, columns in _TABLES[kind].items():
                _copy(connection, sql.Identifier("infranaut", table), columns, landings)
            counts.update(_all_of(landings))
    return counts


def raise_side_counts(connection: PatientConnection, counts: HourCounts) -> None:
    """Adds new rows to the counts of their hours, which stay locked until the transaction ends: do it last."""
    if not counts:
        return
    keys = sorted(counts)
    connection.execute(
        """
        INSERT INTO infranaut.hours AS h (kind, monitor, start, rows, layouts)
        SELECT kind, monitor, start, sum(rows), array_agg(DISTINCT layout)
        FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::int[], %s::bigint[])
            AS n (kind, monitor, start, layout, rows)
        GROUP BY kind, monitor, start ORDER BY kind, monitor, start
        ON CONFLICT (kind, monitor, start) DO UPDATE SET rows = h.rows + excluded.rows, layouts =
            CASE WHEN h.layouts @> excluded.layouts THEN h.layouts
            ELSE (SELECT array_agg(DISTINCT each ORDER BY each) FROM unnest(h.layouts || excluded.layouts) AS each) END
        """,
        [*map(list, zip(*keys, strict=True)), [counts[key] for key in keys]],
    )


def _copy_staged(connection: PatientConnection, kind: Kind, landings: Sequence[RowsToLand]) -> None:
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} (LIKE {}) ON COMMIT DELETE ROWS").format(
            _staged(kind), sql.Identifier("infranaut", kind.value)
        )
    )
    _copy(connection, _staged(kind), COLUMNS[kind], landings)


def _copy(
    connection: PatientConnection, table: sql.Composable, columns: Sequence[str], landings: Sequence[RowsToLand]
) -> None:
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(table, listed)
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        copy.write(HEADER)
        for landing in landings:
            for piece in encoded(landing, columns):
                for start in range(0, len(piece), _WRITE_PIECE_BYTES):
                    copy.write(piece[start : start + _WRITE_PIECE_BYTES])
        copy.write(TRAILER)


def _all_of(landings: Iterable[RowsToLand]) -> HourCounts:
    counts: HourCounts = Counter()
    for landing in landings:
        for hour, rows in zip(*hours_of(landing.time_us), strict=True):
            counts[landing.kind, landing.monitor, int(hour), landing.layout] += int(rows)
    return counts


def _insert_unknown(connection: PatientConnection, kind: Kind) -> HourCounts:
    """Of rows with the same key the one that was sent first."""
    query = sql.SQL(
        "WITH added AS (INSERT INTO {table} ({columns}) SELECT {columns} FROM {staged} ORDER BY {key}, sequence, ctid"
        " ON CONFLICT DO NOTHING RETURNING monitor, time, layout) {counts}"
    ).format(
        table=sql.Identifier("infranaut", kind.value),
        columns=sql.SQL(", ").join(map(sql.Identifier, COLUMNS[kind])),
        staged=_staged(kind),
        key=sql.SQL(", ").join(map(sql.Identifier, KEYS[kind])),
        counts=_HOUR_COUNTS,
    )
    return _counted(connection, kind, query)


def _insert_labels(connection: PatientConnection) -> HourCounts:
    """Those whose id has no label on any day; each waits for its prediction."""
    query = sql.SQL(
        """
        WITH firsts AS MATERIALIZED (
            SELECT DISTINCT ON (monitor, id) * FROM {staged} ORDER BY monitor, id, sequence, ctid
        ), unknown AS (
            INSERT INTO infranaut.label_keys (monitor, id, time) SELECT monitor, id, time FROM firsts
            ON CONFLICT DO NOTHING RETURNING monitor, id
        ), added AS (
            INSERT INTO infranaut.labels ({columns}) SELECT {columns} FROM firsts JOIN unknown USING (monitor, id)
            RETURNING origin, monitor, id, time, layout
        ), waiting AS (
            INSERT INTO infranaut.open_labels (origin, monitor, id, time) SELECT origin, monitor, id, time FROM added
        ) {counts}
        """
    ).format(
        staged=_staged(Kind.LABELS),
        columns=sql.SQL(", ").join(map(sql.Identifier, COLUMNS[Kind.LABELS])),
        counts=_HOUR_COUNTS,
    )
    return _counted(connection, Kind.LABELS, query)


def _counted(connection: PatientConnection, kind: Kind, query: sql.Composed) -> HourCounts:
    rows = connection.execute(query).fetchall()
    return Counter({(kind, monitor, hour, layout): count for monitor, hour, layout, count in rows})


def _staged(kind: Kind) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"staged_{kind.value}")
