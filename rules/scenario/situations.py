"""The situations that every alert is put into, and which of them it must fire in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rules.scenario.series import Lifetime, ScenarioSeries
from rules.scenario.signal import Signal
from rules.scenario.timeline import Timeline

Traffic = Literal["low", "high", "few"]
Event = Literal["", "reset", "missing"]


@dataclass(frozen=True, slots=True)
class Situation:
    """Sound or not, how many rows, and what happens to the last replica in the middle of the last window."""

    name: str
    is_sound: bool
    traffic: Traffic
    event: Event = ""

    @property
    def is_firing(self) -> bool:
        return not self.is_sound and self.traffic != "few"


SITUATIONS = (
    Situation("sound, low traffic", is_sound=True, traffic="low"),
    Situation("sound, high traffic", is_sound=True, traffic="high"),
    Situation("sound, counter reset", is_sound=True, traffic="high", event="reset"),
    Situation("sound, missing replica", is_sound=True, traffic="high", event="missing"),
    Situation("unsound, too few rows", is_sound=False, traffic="few"),
    Situation("unsound", is_sound=False, traffic="high"),
    Situation("unsound, counter reset", is_sound=False, traffic="high", event="reset"),
    Situation("unsound, missing replica", is_sound=False, traffic="high", event="missing"),
)
"""Each is a `job` or an `instance` of its own where it can be, so that one run of promtool plays them all."""
_UNSOUND = Situation("unsound", is_sound=False, traffic="high")


def situations_of(signal: Signal) -> list[Situation]:
    """All that the signal can be put into: few rows where it asks for enough, a reset where it reads counters.

    Of one that must be silent only that in which it would fire, were it not for what makes it silent.
    """
    if not signal.fires:
        return [_UNSOUND]
    has_counters = bool(signal.sound(signal.high_rows))
    return [
        situation
        for situation in SITUATIONS
        if _rows(signal, situation) is not None
        and (situation.event != "reset" or has_counters)
        and (situation.event != "missing" or len(signal.replicas) > 1)
    ]


def input_series(signal: Signal, situation: Situation, passing: Timeline) -> Iterator[dict[str, str]]:
    """What the replicas expose at each step, and what was recorded before; the first alone has the gauges."""
    rows = _rows(signal, situation) or 0
    first = signal.replicas[0]
    for series, value in signal.history(rows, passing.after_lead_s).items():
        yield _series(series, situation, first, Lifetime(passing.steps).first(value))
    for series, value in signal.gauges.items():
        yield _series(series, situation, first, Lifetime(passing.steps).gauge(value))
    for replica in signal.replicas:
        life = _lifetime(situation, passing, is_last=replica == signal.replicas[-1])
        for series, gauge in signal.states(situation.is_sound).items():
            values = life.gauge(gauge.value, gauge.per_second * passing.step.seconds)
            yield _series(series, situation, replica, values)
        yield from _counters(signal, situation, replica, passing, life)


def _counters(
    signal: Signal, situation: Situation, replica: str, passing: Timeline, life: Lifetime
) -> Iterator[dict[str, str]]:
    rows = _rows(signal, situation) or 0
    grown = (signal.sound if situation.is_sound else signal.unsound)(rows)
    a_step = 1 / passing.a_window / len(signal.replicas)
    before, a_step_before = signal.sound(rows), a_step
    if signal.before is not None:
        before, a_step_before = signal.before(rows, passing.after_lead_s), 1 / passing.lead / len(signal.replicas)
    for series, growth in grown.items():
        values = life.counter(growth * a_step, before.get(series, 0) * a_step_before, passing.lead)
        yield _series(series, situation, replica, values)


def _lifetime(situation: Situation, passing: Timeline, *, is_last: bool) -> Lifetime:
    """What happens, happens to the last replica."""
    return Lifetime(
        passing.steps,
        restart=passing.shaken if is_last and situation.event == "reset" else None,
        end=passing.shaken if is_last and situation.event == "missing" else None,
    )


def _series(series: ScenarioSeries, situation: Situation, replica: str, values: str) -> dict[str, str]:
    return {"series": series.text(situation.name, replica), "values": values}


def _rows(signal: Signal, situation: Situation) -> float | None:
    return {"low": signal.low_rows, "high": signal.high_rows, "few": signal.few_rows}[situation.traffic]
