"""Connections for reading: of the replica while it answers, else of the primary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from exporter.archive.warm.postgres_connection import PatientConnection, PostgresLink
from exporter.clock import Clock
from exporter.errors import RetryLater

_REPLICA_PAUSE_S = 30.0


class PostgresReaders:
    """Lends a connection for each answer that is being read, and keeps one for the next. For one thread."""

    def __init__(self, url: str, replica: str | None, clock: Clock, patience_s: float) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._urls = [url] if replica is None else [replica, url]
        self._idle: dict[str, PostgresLink] = {}
        self._replica_again_at = float("-inf")

    @contextmanager
    def snapshot(self) -> Iterator[PatientConnection]:
        """A connection in a transaction that only reads and sees the database as it was at its beginning."""
        link = self._begun()
        try:
            with link.telling() as connection:
                yield connection
                connection.execute("COMMIT")
        except BaseException:
            link.close()
            raise
        finally:
            self._give_back(link)

    def close(self) -> None:
        for link in self._idle.values():
            link.close()
        self._idle.clear()

    def _begun(self) -> PostgresLink:
        """A link in a transaction; the primary's where the replica is away, for half a minute then."""
        *replicas, primary = self._urls
        for url in replicas:
            if self._clock.now() >= self._replica_again_at:
                try:
                    return self._begun_at(url)
                except RetryLater:
                    self._replica_again_at = self._clock.now() + _REPLICA_PAUSE_S
        return self._begun_at(primary)

    def _begun_at(self, url: str) -> PostgresLink:
        """A connection that was kept may have died meanwhile; then a new one is opened."""
        kept = self._idle.pop(url, None)
        if kept is not None:
            try:
                return _begin(kept)
            except RetryLater:
                kept.close()
        return _begin(PostgresLink(url, self._patience_s, is_streaming=True))

    def _give_back(self, link: PostgresLink) -> None:
        if link.url in self._idle:
            link.close()
        else:
            self._idle[link.url] = link


def _begin(link: PostgresLink) -> PostgresLink:
    try:
        with link.telling() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    except BaseException:
        link.close()
        raise
    return link
