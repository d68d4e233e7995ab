"""Does what is due: copies, drops and deletes, each proven, told and noted in the audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from exporter.archive.cold.copying import copy_hour
from exporter.archive.cold.coverage import prove_hour
from exporter.archive.cold.names import DAY_S, HOUR_S, RowHour
from exporter.archive.cold.pins import active_pins
from exporter.archive.cold.retention import CopyHour, DeleteFile, DropDay, DueAction, Holdings, plan_moves
from exporter.archive.cold.tier import ColdTier
from exporter.archive.ledger import AuditEvent, ColdFile, Ledger
from exporter.archive.warm.tier import WarmTier
from exporter.clock import Clock
from exporter.errors import CorruptEntry, KeyRemoved, LateRows
from exporter.monitor.spec import Retention

Outcome = Literal["done", "left"]


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of an action: done, or left as it was for a reason; `rows` copied, dropped or deleted."""

    action: DueAction
    outcome: Outcome
    rows: int
    detail: str


Told = Callable[[int, int, Moved], None]
"""Called after each action with its number, from 1, how many there are, and what became of it."""


@dataclass(frozen=True, slots=True)
class Tiers:
    """Everything that a move touches; `actor` is who the audit names."""

    warm: WarmTier
    ledger: Ledger
    cold: ColdTier | None
    clock: Clock
    actor: str = "exporter"


def survey(tiers: Tiers, retention: Mapping[str, Retention]) -> Holdings:
    """What lies where now, by the side counts and the ledger; no rows are read."""
    pins = active_pins(tiers.ledger, tiers.clock.now())
    return Holdings(tiers.warm.hours(), tiers.ledger.cold_files(), pins, retention, tiers.cold is not None)


def due_moves(tiers: Tiers, retention: Mapping[str, Retention]) -> list[DueAction]:
    """What is due now, for the monitors that are loaded."""
    return plan_moves(survey(tiers, retention), tiers.clock.now())


def _tell_nobody(_number: int, _of: int, _moved: Moved) -> None:
    return


def move(tiers: Tiers, actions: Sequence[DueAction], told: Told = _tell_nobody) -> list[Moved]:
    """Does the actions in their order. What cannot be done now is left, with why; the next move does the rest.

    RetryLater when a tier is away: what was done until then stays done.
    """
    results = []
    for number, action in enumerate(actions, 1):
        moved = _act(tiers, action)
        results.append(moved)
        told(number, len(actions), moved)
    return results


def _act(tiers: Tiers, action: DueAction) -> Moved:
    try:
        if isinstance(action, CopyHour):
            return _copy(tiers, action)
        if isinstance(action, DropDay):
            return _drop(tiers, action)
        return _delete(tiers, action)
    except (CorruptEntry, LateRows, KeyRemoved) as error:
        if isinstance(action, DropDay) and _is_gone(tiers, action):
            return Moved(action, "done", 0, "somebody else has dropped it")
        return Moved(action, "left", 0, str(error))


def _is_gone(tiers: Tiers, action: DropDay) -> bool:
    """Whether the side counts know no row any more of those that were to be dropped."""
    kind, day = action.kind, action.day
    return not any(
        hour.rows and hour.kind is kind and hour.monitor in action.rows and _day_of(hour.start) == day
        for hour in tiers.warm.hours()
    )


def _day_of(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


def _copy(tiers: Tiers, action: CopyHour) -> Moved:
    files = _copy_hour(tiers, action.hour, action.expires_at)
    return Moved(action, "done", sum(file.rows for file in files), f"{len(files)} files")


def _copy_hour(tiers: Tiers, hour: RowHour, expires_at: float) -> list[ColdFile]:
    files = []
    for file in copy_hour(_cold(tiers), tiers.warm, tiers.ledger, hour, expires_at, tiers.clock):
        _note(tiers, "archive.copy", file=file.name, rows=str(file.rows), digest=file.digest)
        files.append(file)
    return files


def _drop(tiers: Tiers, action: DropDay) -> Moved:
    """Drops the monitors that are proven; one that is not does not hold up the others."""
    rows, left = {}, []
    for monitor in sorted(action.rows):
        try:
            is_proven = monitor in action.proven
            rows[monitor] = _proven_rows(tiers, action, monitor) if is_proven else action.rows[monitor]
        except (CorruptEntry, KeyRemoved) as error:
            left.append(str(error))
    if rows:
        detail = {monitor: str(count) for monitor, count in rows.items()}
        _note(tiers, "archive.drop", kind=action.kind.value, day=action.day.isoformat(), **detail)
        tiers.warm.drop_day(action.kind, action.day, rows)
    return Moved(action, "left" if left else "done", sum(rows.values()), "; ".join(left))


def _proven_rows(tiers: Tiers, action: DropDay, monitor: str) -> int:
    """Rows of a monitor on a day, all of them in cold; CorruptEntry when a file holds others than warm."""
    day = int(datetime.combine(action.day, time(), UTC).timestamp())
    rows, unequal = 0, list[str]()
    for start in range(day, day + DAY_S, HOUR_S):
        hour = RowHour(monitor, action.kind, start)
        proof = prove_hour(tiers.warm, tiers.ledger, hour)
        if proof.uncovered:
            _copy_hour(tiers, hour, action.proven[monitor])
            proof = prove_hour(tiers.warm, tiers.ledger, hour)
        rows += proof.rows
        unequal += proof.unequal
        if proof.uncovered:
            unequal.append(f"{proof.uncovered} rows of {hour} are in no cold file yet")
    if unequal:
        raise CorruptEntry("; ".join(unequal))
    return rows


def _delete(tiers: Tiers, action: DeleteFile) -> Moved:
    """First the ledger, then the object: one that is left by a crash between is found as an orphan."""
    file = action.file
    tiers.ledger.remove_cold_file(file.name)
    _note(tiers, "archive.delete", file=file.name, rows=str(file.rows), reason=action.reason)
    _cold(tiers).store.delete(file.name)
    return Moved(action, "done", file.rows, "")


def _cold(tiers: Tiers) -> ColdTier:
    if tiers.cold is None:
        raise ValueError("there is no cold tier to act on")
    return tiers.cold


def _note(tiers: Tiers, action: str, **detail: str) -> None:
    tiers.ledger.audit(AuditEvent(tiers.clock.now(), tiers.actor, action, detail))
