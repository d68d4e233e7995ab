"""Brings a span of a monitor from cold back into warm, proven on both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exporter.archive.cold.coverage import prove_hour
from exporter.archive.cold.moving import Tiers
from exporter.archive.cold.names import HOUR_S, RowHour
from exporter.archive.cold.pins import LONGEST_KEEP_S, Pin
from exporter.archive.cold.tier import ColdTier, prove
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.warm.tier import Span
from exporter.errors import CorruptEntry, InvalidSettings


@dataclass(frozen=True, slots=True)
class RestoredSpan:
    """What was brought back: files read, their rows, and how many of these were not in warm."""

    files: int
    rows: int
    new_rows: int


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """Whole hours that touch a span, of all kinds unless some are named; no move drops them before `keep_until`."""

    monitor: str
    span: Span
    keep_until: float
    kinds: Sequence[Kind] = tuple(Kind)


def files_to_restore(tiers: Tiers, request: RestoreRequest) -> list[ColdFile]:
    """The files of the ledger that a request reads."""
    return [
        file
        for kind in request.kinds
        for file in tiers.ledger.cold_files(request.monitor, kind, _whole_hours(request.span))
    ]


def restore(
    tiers: Tiers, cold: ColdTier, request: RestoreRequest, told: Callable[[int, int, ColdFile], None]
) -> RestoredSpan:
    """Restores file by file; again, or after a crash: only what is missing is added. `told` after each file.

    CorruptEntry when a file is not what the ledger says (nothing of it is added), or when warm then holds other rows
    than the files; KeyRemoved when the rows are sealed for good.
    """
    now = tiers.clock.now()
    if not now < request.keep_until <= now + LONGEST_KEEP_S:
        longest = f"{LONGEST_KEEP_S // 86_400} days"
        raise InvalidSettings(f"restored rows can be kept from now on for at most {longest}: give another time")
    pin = Pin(request.monitor, _whole_hours(request.span), request.keep_until)
    tiers.ledger.audit(pin.as_event(now, tiers.actor))
    files = files_to_restore(tiers, request)
    new_rows = 0
    for number, file in enumerate(files, 1):
        batches = prove(cold.open_whole(file), file)
        new_rows += tiers.warm.restore(file.kind, file.monitor, batches)
        told(number, len(files), file)
    _prove_restored(tiers, files)
    return RestoredSpan(len(files), sum(file.rows for file in files), new_rows)


def _prove_restored(tiers: Tiers, files: Sequence[ColdFile]) -> None:
    hours = sorted({RowHour(file.monitor, file.kind, file.hour) for file in files})
    for hour in hours:
        proof = prove_hour(tiers.warm, tiers.ledger, hour)
        if proof.unequal:
            raise CorruptEntry(f"warm differs from cold after {hour} was restored: {'; '.join(proof.unequal)}")


def _whole_hours(span: Span) -> Span:
    return Span(span.start - span.start % HOUR_S, span.end + -span.end % HOUR_S)
