"""The warm tier on PostgreSQL 15 or newer, and the ledger beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import pyarrow as pa

from exporter.archive.entry import Kind, SequencedEntry
from exporter.archive.warm.postgres_connection import PATIENCE_S, PostgresLink
from exporter.archive.warm.postgres_dropping import drop_day
from exporter.archive.warm.postgres_joining import LabelJoiner
from exporter.archive.warm.postgres_landing import PostgresLander
from exporter.archive.warm.postgres_ledger import PostgresLedger
from exporter.archive.warm.postgres_migrations import known_migrations, migrate
from exporter.archive.warm.postgres_names import PostgresNames
from exporter.archive.warm.postgres_partitions import PostgresPartitions
from exporter.archive.warm.postgres_queries import PostgresQueries
from exporter.archive.warm.postgres_readers import PostgresReaders, ReadingLink
from exporter.archive.warm.postgres_rejoining import join_restored
from exporter.archive.warm.tier import Claim, Landed, Span, StoredHour
from exporter.clock import Clock


def open_postgres(
    url: str, replica: str | None, clock: Clock, patience_s: float = PATIENCE_S
) -> tuple[PostgresWarm, PostgresLedger]:
    """The tier and its ledger over one connection, which is opened by the first call; closing the tier closes both.

    With a replica the ledger only reads: what the primary says, since nothing there may be missing, while it answers.

    url        : `postgresql://USER@HOST/DATABASE`, as libpq takes it.
    replica    : a standby of the same database that answers questions; what it tells may be some seconds old.
    patience_s : how long one statement may take before RetryLater.
    """
    link = PostgresLink(url, patience_s)
    readers = PostgresReaders(replica, url, clock, patience_s)
    if replica is None:
        return PostgresWarm(link, [readers], clock), PostgresLedger(link)
    of_ledger = PostgresReaders(url, replica, clock, patience_s)
    return PostgresWarm(link, [readers, of_ledger], clock), PostgresLedger(ReadingLink(of_ledger, link.place))


class PostgresWarm:
    """A `WarmTier`. Landings and changes use one connection, each answer that is being read another."""

    def __init__(self, link: PostgresLink, readers: Sequence[PostgresReaders], clock: Clock) -> None:
        """`readers`: the first one's are those of the tier; all are closed with it."""
        self._link = link
        self._readers = readers
        self._clock = clock
        self._partitions = PostgresPartitions(link)
        self._lander = PostgresLander(link, PostgresNames(link), self._partitions)
        self._joiner = LabelJoiner(link)
        self._queries = PostgresQueries(readers[0])

    def migrate(self) -> None:
        migrate(self._link, known_migrations())
        self._partitions.make_ahead(self._clock.now())

    def claim(self, origin: str) -> Claim:
        return self._lander.claim(origin)

    def land(self, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        return self._lander.land(claim, entries)

    @property
    def is_careful(self) -> bool:
        """Whether the next landing takes the slower way, since a recent one brought rows that were known."""
        return self._lander.is_careful

    def hours(self) -> Sequence[StoredHour]:
        return self._queries.hours()

    def read(
        self, kind: Kind, monitor: str, span: Span, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        return self._queries.read(kind, monitor, span, columns)

    def find(self, kind: Kind, monitor: str, ids: Sequence[str]) -> pa.Table:
        return self._queries.find(kind, monitor, ids)

    def newest(self, kind: Kind, monitor: str, since: float, limit: int) -> pa.Table:
        return self._queries.newest(kind, monitor, since, limit)

    def restore(self, kind: Kind, monitor: str, rows: Sequence[pa.RecordBatch]) -> int:
        return self._lander.restore(kind, monitor, rows)

    def join_labels(self, origins: Sequence[str], since: float, limit: int) -> pa.Table:
        return self._joiner.join(origins, since, limit)

    def join_restored(self, monitor: str, span: Span) -> int:
        return join_restored(self._link, monitor, span)

    def read_labelled(self, monitor: str, span: Span) -> Iterator[pa.RecordBatch]:
        return self._queries.read_labelled(monitor, span)

    def drop_day(self, kind: Kind, day: date, expected: Mapping[str, int]) -> None:
        drop_day(self._link, kind, day, expected)

    def size_bytes(self) -> int:
        return self._queries.size_bytes()

    def close(self) -> None:
        for readers in self._readers:
            readers.close()
        self._link.close()
