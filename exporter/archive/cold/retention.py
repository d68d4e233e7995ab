"""What is due, as values: hours to copy to cold, days to drop from warm, files to delete. Nothing is changed here.

    a UTC day ends ─ 1 day ─► its hours are copied ─ retention.warm ─► dropped from warm ─ retention.cold ─► deleted

All times count from the end of the UTC day that a row's `time` lies in. Rows of monitors that are not loaded are left
alone, because nobody says how long they are to be kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from exporter.archive.cold.names import DAY_S, RowHour
from exporter.archive.cold.pins import Pin
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.warm.tier import StoredHour
from exporter.monitor.spec import Retention

COPY_AFTER_S = DAY_S


@dataclass(frozen=True, slots=True)
class CopyHour:
    """Rows of an hour are to be copied to cold.

    rows       : in warm, by the side counts; copied : in files already.
    expires_at : of the files to come.
    """

    hour: RowHour
    rows: int
    copied: int
    expires_at: float
    reason: str

    def __str__(self) -> str:
        return f"copy {_rows(self.rows - self.copied)} of {self.hour}: {self.reason}"


@dataclass(frozen=True, slots=True)
class DropDay:
    """Rows of a kind and UTC day are to leave warm.

    rows   : of each monitor whose rows go, by the side counts.
    proven : the monitors whose rows must be proven to be in cold first, and when files of these rows expire. Equal
             counts may hide rows that came after their hour had left warm; the proof finds and copies them.
    """

    kind: Kind
    day: date
    rows: Mapping[str, int]
    proven: Mapping[str, float]
    reason: str

    def __str__(self) -> str:
        monitors = ", ".join(f"{_rows(rows)} of {monitor}" for monitor, rows in self.rows.items())
        return f"drop {self.kind.value} of {self.day.isoformat()} from warm ({monitors}): {self.reason}"


@dataclass(frozen=True, slots=True)
class DeleteFile:
    """A file is to leave cold, and with it the last copy of its rows."""

    file: ColdFile
    reason: str

    def __str__(self) -> str:
        return f"delete {self.file.name} ({_rows(self.file.rows)}): {self.reason}"


DueAction = CopyHour | DropDay | DeleteFile


def due_rows(action: DueAction) -> int:
    """How many rows an action is about, by the side counts and the ledger."""
    if isinstance(action, CopyHour):
        return action.rows - action.copied
    return sum(action.rows.values()) if isinstance(action, DropDay) else action.file.rows


@dataclass(frozen=True, slots=True)
class Holdings:
    """What lies where.

    hours     : of warm.
    files     : of cold, as the ledger has them.
    pins      : spans that were brought back into warm.
    retention : of the monitors that are loaded.
    has_cold  : whether the cold tier is on; without it rows are gone once they leave warm.
    """

    hours: Sequence[StoredHour]
    files: Sequence[ColdFile]
    pins: Sequence[Pin]
    retention: Mapping[str, Retention]
    has_cold: bool


def plan_moves(holdings: Holdings, now: float) -> list[DueAction]:
    """Everything that is due, in the order in which it is to be done."""
    copies = sorted(_copies(holdings, now), key=lambda action: action.hour) if holdings.has_cold else []
    drops = sorted(_drops(holdings, now), key=lambda action: (action.day, action.kind))
    deletes = sorted(_deletes(holdings, now), key=lambda action: action.file.name) if holdings.has_cold else []
    return [*copies, *drops, *deletes]


def _copies(holdings: Holdings, now: float) -> Iterator[CopyHour]:
    copied: dict[RowHour, int] = defaultdict(int)
    for file in holdings.files:
        copied[RowHour(file.monitor, file.kind, file.hour)] += file.rows
    for stored in holdings.hours:
        retention = holdings.retention.get(stored.monitor)
        hour = RowHour(stored.monitor, stored.kind, stored.start)
        end = hour.day + DAY_S
        if retention is None or not stored.rows or copied[hour] == stored.rows or end + COPY_AFTER_S > now:
            continue
        expires_at = end + retention.cold.seconds
        if expires_at > now:
            reason = f"its day ended {_ago(now - end)} ago; {copied[hour]} of {stored.rows} rows are in cold"
            yield CopyHour(hour, stored.rows, copied[hour], expires_at, reason)


def _drops(holdings: Holdings, now: float) -> Iterator[DropDay]:
    rows: dict[tuple[Kind, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for stored in holdings.hours:
        day = stored.start - stored.start % DAY_S
        retention = holdings.retention.get(stored.monitor)
        if retention is None or day + DAY_S + retention.warm.seconds > now:
            continue
        if stored.rows and not any(pin.keeps(stored.monitor, stored.kind, day, now) for pin in holdings.pins):
            rows[stored.kind, day][stored.monitor] += stored.rows
    for (kind, day), by_monitor in rows.items():
        ends = {name: day + DAY_S + holdings.retention[name].cold.seconds for name in by_monitor}
        proven = {name: end for name, end in ends.items() if holdings.has_cold and end > now}
        kept = sorted({str(holdings.retention[name].warm) for name in by_monitor})
        reason = f"older than retention.warm ({', '.join(kept)})"
        yield DropDay(kind, datetime.fromtimestamp(day, UTC).date(), dict(by_monitor), proven, reason)


def _deletes(holdings: Holdings, now: float) -> Iterator[DeleteFile]:
    """A retention that has grown since the file was written keeps it longer; one that has shrunk does not."""
    for file in holdings.files:
        retention = holdings.retention.get(file.monitor)
        if retention is None or file.is_held:
            continue
        end = file.hour - file.hour % DAY_S + DAY_S
        if max(file.expires_at, end + retention.cold.seconds) <= now:
            yield DeleteFile(file, f"older than retention.cold ({retention.cold})")


def _ago(seconds: float) -> str:
    return f"{seconds / DAY_S:.1f} days"


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
