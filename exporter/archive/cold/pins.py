"""Spans that were brought back into warm and are to stay there for a while.

A pin is the audit event of its restoration: nothing else has to be stored, and what keeps rows in warm can be read
where everything else is told. No pin holds longer than `LONGEST_KEEP_S`, so that only the newest events are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.archive.cold.names import DAY_S
from exporter.archive.ledger import AuditEvent, Ledger
from exporter.archive.warm.tier import Span

LONGEST_KEEP_S = 90 * DAY_S
RESTORE = "archive.restore"


@dataclass(frozen=True, slots=True)
class Pin:
    """Rows of a monitor in a span stay in warm until then; all kinds."""

    monitor: str
    span: Span
    keep_until: float

    def keeps(self, monitor: str, day: int, now: float) -> bool:
        """Whether a UTC day must stay."""
        touches = self.span.start < day + DAY_S and day < self.span.end
        return touches and self.monitor == monitor and now < self.keep_until

    def as_event(self, at: float, actor: str) -> AuditEvent:
        detail = {"monitor": self.monitor, "keep_until": repr(float(self.keep_until))}
        return AuditEvent(at, actor, RESTORE, {**detail, "start": repr(self.span.start), "end": repr(self.span.end)})


def active_pins(ledger: Ledger, now: float) -> Sequence[Pin]:
    """The pins that hold now."""
    events = ledger.audit_events(Span(now - LONGEST_KEEP_S, now + 1))
    pins = [_pin_of(event) for event in events if event.action == RESTORE]
    return [pin for pin in pins if now < pin.keep_until]


def _pin_of(event: AuditEvent) -> Pin:
    span = Span(float(event.detail["start"]), float(event.detail["end"]))
    return Pin(event.detail["monitor"], span, float(event.detail["keep_until"]))
