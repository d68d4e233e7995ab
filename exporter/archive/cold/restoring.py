"""Brings a span of a monitor from cold back into warm, proven on both sides, and joins its labels again.

The audit is told before the first file and after the joining, so that whoever sums up an hour knows when it is whole.
Labels lie in the hours in which they came, after those of their predictions. So their files are brought back up to
`labels_late_s` behind the span, together with labels of predictions that stay away; those wait, and are not counted.
A file that is wrong keeps nothing else away: its hour alone is not told to be whole.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exporter.archive.cold.coverage import prove_hour
from exporter.archive.cold.moving import Tiers
from exporter.archive.cold.names import DAY_S, HOUR_S, RowHour
from exporter.archive.cold.pins import LONGEST_KEEP_S, Pin, span_of
from exporter.archive.cold.restorations import BroughtBack
from exporter.archive.cold.tier import ColdTier, prove
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry, InvalidSettings, KeyRemoved

_LABELS = Kind.LABELS


@dataclass(frozen=True, slots=True)
class RestoredFile:
    """What came of one file; new_rows: those that were not in warm, problem: why none was taken from it."""

    file: ColdFile
    new_rows: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class WrongFile:
    """A file whose rows could not be taken from cold, or are others in warm; is_held: warm has all of them anyway."""

    file: ColdFile
    problem: str
    is_held: bool


@dataclass(frozen=True, slots=True)
class RestoredSpan:
    """What was brought back.

    files  : that were read and are right; rows: in them; new_rows: those of them that were not in warm.
    joined : predictions that got their label again.
    wrong  : the other files, in the order in which they were read.
    """

    files: int
    rows: int
    new_rows: int
    joined: int
    wrong: tuple[WrongFile, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """Whole hours that touch a span, of all kinds; no move drops them before `keep_until`.

    labels_late_s : how long after the span labels of its predictions may have come.
    """

    monitor: str
    span: Span
    keep_until: float
    labels_late_s: float = 0.0


def files_to_restore(tiers: Tiers, request: RestoreRequest) -> list[ColdFile]:
    """The files of the ledger that a request reads."""
    return [
        file
        for kind in Kind
        for file in tiers.ledger.cold_files(request.monitor, kind, span_of(kind, request.span, request.labels_late_s))
    ]


def restore(
    tiers: Tiers, cold: ColdTier, request: RestoreRequest, told: Callable[[int, int, RestoredFile], None]
) -> RestoredSpan:
    """Restores file by file, then joins; again, or after a crash: only what is missing is done. `told` after each file.

    A file that is not what the ledger says, or whose key was removed, is passed over, and its hour stays one that is
    being brought back, until all its files are. RetryLater, and an end, when a tier is away.
    """
    now = tiers.clock.now()
    if not now < request.keep_until <= now + LONGEST_KEEP_S:
        longest = f"{LONGEST_KEEP_S // 86_400} days"
        raise InvalidSettings(f"restored rows can be kept from now on for at most {longest}: give another time")
    span = span_of(Kind.PREDICTIONS, request.span, 0.0)
    pin = Pin(request.monitor, span, request.keep_until, request.labels_late_s)
    tiers.ledger.audit(pin.as_event(now, tiers.actor))
    files = files_to_restore(tiers, request)
    restored = []
    for number, file in enumerate(files, 1):
        restored.append(_restore_file(tiers, cold, file))
        told(number, len(files), restored[-1])
    wrong = _wrong_files(tiers, restored)
    joined = _join(tiers, request.monitor, span)
    _note_whole_hours(tiers, request.monitor, span, [each.file for each in wrong if not each.is_held])
    names = {each.file.name for each in wrong}
    right = [each for each in restored if each.file.name not in names]
    rows, new_rows = sum(each.file.rows for each in right), sum(each.new_rows for each in right)
    return RestoredSpan(len(right), rows, new_rows, joined, wrong)


def _restore_file(tiers: Tiers, cold: ColdTier, file: ColdFile) -> RestoredFile:
    try:
        batches = prove(cold.open_whole(file), file)
    except (CorruptEntry, KeyRemoved) as error:
        return RestoredFile(file, 0, str(error))
    return RestoredFile(file, tiers.warm.restore(file.kind, file.monitor, batches))


def _wrong_files(tiers: Tiers, restored: Sequence[RestoredFile]) -> tuple[WrongFile, ...]:
    """Those with a problem, and those that were read but whose rows warm has otherwise."""
    held, unequal = set[str](), dict[RowHour, str]()
    hours = {each.file.name: RowHour(each.file.monitor, each.file.kind, each.file.hour) for each in restored}
    for hour in sorted(set(hours.values())):
        proof = prove_hour(tiers.warm, tiers.ledger, hour)
        held |= proof.held
        unequal[hour] = "; ".join(proof.unequal)
    wrong = []
    for each in restored:
        name = each.file.name
        if each.problem is not None or name not in held:
            differs = f"warm differs from cold after it was restored: {unequal[hours[name]]}"
            wrong.append(WrongFile(each.file, each.problem or differs, name in held))
    return tuple(wrong)


def _note_whole_hours(tiers: Tiers, monitor: str, span: Span, away: Sequence[ColdFile]) -> None:
    """Tells the audit that hours are back, in runs between those of which predictions are still away."""
    label_hours = _label_hours_away(tiers, monitor, span.start) | {f.hour for f in away if f.kind is _LABELS}
    hours = {file.hour for file in away if file.kind is Kind.PREDICTIONS}
    start = span.start
    for hour in sorted({*hours, math.inf}):
        if start < (end := min(hour, span.end)):
            labels_until = min((each for each in label_hours if each >= start), default=math.inf)
            event = BroughtBack(monitor, Span(start, end), labels_until).as_event(tiers.clock.now(), tiers.actor)
            tiers.ledger.audit(event)
        start = hour + HOUR_S


def _label_hours_away(tiers: Tiers, monitor: str, since: float) -> set[int]:
    """Hours of labels that are not all in warm; those from before a span belong to none of its rows."""
    in_warm = {hour.start: hour.rows for hour in tiers.warm.hours() if (hour.monitor, hour.kind) == (monitor, _LABELS)}
    in_cold = Counter[int]()
    for file in tiers.ledger.cold_files(monitor, _LABELS, Span(since, math.inf)):
        in_cold[file.hour] += file.rows
    return {hour for hour, rows in in_cold.items() if in_warm.get(hour, 0) < rows}


def _join(tiers: Tiers, monitor: str, span: Span) -> int:
    """Joins day by day; the ledger knows all predictions that can have come back."""
    files = tiers.ledger.cold_files(monitor, Kind.PREDICTIONS, span)
    joined = 0
    for day in sorted({file.hour - file.hour % DAY_S for file in files}):
        joined += tiers.warm.join_restored(monitor, Span(max(span.start, day), min(span.end, day + DAY_S)))
    return joined
