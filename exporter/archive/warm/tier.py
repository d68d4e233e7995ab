"""What a warm tier does: lands entries exactly once, and gives them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pyarrow as pa

from exporter.archive.entry import Kind, SequencedEntry


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to land what comes from an origin, held until somebody else claims it.

    epoch         : grows with each claim of the origin; a holder of an older one is refused (fenced).
    next_sequence : entries before it have landed.
    """

    origin: str
    epoch: int
    next_sequence: int


@dataclass(frozen=True, slots=True)
class Landed:
    """What one transaction did: the claim as it stands now, and the rows that were new, by monitor and kind."""

    claim: Claim
    rows: Mapping[tuple[str, Kind], int]


@dataclass(frozen=True, slots=True)
class StoredHour:
    """The side counts of one monitor, kind and hour of `time`, kept by the landings themselves.

    start    : of the hour, seconds since the epoch, UTC.
    rows     : rows whose `time` lies in the hour.
    labelled : of predictions: how many of them have been joined to their label.
    """

    monitor: str
    kind: Kind
    start: int
    rows: int
    labelled: int


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows are wanted: `time` in [start, end), seconds since the epoch."""

    start: float
    end: float


class WarmTier(Protocol):
    """Holds rows of all kinds. Calls block, from one thread; a database that is away raises RetryLater.

    A row is known by its monitor, kind, `id` and UTC day; of dead letters by origin, sequence and `id`. What is known
    is not added again, and neither is a label whose id has one on any day that is kept.
    """

    def migrate(self) -> None:
        """Brings the tables to this version's form; at once with others of its kind, and again: no effect."""

    def claim(self, origin: str) -> Claim:
        """Takes over an origin; whoever held it before is refused from now on."""

    def land(self, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        """Adds entries, in order, in one transaction with the origin's offset; Fenced when the claim is not the newest.

        Entries before `claim.next_sequence` are left out. After RetryLater nobody knows whether it took place: call
        it again with the same claim and the same entries, perhaps with more behind them.
        """

    def hours(self) -> Sequence[StoredHour]:
        """What is there, by the side counts."""

    def read(
        self, kind: Kind, monitor: str, span: Span, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Rows in the archive's form, provenance included, in no order; all batches have one schema."""

    def find(self, kind: Kind, monitor: str, ids: Sequence[str]) -> pa.Table:
        """Rows with one of these ids."""

    def newest(self, kind: Kind, monitor: str, since: float, limit: int) -> pa.Table:
        """The rows with the greatest `time` at or after `since`, at most `limit`, ordered by it."""

    def restore(self, kind: Kind, monitor: str, rows: Sequence[pa.RecordBatch]) -> int:
        """Adds rows that were here before, provenance included; how many were new."""

    def join_labels(self, origins: Sequence[str], since: float, limit: int) -> pa.Table:
        """Joins labels that came through these origins, at or after `since`, and have no prediction yet.

        Marks them, and adds to `labelled` of the predictions' hours, in one transaction. Returns, for each label that
        found its prediction, at most `limit`: `monitor`, `id`, `label`, `label_time`, and of its prediction
        `time`, `prediction`, `model_version`, `error` and every category feature. A prediction is looked for on the
        days that are kept.
        """

    def join_restored(self, monitor: str, span: Span) -> int:
        """Joins predictions with `time` in `span` to labels that wait for them, of whatever origin; how many.

        For rows that were brought back: it marks and counts them as `join_labels` does, but gives none to credit, since
        they were credited when they came. In several transactions; after RetryLater the same call does the rest.
        """

    def read_labelled(self, monitor: str, span: Span) -> Iterator[pa.RecordBatch]:
        """Predictions as `read` gives them, with `label` and `label_time`, null where no label has been joined."""

    def drop_day(self, kind: Kind, day: date, expected: Mapping[str, int]) -> None:
        """Forgets the rows of some monitors on one UTC day; LateRows, and nothing changed, when side counts differ.

        expected : for each monitor whose rows go, how many they are. When nobody else has rows on that day its whole
                   partition goes.
        """

    def size_bytes(self) -> int:
        """What rows, their indexes and the ledger take on the database's disk."""

    def close(self) -> None:
        """Lets go of the database."""
