"""A warm tier in PostgreSQL, looked at from outside, and works that meet in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres import PostgresWarm, open_postgres
from tests.support.archives import EVER, MONITOR, ids
from tests.support.batches import START_S
from tests.support.clocks import MovedClock

DEADLINE_S = 30
DAY = datetime.fromtimestamp(START_S, UTC).date()
"""Of rows that tell no other time."""


def opened(url: str, patience_s: float = 20) -> PostgresWarm:
    return open_postgres(url, None, MovedClock(), patience_s)[0]


def stored_ids(warm: PostgresWarm, kind: Kind = Kind.PREDICTIONS) -> list[str]:
    return ids(warm.read(kind, MONITOR, EVER))


def counted(warm: PostgresWarm, kind: Kind = Kind.PREDICTIONS) -> int:
    return sum(hour.rows for hour in warm.hours() if hour.kind is kind)


def waiting(url: str) -> int:
    """How many wait for a lock."""
    with psycopg.connect(url) as other:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        [[count]] = other.execute(query).fetchall()
    return int(count)


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as other:
        rows = other.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'infranaut'").fetchall()
    return {name for (name,) in rows}


def rows_in(url: str, table: str) -> int:
    with psycopg.connect(url) as other:
        [[rows]] = other.execute(f"SELECT count(*) FROM infranaut.{table}").fetchall()
    return int(rows)


def at_once(*works: Callable[[], None]) -> None:
    """Runs all at the same time; the first error is raised."""
    errors: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
