"""The landing transaction: an origin's rows and its offset, all or nothing, nothing twice.

1. The offset is compared and set; this fences older claims, and tells whether a call whose answer was lost took place.
2. Rows are copied straight into their partitions. When one of them is known, everything is undone and done again by
   way of a temporary table and `INSERT … ON CONFLICT DO NOTHING RETURNING`, which costs half as much again; so are
   the next landings, as whoever sends twice often goes on.
3. Side counts are raised by the rows that were new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from psycopg import errors

from exporter.archive.entry import Kind, SequencedEntry
from exporter.archive.schema import PROVENANCE
from exporter.archive.warm.postgres_adding import HourCounts, add_rows, raise_side_counts
from exporter.archive.warm.postgres_connection import PatientConnection, PostgresLink
from exporter.archive.warm.postgres_names import PostgresNames, layout_of
from exporter.archive.warm.postgres_partitions import PostgresPartitions, days_of
from exporter.archive.warm.postgres_rows import Integers, RowsToLand, rows_to_land
from exporter.archive.warm.tier import Claim, Landed
from exporter.errors import Fenced, RetryLater

_CAREFUL_LANDINGS = 16
_ATTEMPTS = 10


class _OffsetMoved(Exception):
    """The same claim has landed entries that this call brings again."""

    def __init__(self, next_sequence: int) -> None:
        super().__init__(next_sequence)
        self.next_sequence = next_sequence


class PostgresLander:
    """Lands entries, and restores rows. For one thread."""

    def __init__(self, link: PostgresLink, names: PostgresNames, partitions: PostgresPartitions) -> None:
        self._link = link
        self._names = names
        self._partitions = partitions
        self._careful = 0

    @property
    def is_careful(self) -> bool:
        """Whether the next landing takes the slower way."""
        return self._careful > 0

    def claim(self, origin: str) -> Claim:
        """As `exporter.archive.warm.tier.WarmTier.claim`."""
        query = (
            "INSERT INTO infranaut.offsets AS o (origin, epoch, next_sequence) VALUES (%s, 1, 0)"
            " ON CONFLICT (origin) DO UPDATE SET epoch = o.epoch + 1 RETURNING epoch, next_sequence"
        )
        [claimed] = self._link.run(lambda connection: connection.execute(query, [origin]).fetchall())
        return Claim(origin, *claimed)

    def land(self, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        """As `exporter.archive.warm.tier.WarmTier.land`."""
        start = claim.next_sequence
        while True:
            fresh = [numbered for numbered in entries if numbered.sequence >= start]
            try:
                return self._land_fresh(replace(claim, next_sequence=start), fresh)
            except _OffsetMoved as moved:
                start = moved.next_sequence

    def restore(self, kind: Kind, monitor: str, batches: Sequence[pa.RecordBatch]) -> int:
        """Adds rows, provenance included, that may be there; how many were not."""
        rows = [self._with_own_provenance(kind, monitor, batch) for batch in batches if batch.num_rows]
        return sum(self._run(lambda _: None, rows).values())

    def _land_fresh(self, claim: Claim, fresh: Sequence[SequencedEntry]) -> Landed:
        end = max((numbered.sequence + 1 for numbered in fresh), default=claim.next_sequence)
        rows = self._with_provenance_of(claim.origin, fresh)
        counts = self._run(lambda connection: _move_offset(connection, claim, end), rows)
        monitors = {numbered.entry.monitor for numbered in fresh}
        numbers = self._names.numbers(monitors)
        names = {numbers[monitor]: monitor for monitor in monitors}
        landed: dict[tuple[str, Kind], int] = defaultdict(int)
        for (kind, monitor, _, _), count in counts.items():
            landed[names[monitor], kind] += count
        return Landed(replace(claim, next_sequence=end), dict(landed))

    def _run(self, begin: Callable[[PatientConnection], None], rows: Sequence[RowsToLand]) -> HourCounts:
        """One transaction: `begin`, the rows, their side counts; the new rows by hour."""

        def work(connection: PatientConnection) -> HourCounts:
            begin(connection)
            counts = add_rows(connection, rows, is_careful=self.is_careful)
            raise_side_counts(connection, counts)
            return counts

        for _ in range(_ATTEMPTS):
            for landing in rows:
                self._partitions.make(landing.kind, days_of(landing.time_us))
            try:
                counts = self._link.run(work, passed=(errors.UniqueViolation, errors.CheckViolation))
            except errors.UniqueViolation:
                self._careful = _CAREFUL_LANDINGS
            except errors.CheckViolation:
                self._partitions.forget()
            else:
                self._careful = max(0, self._careful - 1)
                return counts
        raise RetryLater(f"PostgreSQL at {self._link.place}: others changed the same rows {_ATTEMPTS} times in a row")

    def _with_provenance_of(self, origin: str, fresh: Sequence[SequencedEntry]) -> list[RowsToLand]:
        """The rows of entries, those of the same kind, monitor and columns together, in the order in which all lock."""
        groups = _grouped(fresh)
        named = {name for numbered in fresh for name in (numbered.entry.monitor, numbered.entry.source)}
        numbers = self._names.numbers({origin, *named})
        rows = []
        for (kind, monitor), group in groups:
            counts = [numbered.entry.rows.num_rows for numbered in group]
            provenance = {
                "origin": [numbers[origin]] * len(group),
                "source": [numbers[numbered.entry.source] for numbered in group],
                "sequence": [numbered.sequence for numbered in group],
                "received_us": [round(numbered.entry.received_at * 1e6) for numbered in group],
            }
            repeated = {name: np.repeat(np.array(values, np.int64), counts) for name, values in provenance.items()}
            together = pa.concat_batches([numbered.entry.rows for numbered in group])
            rows.append(self._rows_to_land(kind, monitor, together, repeated))
        return sorted(rows, key=lambda landing: (landing.kind, landing.monitor))

    def _with_own_provenance(self, kind: Kind, monitor: str, batch: pa.RecordBatch) -> RowsToLand:
        """The rows of a batch that tells where each came from."""
        provenance = {
            "origin": self._numbered(batch.column("origin")),
            "source": self._numbered(batch.column("source")),
            "sequence": batch.column("sequence").cast(pa.int64()).to_numpy(zero_copy_only=False),
            "received_us": batch.column("received_at").cast(PROVENANCE[0].type).cast(pa.int64()).to_numpy(),
        }
        return self._rows_to_land(kind, monitor, batch, provenance)

    def _rows_to_land(
        self, kind: Kind, monitor: str, rows: pa.RecordBatch, provenance: dict[str, Integers]
    ) -> RowsToLand:
        layout = layout_of(kind, rows.schema)
        number = self._names.layout_numbers([layout])[layout]
        return rows_to_land(kind, self._names.numbers([monitor])[monitor], (number, layout), rows, provenance)

    def _numbered(self, column: pa.Array) -> Integers:
        """int64[n]: the number of each name."""
        codes = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        names = codes.dictionary.to_pylist()
        numbers = self._names.numbers(names)
        by_code = np.array([numbers[name] for name in names], np.int64)
        found: Integers = by_code[codes.indices.to_numpy(zero_copy_only=False)]
        return found


def _move_offset(connection: PatientConnection, claim: Claim, end: int) -> None:
    """Compares and sets; Fenced when the claim is not the newest."""
    moved = connection.execute(
        "UPDATE infranaut.offsets SET next_sequence = %s WHERE origin = %s AND epoch = %s AND next_sequence = %s",
        [end, claim.origin, claim.epoch, claim.next_sequence],
    )
    if moved.rowcount:
        return
    query = "SELECT epoch, next_sequence FROM infranaut.offsets WHERE origin = %s"
    epoch, next_sequence = connection.execute(query, [claim.origin]).fetchone() or (0, 0)
    if epoch == claim.epoch and next_sequence > claim.next_sequence:
        raise _OffsetMoved(next_sequence)
    raise Fenced(
        f"origin {claim.origin!r}: claim {claim.epoch} (next entry {claim.next_sequence}) is not the newest, which is "
        f"{epoch} (next entry {next_sequence}): somebody else lands its entries now, or the database was set back; "
        "claim it again"
    )


def _grouped(entries: Sequence[SequencedEntry]) -> list[tuple[tuple[Kind, str], list[SequencedEntry]]]:
    """Entries with rows, those of one kind, monitor and schema together."""
    groups: dict[tuple[Kind, str], list[list[SequencedEntry]]] = defaultdict(list)
    for numbered in entries:
        if not numbered.entry.rows.num_rows:
            continue
        of_monitor = groups[numbered.entry.kind, numbered.entry.monitor]
        schema = numbered.entry.rows.schema
        group = next((each for each in of_monitor if each[0].entry.rows.schema.equals(schema)), None)
        if group is None:
            of_monitor.append([numbered])
        else:
            group.append(numbered)
    return [(key, group) for key, of_monitor in groups.items() for group in of_monitor]
