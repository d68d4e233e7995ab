"""Which hours are back as a whole, by what the audit tells of restorations that began and ended.

Files come back one by one, and labels are joined after the last of them. What is summed up of an hour in between would
be of some of its rows. A restoration that was interrupted, or that could not read a file of the hour, has begun and not
ended, until another one of the same hours ends; whatever comes late to them waits as long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.archive.cold.names import HOUR_S
from exporter.archive.cold.pins import LONGEST_KEEP_S, RESTORE, Pin, pin_of
from exporter.archive.ledger import AuditEvent, Ledger
from exporter.archive.warm.tier import Span

RESTORED = "archive.restored"


@dataclass(frozen=True, slots=True)
class BroughtBack:
    """The end of a restoration, or of a part of one: all rows of a monitor in whole hours are in warm, and joined.

    labels_until : labels that came before are in warm, or have never been in cold.
    """

    monitor: str
    span: Span
    labels_until: float

    def as_event(self, at: float, actor: str) -> AuditEvent:
        numbers = {"start": self.span.start, "end": self.span.end, "labels_until": self.labels_until}
        detail = {name: repr(float(number)) for name, number in numbers.items()}
        return AuditEvent(at, actor, RESTORED, {"monitor": self.monitor, **detail})


@dataclass(frozen=True, slots=True)
class Restorations:
    """Those of one monitor that rows in warm can come from, in order: a pin where one begins."""

    told: Sequence[Pin | BroughtBack] = ()

    def is_whole(self, hour: int, labels_until: float = -math.inf) -> bool:
        """Whether an hour was never brought back, or is with all its rows, and with labels that came before.

        Only the last restoration tells: what an earlier one brought may have left warm again.
        """
        told = [each for each in self.told if each.span.start < hour + HOUR_S and hour < each.span.end]
        if not told:
            return True
        last = told[-1]
        return isinstance(last, BroughtBack) and last.labels_until >= labels_until


def restorations_of(ledger: Ledger, monitor: str, now: float) -> Restorations:
    """Also of a clock that is ahead. After twice the longest time that rows are kept, none of them is in warm."""
    events = ledger.audit_events(Span(now - 2 * LONGEST_KEEP_S, math.inf), (RESTORE, RESTORED))
    told = (_told(event) for event in events if event.detail["monitor"] == monitor)
    return Restorations(tuple(told))


def _told(event: AuditEvent) -> Pin | BroughtBack:
    if event.action == RESTORE:
        return pin_of(event)
    span = Span(float(event.detail["start"]), float(event.detail["end"]))
    return BroughtBack(event.detail["monitor"], span, float(event.detail["labels_until"]))
