"""What lies where, by monitor and kind, from the side counts and the manifest; no rows are read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from exporter.archive.cold.names import HOUR_S
from exporter.archive.cold.retention import COPY_AFTER_S
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.query.hours import PlannedHour, plan_hours
from exporter.archive.warm.tier import StoredHour

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Stock:
    """Rows of one monitor and kind.

    is_loaded                 : whether its monitor is among those that say how long rows are kept.
    warm_oldest, cold_oldest  : start of the first hour; _newest: end of the last one; None where there is none.
    held_files                : files on legal hold.
    """

    monitor: str
    kind: Kind
    is_loaded: bool
    warm_rows: int
    labelled_rows: int
    warm_oldest: int | None
    warm_newest: int | None
    cold_rows: int
    cold_files: int
    cold_bytes: int
    held_files: int
    cold_oldest: int | None
    cold_newest: int | None


def take_stock(stored: Sequence[StoredHour], files: Iterable[ColdFile], loaded: Collection[str]) -> list[Stock]:
    """Of every monitor and kind that has rows, and by monitor."""
    labelled: dict[tuple[str, Kind], int] = {}
    for hour in stored:
        labelled[hour.monitor, hour.kind] = labelled.get((hour.monitor, hour.kind), 0) + hour.labelled
    return [
        _stock(monitor, kind, hours, monitor in loaded, labelled.get((monitor, kind), 0))
        for (monitor, kind), hours in sorted(plan_hours(stored, files).items())
    ]


def next_copy(stored: Iterable[StoredHour], files: Iterable[ColdFile], loaded: Collection[str]) -> float | None:
    """When the next hours are due to be copied, the end of their day and a day: the earliest that are not copied."""
    ends = [
        hour.start - hour.start % _DAY_S + _DAY_S + COPY_AFTER_S
        for (monitor, _), hours in plan_hours(stored, files).items()
        for hour in hours
        if monitor in loaded and hour.warm_rows > hour.cold_rows
    ]
    return min(ends, default=None)


def _stock(monitor: str, kind: Kind, hours: Sequence[PlannedHour], is_loaded: bool, labelled: int) -> Stock:
    warm = [hour for hour in hours if hour.warm_rows]
    cold = [hour for hour in hours if hour.files]
    files = [file for hour in cold for file in hour.files]
    return Stock(
        monitor=monitor,
        kind=kind,
        is_loaded=is_loaded,
        warm_rows=sum(hour.warm_rows for hour in warm),
        labelled_rows=labelled,
        warm_oldest=warm[0].start if warm else None,
        warm_newest=warm[-1].start + HOUR_S if warm else None,
        cold_rows=sum(file.rows for file in files),
        cold_files=len(files),
        cold_bytes=sum(file.size_bytes for file in files),
        held_files=sum(file.is_held for file in files),
        cold_oldest=cold[0].start if cold else None,
        cold_newest=cold[-1].start + HOUR_S if cold else None,
    )
