"""The situations that every alert is put into, and which of them it must fire in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rules.scenario.series import Lifetime
from rules.scenario.signal import Signal
from rules.scenario.timeline import Timeline

Traffic = Literal["low", "high", "few"]
Event = Literal["", "reset", "missing"]
_REPLICAS = ("a", "b")


@dataclass(frozen=True, slots=True)
class Situation:
    """Sound or not, how many rows, and what happens to the second replica in the middle of the last window."""

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
"""Each is a `job` of its own, so that one run of promtool plays them all."""


def situations_of(signal: Signal) -> list[Situation]:
    """All; that of too few rows only where the alert asks for enough."""
    return [situation for situation in SITUATIONS if _rows(signal, situation) is not None]


def input_series(signal: Signal, situation: Situation, passing: Timeline) -> Iterator[dict[str, str]]:
    """What both replicas expose at each step; the first alone has the gauges."""
    rows = _rows(signal, situation) or 0
    steps, middle = passing.steps, passing.middle
    lives = (
        Lifetime(steps),
        Lifetime(
            steps,
            restart=middle if situation.event == "reset" else None,
            end=middle if situation.event == "missing" else None,
        ),
    )
    for series, value in signal.gauges.items():
        yield {"series": series.text(situation.name, _REPLICAS[0]), "values": lives[0].gauge(value)}
    before, grown = signal.sound(rows), (signal.sound if situation.is_sound else signal.unsound)(rows)
    share = 1 / passing.a_window / len(_REPLICAS)
    for instance, life in zip(_REPLICAS, lives, strict=True):
        for series, growth in grown.items():
            values = life.counter(growth * share, before.get(series, 0) * share, passing.lead)
            yield {"series": series.text(situation.name, instance), "values": values}


def _rows(signal: Signal, situation: Situation) -> float | None:
    return {"low": signal.low_rows, "high": signal.high_rows, "few": signal.few_rows}[situation.traffic]
