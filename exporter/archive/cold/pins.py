"""Spans that were brought back into warm and are to stay there for a while.

A pin is the audit event of its restoration: nothing else has to be stored, and what keeps rows in warm can be read
where everything else is told. No pin holds longer than `LONGEST_KEEP_S`, so that only the newest events are read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.archive.cold.names import DAY_S, HOUR_S
from exporter.archive.entry import Kind
from exporter.archive.ledger import AuditEvent, Ledger
from exporter.archive.warm.tier import Span

LONGEST_KEEP_S = 90 * DAY_S
RESTORE = "archive.restore"


@dataclass(frozen=True, slots=True)
class Pin:
    """Rows of a monitor in a span stay in warm until then; all kinds, labels also for some time behind the span."""

    monitor: str
    span: Span
    keep_until: float
    labels_late_s: float = 0.0

    def keeps(self, monitor: str, kind: Kind, day: int, now: float) -> bool:
        """Whether a UTC day must stay."""
        span = span_of(kind, self.span, self.labels_late_s)
        touches = span.start < day + DAY_S and day < span.end
        return touches and self.monitor == monitor and now < self.keep_until

    def as_event(self, at: float, actor: str) -> AuditEvent:
        numbers = {
            "start": self.span.start,
            "end": self.span.end,
            "labels_late_s": self.labels_late_s,
            "keep_until": self.keep_until,
        }
        detail = {name: repr(float(number)) for name, number in numbers.items()}
        return AuditEvent(at, actor, RESTORE, {"monitor": self.monitor, **detail})


def span_of(kind: Kind, span: Span, labels_late_s: float) -> Span:
    """The whole hours with the rows of a kind that belong to a span."""
    end = _next_hour(span.end)
    return Span(span.start - span.start % HOUR_S, _next_hour(end + labels_late_s) if kind is Kind.LABELS else end)


def active_pins(ledger: Ledger, now: float) -> Sequence[Pin]:
    """The pins that hold now."""
    events = ledger.audit_events(Span(now - LONGEST_KEEP_S, math.inf), [RESTORE])
    return [pin for pin in map(pin_of, events) if now < pin.keep_until]


def pin_of(event: AuditEvent) -> Pin:
    """Also from a version that brought no later labels back."""
    span = Span(float(event.detail["start"]), float(event.detail["end"]))
    labels_late_s = float(event.detail.get("labels_late_s", 0.0))
    return Pin(event.detail["monitor"], span, float(event.detail["keep_until"]), labels_late_s)


def _next_hour(seconds: float) -> float:
    return seconds + -seconds % HOUR_S
