"""Brings a span of a monitor from cold back into warm, proven on both sides, and joins its labels again.

The audit is told before the first file and after the joining, so that whoever sums up an hour knows when it is whole.
Labels lie in the hours in which they came, after those of their predictions. So their files are brought back up to
`labels_late_s` behind the span, together with labels of predictions that stay away; those wait, and are not counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exporter.archive.cold.coverage import prove_hour
from exporter.archive.cold.moving import Tiers
from exporter.archive.cold.names import DAY_S, RowHour
from exporter.archive.cold.pins import LONGEST_KEEP_S, Pin, span_of
from exporter.archive.cold.restorations import BroughtBack
from exporter.archive.cold.tier import ColdTier, prove
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry, InvalidSettings

_LABELS = Kind.LABELS


@dataclass(frozen=True, slots=True)
class RestoredSpan:
    """What was brought back.

    rows   : of the files that were read; new_rows: those of them that were not in warm.
    joined : predictions that got their label again.
    """

    files: int
    rows: int
    new_rows: int
    joined: int


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
    tiers: Tiers, cold: ColdTier, request: RestoreRequest, told: Callable[[int, int, ColdFile], None]
) -> RestoredSpan:
    """Restores file by file, then joins; again, or after a crash: only what is missing is done. `told` after each file.

    CorruptEntry when a file is not what the ledger says (nothing of it is added), or when warm then holds other rows
    than the files; KeyRemoved when the rows are sealed for good.
    """
    now = tiers.clock.now()
    if not now < request.keep_until <= now + LONGEST_KEEP_S:
        longest = f"{LONGEST_KEEP_S // 86_400} days"
        raise InvalidSettings(f"restored rows can be kept from now on for at most {longest}: give another time")
    span = span_of(Kind.PREDICTIONS, request.span, 0.0)
    pin = Pin(request.monitor, span, request.keep_until, request.labels_late_s)
    tiers.ledger.audit(pin.as_event(now, tiers.actor))
    files = files_to_restore(tiers, request)
    new_rows = 0
    for number, file in enumerate(files, 1):
        batches = prove(cold.open_whole(file), file)
        new_rows += tiers.warm.restore(file.kind, file.monitor, batches)
        told(number, len(files), file)
    _prove_restored(tiers, files)
    joined = _join(tiers, request.monitor, span)
    brought_back = BroughtBack(request.monitor, span, _labels_until(tiers, request.monitor, span))
    tiers.ledger.audit(brought_back.as_event(tiers.clock.now(), tiers.actor))
    return RestoredSpan(len(files), sum(file.rows for file in files), new_rows, joined)


def _labels_until(tiers: Tiers, monitor: str, span: Span) -> float:
    """The first hour of labels that are not all in warm; those from before the span belong to none of its rows."""
    in_warm = {hour.start: hour.rows for hour in tiers.warm.hours() if (hour.monitor, hour.kind) == (monitor, _LABELS)}
    in_cold = Counter[int]()
    for file in tiers.ledger.cold_files(monitor, _LABELS, Span(span.start, math.inf)):
        in_cold[file.hour] += file.rows
    return min((hour for hour, rows in in_cold.items() if in_warm.get(hour, 0) < rows), default=math.inf)


def _prove_restored(tiers: Tiers, files: Sequence[ColdFile]) -> None:
    hours = sorted({RowHour(file.monitor, file.kind, file.hour) for file in files})
    for hour in hours:
        proof = prove_hour(tiers.warm, tiers.ledger, hour)
        if proof.unequal:
            raise CorruptEntry(f"warm differs from cold after {hour} was restored: {'; '.join(proof.unequal)}")


def _join(tiers: Tiers, monitor: str, span: Span) -> int:
    """Joins day by day; the ledger knows all predictions that can have come back."""
    files = tiers.ledger.cold_files(monitor, Kind.PREDICTIONS, span)
    joined = 0
    for day in sorted({file.hour - file.hour % DAY_S for file in files}):
        joined += tiers.warm.join_restored(monitor, Span(max(span.start, day), min(span.end, day + DAY_S)))
    return joined
