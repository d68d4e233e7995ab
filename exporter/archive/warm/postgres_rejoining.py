"""Joins labels to predictions that were brought back, hour by hour of these, so that no transaction takes long.

Unlike the joining of late labels it asks from the predictions' side: every open label of the monitor is compared, of
whichever origin, however many stay open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from psycopg import sql

from exporter.archive.warm.postgres_connection import PatientConnection, PostgresLink
from exporter.archive.warm.postgres_joining import FOUND_LABELS, JOIN_FOUND, by_index
from exporter.archive.warm.postgres_names import known_number
from exporter.archive.warm.postgres_queries import within
from exporter.archive.warm.tier import Span

_HOUR_S = 3_600

_FIND = sql.SQL(
    """
    INSERT INTO pg_temp.found_labels (number, origin, monitor, id, label_time, time)
    SELECT o.number, o.origin, o.monitor, o.id, o.time, p.time
    FROM infranaut.open_labels o JOIN infranaut.predictions p ON p.monitor = o.monitor AND p.id = o.id
    WHERE o.monitor = {monitor} AND p.monitor = {monitor} AND {then}
    FOR UPDATE OF o
    """
)

_LEAVE_TO_NEWER = """
DELETE FROM pg_temp.found_labels f WHERE EXISTS (
    SELECT FROM infranaut.predictions p WHERE p.monitor = f.monitor AND p.id = f.id AND p.time > f.time
)
"""

_ADD_LABELS = """
UPDATE pg_temp.found_labels f SET label = l.label, label_class = l.label_class
FROM infranaut.labels l WHERE l.monitor = f.monitor AND l.id = f.id AND l.time = f.label_time
"""


def join_restored(link: PostgresLink, monitor: str, span: Span) -> int:
    """As `exporter.archive.warm.tier.WarmTier.join_restored`."""
    joined = 0
    for start in _hours_with_rows(link, monitor, span):
        hour = Span(max(span.start, start), min(span.end, start + _HOUR_S))
        joined += link.run(partial(_join_in, monitor=monitor, span=hour))
    return joined


def _hours_with_rows(link: PostgresLink, monitor: str, span: Span) -> list[int]:
    """The hours in the span with predictions that have no label, by the side counts."""
    query = (
        "SELECT start FROM infranaut.hours h JOIN infranaut.names n ON n.id = h.monitor"
        " WHERE n.name = %s AND kind = 'predictions' AND labelled < rows"
        " AND start > %s::float8 AND start < %s::float8 ORDER BY start"
    )
    found = link.run(lambda connection: connection.execute(query, [monitor, span.start - _HOUR_S, span.end]).fetchall())
    return [start for (start,) in found]


def _join_in(connection: PatientConnection, monitor: str, span: Span) -> int:
    connection.execute(FOUND_LABELS)
    number = sql.Literal(known_number(connection, monitor))
    with _by_hash(connection):
        found = connection.execute(_FIND.format(monitor=number, then=within("p", span)))
    if not found.rowcount:
        return 0
    with by_index(connection):
        connection.execute(_LEAVE_TO_NEWER)
        connection.execute(_ADD_LABELS)
    connection.execute(JOIN_FOUND)
    [[joined]] = connection.execute("SELECT count(*) FROM pg_temp.found_labels").fetchall()
    return int(joined)


@contextmanager
def _by_hash(connection: PatientConnection) -> Iterator[None]:
    """Reads both tables once; PostgreSQL believes that one which was filled just now has hardly any rows."""
    setting = "SELECT set_config('enable_nestloop', %s, true)"
    connection.execute(setting, ["off"])
    yield
    connection.execute(setting, ["on"])
