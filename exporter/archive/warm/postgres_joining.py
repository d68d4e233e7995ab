"""Joins late labels to their predictions, wherever within the days that are kept these lie.

Labels whose prediction is not there stay open, perhaps for good (a sender may label more than it predicts). So a call
looks at all that came since the last one, and at some of the older ones, in turn: what a call costs has a bound, and
a prediction that came after its label is found when its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow as pa
from psycopg import sql

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres_connection import PatientConnection, PostgresLink
from exporter.archive.warm.postgres_names import RowLayout, ValueType, known_number, layouts_of
from exporter.archive.warm.postgres_queries import moment
from exporter.archive.warm.postgres_reading import copied_batches
from exporter.archive.warm.postgres_shape import RowShape, shape_of

_OLDER_AT_ONCE = 1_000
_NEWER_AT_ONCE = 20_000

_COLUMNS = ("monitor", "id", "label", "label_time", "time", "prediction", "model_version", "error")
_TABLES = dict.fromkeys(("label", "label_class", "label_time"), "f")

FOUND_LABELS = """
CREATE TEMPORARY TABLE IF NOT EXISTS found_labels (
    number bigint, origin integer, monitor integer, id text COLLATE "C", label_time timestamptz, time timestamptz,
    label double precision, label_class text, label_layout integer, layout integer
) ON COMMIT DELETE ROWS
"""

_FIND = sql.SQL(
    """
    WITH looked_at AS MATERIALIZED (
        SELECT number, monitor, id, time FROM infranaut.open_labels
        WHERE origin = {origin} AND number > {after} AND number <= {last} AND time >= {since}
        ORDER BY number LIMIT {at_once} FOR UPDATE SKIP LOCKED
    ), found AS (
        INSERT INTO pg_temp.found_labels
        SELECT o.number, {origin}::integer, o.monitor, o.id, o.time, p.time, l.label, l.label_class, l.layout, p.layout
        FROM looked_at o
        JOIN infranaut.labels l ON l.monitor = o.monitor AND l.id = o.id AND l.time = o.time
        CROSS JOIN LATERAL (
            SELECT time, layout FROM infranaut.predictions
            WHERE monitor = o.monitor AND id = o.id ORDER BY time DESC LIMIT 1
        ) p
        ORDER BY o.number LIMIT {limit}
        RETURNING number
    )
    SELECT (SELECT count(*) FROM looked_at), (SELECT max(number) FROM looked_at), (SELECT count(*) FROM found),
        (SELECT max(number) FROM found)
    """
)

JOIN_FOUND = """
WITH joined AS (
    INSERT INTO infranaut.joins (monitor, time, label_time, label_origin, label, id, label_class)
    SELECT monitor, time, label_time, origin, label, id, label_class FROM pg_temp.found_labels ORDER BY monitor, id
    ON CONFLICT DO NOTHING RETURNING monitor, id, time
), counted AS (
    UPDATE infranaut.hours h SET labelled = h.labelled + n.labelled
    FROM (
        SELECT monitor, (floor(extract(epoch FROM time) / 3600) * 3600)::bigint AS start, count(*) AS labelled
        FROM joined GROUP BY 1, 2
    ) n WHERE h.kind = 'predictions' AND h.monitor = n.monitor AND h.start = n.start
), unopened AS (
    DELETE FROM infranaut.open_labels o USING pg_temp.found_labels f WHERE o.origin = f.origin AND o.number = f.number
)
DELETE FROM pg_temp.found_labels f WHERE NOT EXISTS (SELECT FROM joined j WHERE j.monitor = f.monitor AND j.id = f.id)
"""

_FOUND_ROWS = sql.SQL(
    "FROM pg_temp.found_labels f"
    " JOIN infranaut.predictions r ON r.monitor = f.monitor AND r.id = f.id AND r.time = f.time"
)

_EVERYTHING = 2**63 - 1


@dataclass(slots=True)
class _Turns:
    """How far the open labels of an origin have been looked at.

    seen : the number up to which every label has had its first look.
    turn : the number after which the next look at older ones begins.
    """

    seen: int = 0
    turn: int = 0


class LabelJoiner:
    """Remembers which labels it has looked at. For one thread."""

    def __init__(self, link: PostgresLink) -> None:
        self._link = link
        self._progress: dict[str, _Turns] = {}

    def join(self, origins: Sequence[str], since: float, limit: int) -> pa.Table:
        """As `exporter.archive.warm.tier.WarmTier.join_labels`; one call joins only labels of one type."""

        def work(connection: PatientConnection) -> tuple[pa.Table, dict[str, _Turns]]:
            progress = {origin: replace(self._progress.get(origin, _Turns())) for origin in origins}
            return _joined(connection, progress, since, limit), progress

        table, progress = self._link.run(work)
        self._progress |= progress
        return table


def _joined(connection: PatientConnection, progress: Mapping[str, _Turns], since: float, limit: int) -> pa.Table:
    connection.execute(FOUND_LABELS)
    found = 0
    with by_index(connection):
        for origin, state in progress.items():
            number = known_number(connection, origin)
            found += _find(connection, number, state, since, limit - found)
    shape = _one_type(connection)
    if found:
        connection.execute(JOIN_FOUND)
    with by_index(connection):
        batches = list(copied_batches(connection, shape, _FOUND_ROWS, _TABLES))
    return pa.Table.from_batches(batches, shape.schema)


def _find(connection: PatientConnection, origin: int, state: _Turns, since: float, limit: int) -> int:
    """Looks at the open labels of one origin: those that are new, then older ones in turn; how many were found."""
    older, turn = state.seen, state.turn
    found = looked_at = 0
    is_end = False
    while not is_end and found < limit and looked_at < _NEWER_AT_ONCE:
        at_once = max(limit - found, _OLDER_AT_ONCE)
        some, state.seen, is_end = _look(connection, origin, (state.seen, _EVERYTHING), since, (at_once, limit - found))
        found += some
        looked_at += at_once
    more, state.turn, is_end = _look(connection, origin, (turn, older), since, (_OLDER_AT_ONCE, limit - found))
    found += more
    if is_end and found < limit:
        more, state.turn, _ = _look(connection, origin, (0, min(turn, older)), since, (_OLDER_AT_ONCE, limit - found))
        found += more
    return found


def _look(
    connection: PatientConnection, origin: int, numbers: tuple[int, int], since: float, limits: tuple[int, int]
) -> tuple[int, int, bool]:
    """How many were found of the labels (after, last]; the number that it came to; whether that is the end of them.

    limits : how many to look at, and how many to find.
    """
    after, last = numbers
    at_once, limit = limits
    if limit <= 0 or after >= last:
        return 0, after, after >= last
    bounds = {"after": after, "last": last, "at_once": at_once, "limit": limit, "origin": origin}
    query = _FIND.format(since=moment(since), **{name: sql.Literal(value) for name, value in bounds.items()})
    looked_at, last_looked_at, found, last_found = connection.execute(query).fetchone() or (0, None, 0, None)
    if found >= limit:
        return found, last_found, False
    return found, last_looked_at or after, looked_at < at_once


def _one_type(connection: PatientConnection) -> RowShape:
    """What the found ones give; of numbers and text the type of the first, the others stay open."""
    query = "SELECT layout, label_layout FROM pg_temp.found_labels GROUP BY 1, 2 ORDER BY min(number)"
    pairs = connection.execute(query).fetchall()
    known = layouts_of(connection, [number for pair in pairs for number in pair])
    types = {pair: (known[pair[0]].outcome, known[pair[1]].outcome) for pair in pairs}
    of_first = next(iter(types.values()), (ValueType.NUMBER, ValueType.NUMBER))
    kept = [pair for pair in pairs if types[pair] == of_first]
    for layout, label_layout in set(pairs) - set(kept):
        delete = "DELETE FROM pg_temp.found_labels WHERE layout = %s AND label_layout = %s"
        connection.execute(delete, [layout, label_layout])
    layouts = _layouts_of_monitors(connection) if kept else {}
    shape = shape_of(Kind.PREDICTIONS, layouts, ("monitor", "label", "label_time"), of_first)
    features = {name for layout in layouts.values() for name, _ in layout.features}
    categories = [field.name for field in shape.schema if field.name in features and field.type == pa.string()]
    return shape.narrowed([*_COLUMNS, *categories])


def _layouts_of_monitors(connection: PatientConnection) -> dict[int, RowLayout]:
    """Those that any prediction of the found ones' monitors has, so that all calls give the same columns."""
    query = (
        "SELECT DISTINCT unnest(layouts) FROM infranaut.hours"
        " WHERE kind = %s AND monitor IN (SELECT monitor FROM pg_temp.found_labels)"
    )
    return layouts_of(connection, [number for (number,) in connection.execute(query, [Kind.PREDICTIONS.value])])


@contextmanager
def by_index(connection: PatientConnection) -> Iterator[None]:
    """Looks rows up by their keys, however few PostgreSQL believes that a table has."""
    setting = "SELECT set_config('enable_hashjoin', %s, true), set_config('enable_mergejoin', %s, true)"
    connection.execute(setting, ["off", "off"])
    yield
    connection.execute(setting, ["on", "on"])
