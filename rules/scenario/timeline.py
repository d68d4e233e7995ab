"""How a scenario passes: in steps of one scrape each, with an evaluation after each or after several."""

from __future__ import annotations

import math
from dataclasses import dataclass

from exporter.monitor.duration import Duration, duration_text
from rules.scenario.signal import Signal

_STEPS_A_SPAN = 20
_SPARE_EVALUATIONS = 3


@dataclass(frozen=True, slots=True)
class Timeline:
    """lead: steps in which all is sound; steps: those and the ones after; a_window: steps that rows are spread over;
    shaken: the step in which something happens to a replica.
    """

    step: Duration
    lead: int
    steps: int
    a_window: float
    shaken: int

    @property
    def after_lead_s(self) -> float:
        return (self.steps - self.lead) * self.step.seconds

    @property
    def end(self) -> Duration:
        return duration_text(self.steps * self.step.seconds)


def step_of(signal: Signal) -> Duration:
    """From one scrape to the next, in whole seconds."""
    return signal.step or duration_text(max(1, math.ceil(_span(signal).seconds / _STEPS_A_SPAN)))


def evaluation_of(signal: Signal) -> Duration:
    """From one evaluation to the next."""
    return signal.evaluated or step_of(signal)


def timeline(signal: Signal, held_s: float) -> Timeline:
    """Lead, then the span, then as long as the alert is held; it ends with an evaluation."""
    step_s, evaluated_s = step_of(signal).seconds, evaluation_of(signal).seconds
    lead = math.ceil(signal.lead.seconds / step_s) if signal.lead else 0
    if signal.lasting is not None:
        played = round(signal.lasting.seconds / step_s)
    else:
        evaluations = math.ceil((_span(signal).seconds + held_s) / evaluated_s) + _SPARE_EVALUATIONS
        played = round(evaluations * evaluated_s / step_s)
    a_window = min(signal.window.seconds / step_s, played)
    shaken = signal.shaken.seconds / step_s if signal.shaken else a_window / 2
    return Timeline(step_of(signal), lead, lead + played, a_window, lead + played - max(1, round(shaken)))


def early_end(signal: Signal, passing: Timeline, held_s: float) -> Duration | None:
    """The last evaluation at which nothing can have been wrong for as long as the alert is held."""
    evaluated_s = evaluation_of(signal).seconds
    begin_s = max(passing.lead * passing.step.seconds, signal.patience.seconds if signal.patience else 0)
    evaluations = math.ceil((begin_s + held_s) / evaluated_s) - 1
    return duration_text(evaluations * evaluated_s) if evaluations > 0 else None


def _span(signal: Signal) -> Duration:
    return signal.span or signal.window
