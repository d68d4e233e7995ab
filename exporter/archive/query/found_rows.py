"""Rows of some ids, found by the tiers' indexes and statistics, so that each is given once.

A row that is in both tiers has the same id, origin and sequence in them, and its copy is left out. Where an id came
twice within an hour, once in a file and once warm by another entry, `Overlap` has to look at the whole hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.cold.names import HOUR_S
from exporter.archive.entry import Kind
from exporter.archive.query.hours import PlannedHour
from exporter.archive.query.overlap import ENTRY

KINDS = frozenset((Kind.PREDICTIONS, Kind.LABELS))
"""Those whose rows are known by their id within a day."""
COLUMNS = ("id", "time", *ENTRY)

_HOUR_US = HOUR_S * 1_000_000
_RowKey = tuple[int, str]


class FoundRows:
    """Takes the warm rows, then the cold ones; gives what is new of them."""

    def __init__(self, hours: Sequence[PlannedHour], ids: Sequence[str]) -> None:
        self._ids = pa.array(ids, pa.string())
        self._hours = {hour.start: hour for hour in hours}
        self._warm: dict[_RowKey, set[tuple[str, int]]] = {}
        self._doubtful: set[int] = set()
        self._batches: list[pa.RecordBatch] = []

    @property
    def doubtful_hours(self) -> list[PlannedHour]:
        """Hours of which no row is given here."""
        return [self._hours[start] for start in sorted(self._doubtful)]

    def add_warm(self, batch: pa.RecordBatch) -> None:
        """Rows with the columns `COLUMNS`; of hours that were not warm when the query was planned: no effect."""
        is_planned = [start in self._hours and self._hours[start].warm_rows > 0 for start in _hours_of(batch)]
        planned = self._wanted(batch.filter(pa.array(is_planned, pa.bool_())))
        for key, entry in _known(planned):
            self._warm.setdefault(key, set()).add(entry)
        self._batches.append(planned)

    def add_cold(self, batch: pa.RecordBatch) -> None:
        """The same; rows that come without their id, since that is sealed for good, have none of the ids."""
        if "id" not in batch.schema.names:
            return
        wanted = self._wanted(batch)
        is_new = []
        for key, entry in _known(wanted):
            warm = self._warm.get(key, set())
            is_new.append(entry not in warm)
            if warm and entry not in warm:
                self._doubtful.add(key[0])
        self._batches.append(wanted.filter(pa.array(is_new, pa.bool_())))

    def batches(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            is_sure = [start not in self._doubtful for start in _hours_of(batch)]
            yield batch.filter(pa.array(is_sure, pa.bool_()))

    def _wanted(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch.filter(pc.is_in(batch.column("id"), self._ids))


def _known(batch: pa.RecordBatch) -> Iterator[tuple[_RowKey, tuple[str, int]]]:
    """The hour and id of each row, and the entry that it came with."""
    columns = (batch.column(name).to_pylist() for name in ("id", *ENTRY))
    for start, name, origin, sequence in zip(_hours_of(batch), *columns, strict=True):
        yield (start, name), (origin, sequence)


def _hours_of(batch: pa.RecordBatch) -> list[int]:
    times = batch.column("time").cast(pa.int64()).to_numpy()
    hours: list[int] = (np.floor_divide(times, _HOUR_US) * HOUR_S).tolist()
    return hours
