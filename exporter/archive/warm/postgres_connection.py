"""Connections to PostgreSQL that never wait for ever, open themselves again, and say what to do when they fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from exporter.archive.address import masked
from exporter.archive.warm.postgres_errors import told
from exporter.errors import InvalidSettings, RetryLater

PATIENCE_S = 60.0
"""How long one statement may take. The server gives up first; this side, when the server is frozen, a little later."""

_CONNECT_PATIENCE_S = 10
_MARGIN = 1.25
_IDLE_FACTOR = 2
_ATTEMPTS = 10
_RETRIED = (errors.DeadlockDetected, errors.SerializationFailure)

T = TypeVar("T")


class PatientConnection(psycopg.Connection[TupleRow]):
    """Gives up, and closes itself, when the server says nothing for `silence_s`."""

    silence_s = PATIENCE_S * _MARGIN

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, self.silence_s if timeout is None else min(timeout, self.silence_s))
        except errors._WaitTimeout as error:
            self.close()
            raise errors.OperationalError(f"no answer within {self.silence_s:g} s") from error


class PostgresLink:
    """One connection, opened when it is first needed, and again after it was lost. For one thread.

    generation : grows with each opening; what a session held (locks, temporary tables) is gone with the one before.
    """

    def __init__(self, url: str, patience_s: float = PATIENCE_S, *, is_streaming: bool = False) -> None:
        """A streaming link only reads; how long its statements take is up to whoever reads."""
        self.url = url
        self._conninfo = _complete(url, patience_s)
        self._patience_s = patience_s
        self._is_streaming = is_streaming
        self._connection: PatientConnection | None = None
        self.generation = 0
        self.place = _place(self._conninfo)

    def run(self, work: Callable[[PatientConnection], T], passed: tuple[type[psycopg.Error], ...] = ()) -> T:
        """What `work` gives, done in one transaction; done again after deadlocks. Errors of `passed` are left as is."""
        for _ in range(_ATTEMPTS):
            try:
                connection = self._connected()
                with connection.transaction():
                    return work(connection)
            except passed:
                raise
            except _RETRIED as error:
                last = error
            except psycopg.Error as error:
                raise self._told(error) from error
        raise RetryLater(f"PostgreSQL at {self.place}: {_ATTEMPTS} transactions in a row failed: {last}") from last

    @contextmanager
    def telling(self) -> Iterator[PatientConnection]:
        """The connection for statements of the caller's, in whatever transaction, with its errors told."""
        try:
            yield self._connected()
        except psycopg.Error as error:
            raise self._told(error) from error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> PatientConnection:
        if self._connection is None or self._connection.closed:
            self._connection = self._open()
            self.generation += 1
        return self._connection

    def _open(self) -> PatientConnection:
        connection = PatientConnection.connect(self._conninfo, autocommit=True, prepare_threshold=None)
        connection.silence_s = self._patience_s * _MARGIN
        statement_ms = 0 if self._is_streaming else round(self._patience_s * 1000)
        settings = {
            "timezone": "UTC",
            "statement_timeout": str(statement_ms),
            "idle_in_transaction_session_timeout": str(round(self._patience_s * _IDLE_FACTOR * 1000)),
            "default_transaction_read_only": "on" if self._is_streaming else "off",
            "synchronize_seqscans": "off",
            "client_min_messages": "warning",
        }
        calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
        try:
            connection.execute(f"SELECT {calls}", [word for setting in settings.items() for word in setting])
        except BaseException:
            connection.close()
            raise
        return connection

    def _told(self, error: psycopg.Error) -> Exception:
        connection = self._connection
        if connection is not None and (connection.closed or connection.broken):
            self.close()
        return told(error, self.place)


def _complete(url: str, patience_s: float) -> str:
    """The address with what it leaves open."""
    defaults: dict[str, str | int] = {
        "application_name": "infranaut",
        "connect_timeout": max(2, min(_CONNECT_PATIENCE_S, round(patience_s))),
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": round(patience_s * 1000),
    }
    try:
        given = conninfo_to_dict(url)
        for port in str(given.get("port", 0)).split(","):
            int(port)
        return make_conninfo(url, **{name: value for name, value in defaults.items() if name not in given})
    except (psycopg.Error, ValueError) as error:
        raise InvalidSettings(
            f"{masked(url)!r} is no address of PostgreSQL: {masked(str(error)).strip()}; "
            "write postgresql://USER@HOST/DATABASE"
        ) from error


def _place(conninfo: str) -> str:
    parts = conninfo_to_dict(conninfo)
    return f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}/{parts.get('dbname') or ''}"
