"""Connections for reading: of one server while it answers, else of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from exporter.archive.warm.postgres_connection import PatientConnection, PostgresLink
from exporter.clock import Clock
from exporter.errors import RetryLater

_PAUSE_S = 30.0

T = TypeVar("T")


class PostgresReaders:
    """Lends a connection for each answer that is being read, and keeps one for the next. For one thread."""

    def __init__(self, first: str | None, url: str, clock: Clock, patience_s: float) -> None:
        """`first`: the server that is asked before the other one, if there is one."""
        self._clock = clock
        self._patience_s = patience_s
        self._first = first
        self._url = url
        self._idle: dict[str, PostgresLink] = {}
        self._first_again_at = float("-inf")

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
        """A link in a transaction; the other server's where the first one is away, for half a minute then."""
        if self._first is not None and self._clock.now() >= self._first_again_at:
            try:
                return self._begun_at(self._first)
            except RetryLater:
                self._first_again_at = self._clock.now() + _PAUSE_S
        return self._begun_at(self._url)

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


@dataclass(frozen=True, slots=True)
class ReadingLink:
    """What a ledger that is only read runs its statements on."""

    readers: PostgresReaders
    place: str
    generation: int = 0

    def run(self, work: Callable[[PatientConnection], T]) -> T:
        """What `work` gives, done in a transaction that only reads."""
        with self.readers.snapshot() as connection:
            return work(connection)


def _begin(link: PostgresLink) -> PostgresLink:
    try:
        with link.telling() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    except BaseException:
        link.close()
        raise
    return link
