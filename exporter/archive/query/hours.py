"""Tells in which tiers the rows of each hour lie, by the side counts and the manifest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from exporter.archive.cold.names import HOUR_S
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.warm.tier import Span, StoredHour

Where = Literal["warm", "cold", "both"]
Rowset = tuple[str, Kind]
"""A monitor, and what its rows are."""


@dataclass(frozen=True, slots=True)
class PlannedHour:
    """One hour of one monitor and kind.

    start     : seconds since the epoch.
    warm_rows : by the side count.
    files     : of the cold tier that hold rows of it.
    """

    start: int
    warm_rows: int
    files: tuple[ColdFile, ...]

    @property
    def cold_rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def where(self) -> Where:
        if not self.files:
            return "warm"
        return "both" if self.warm_rows else "cold"

    @property
    def rows(self) -> int:
        """How many rows there are at least."""
        return max(self.warm_rows, self.cold_rows)

    @property
    def span(self) -> Span:
        return Span(self.start, self.start + HOUR_S)


HoursOf = Mapping[Rowset, tuple[PlannedHour, ...]]


@dataclass(frozen=True, slots=True)
class Run:
    """Hours that are read together: warm ones that follow each other, cold ones, or one that is in both tiers."""

    where: Where
    hours: tuple[PlannedHour, ...]

    @property
    def span(self) -> Span:
        return Span(self.hours[0].start, self.hours[-1].start + HOUR_S)


def plan_hours(stored: Iterable[StoredHour], files: Iterable[ColdFile]) -> dict[Rowset, tuple[PlannedHour, ...]]:
    """The hours of every monitor and kind that has rows, in the order of time.

    `stored` is to be taken before `files`: a day that is dropped between the two has been copied before.
    """
    warm = {(hour.monitor, hour.kind, hour.start): hour.rows for hour in stored if hour.rows}
    cold: dict[tuple[str, Kind, int], list[ColdFile]] = defaultdict(list)
    for file in files:
        cold[file.monitor, file.kind, file.hour].append(file)
    planned: dict[Rowset, list[PlannedHour]] = defaultdict(list)
    for monitor, kind, start in sorted(warm.keys() | cold.keys()):
        key = (monitor, kind, start)
        planned[monitor, kind].append(PlannedHour(start, warm.get(key, 0), tuple(cold.get(key, ()))))
    return {key: tuple(hours) for key, hours in planned.items()}


def runs(hours: Iterable[PlannedHour], longest_hours: int = 24) -> Iterator[Run]:
    """The hours in runs, in their order; `longest_hours` of those that are warm."""
    for where, same in groupby(hours, key=lambda hour: hour.where):
        if where == "cold":
            yield Run(where, tuple(same))
            continue
        held: list[PlannedHour] = []
        for hour in same:
            is_next = bool(held) and hour.start == held[-1].start + HOUR_S
            if held and (not is_next or where != "warm" or len(held) == longest_hours):
                yield Run(where, tuple(held))
                held = []
            held.append(hour)
        yield Run(where, tuple(held))


def is_still_warm(hours: Iterable[PlannedHour], stored: Iterable[StoredHour], rowset: Rowset) -> bool:
    """Whether all that was planned to be read from the warm tier is still there."""
    now = {hour.start: hour.rows for hour in stored if (hour.monitor, hour.kind) == rowset}
    return all(now.get(hour.start, 0) >= hour.warm_rows for hour in hours)
