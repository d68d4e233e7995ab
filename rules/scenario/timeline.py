"""How a scenario passes: in steps of one scrape and one evaluation each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from exporter.monitor.duration import Duration, duration_text
from rules.scenario.signal import Signal

_STEPS_A_SPAN = 20
_SPARE_STEPS = 3


@dataclass(frozen=True, slots=True)
class Timeline:
    """lead: steps in which all is sound; steps: those and the ones after; a_window: steps that rows are spread over."""

    step: Duration
    lead: int
    steps: int
    a_window: float

    @property
    def end(self) -> Duration:
        return duration_text(self.steps * self.step.seconds)

    @property
    def middle(self) -> int:
        """Of the last window, or of what is played of it."""
        return self.steps - max(1, round(min(self.a_window, self.steps - self.lead) / 2))


def step_of(signal: Signal) -> Duration:
    """Whole seconds."""
    return signal.step or duration_text(max(1, math.ceil(_span(signal).seconds / _STEPS_A_SPAN)))


def timeline(signal: Signal, held_s: float) -> Timeline:
    """Lead, then the span, then as long as the alert is held."""
    step = step_of(signal)
    lead = math.ceil(signal.lead.seconds / step.seconds) if signal.lead else 0
    played = math.ceil((_span(signal).seconds + held_s) / step.seconds) + _SPARE_STEPS
    return Timeline(step, lead, lead + played, min(signal.window.seconds / step.seconds, played))


def _span(signal: Signal) -> Duration:
    return signal.span or signal.window
