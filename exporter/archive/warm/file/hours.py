"""The side counts: rows, and labelled predictions, by hour."""

from __future__ import annotations

import sqlite3

import numpy as np

from exporter.archive.entry import Kind
from exporter.archive.warm.tier import StoredHour
from exporter.batch import Integers

HOUR_S = 3_600
HOUR_US = HOUR_S * 1_000_000
DAY_S = 86_400


def count_rows(connection: sqlite3.Connection, monitor: str, kind: Kind, times_us: Integers) -> None:
    """Adds rows with these times."""
    _add(connection, monitor, kind, times_us, "update hours set rows = rows + ?")


def count_labelled(connection: sqlite3.Connection, monitor: str, times_us: Integers) -> None:
    """Adds predictions with these times, which have been joined to their label."""
    _add(connection, monitor, Kind.PREDICTIONS, times_us, "update hours set labelled = labelled + ?")


def stored_hours(connection: sqlite3.Connection) -> list[StoredHour]:
    found = connection.execute("select monitor, kind, start, rows, labelled from hours order by 1, 2, 3")
    return [StoredHour(monitor, Kind(kind), start, rows, labelled) for monitor, kind, start, rows, labelled in found]


def rows_on(connection: sqlite3.Connection, monitor: str, kind: Kind, day: int) -> int:
    """How many rows a monitor has on a day, counted from 1970."""
    [[rows]] = connection.execute(f"select coalesce(sum(rows), 0) {_ON_DAY}", _day_key(monitor, kind, day))
    return int(rows)


def drop_hours(connection: sqlite3.Connection, monitor: str, kind: Kind, day: int) -> None:
    connection.execute(f"delete {_ON_DAY}", _day_key(monitor, kind, day))


_ON_DAY = "from hours where monitor = ? and kind = ? and start >= ? and start < ?"


def _day_key(monitor: str, kind: Kind, day: int) -> tuple[str, str, int, int]:
    return monitor, kind.value, day * DAY_S, (day + 1) * DAY_S


def _add(connection: sqlite3.Connection, monitor: str, kind: Kind, times_us: Integers, update: str) -> None:
    hours, counts = np.unique(times_us // HOUR_US, return_counts=True)
    connection.executemany(
        "insert into hours (monitor, kind, start, rows, labelled) values (?, ?, ?, 0, 0) on conflict do nothing",
        [(monitor, kind.value, hour * HOUR_S) for hour in hours.tolist()],
    )
    connection.executemany(
        f"{update} where monitor = ? and kind = ? and start = ?",
        [
            (count, monitor, kind.value, hour * HOUR_S)
            for hour, count in zip(hours.tolist(), counts.tolist(), strict=True)
        ],
    )
