"""What goes wrong in a history, and how often: each history has some kinds of faults, and not the others."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from tests.simulation.machine import DiskTraits


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Chances: of the first three at each call of the disk or the database, of `failing` at each call of its kind, of
    the others in each round."""

    turn_over: float
    kill: float
    lose_power: float
    failing: Mapping[str, float]
    fill_disk: float
    second_lander: float
    stop: float
    damage: float
    throw_away: float
    poison: float


def some_faults(rng: random.Random) -> FaultRates:
    def at_times(chance: float, *rates: float) -> float:
        return rng.choice(rates) if rng.random() < chance else 0.0

    return FaultRates(
        turn_over=at_times(0.8, 0.02, 0.1),
        kill=at_times(0.6, 0.002, 0.02),
        lose_power=at_times(0.7, 0.002, 0.01),
        failing={
            "write": at_times(0.2, 0.02, 0.2),
            "sync": at_times(0.3, 0.02, 0.1),
            "sync_directory": at_times(0.2, 0.05),
            "claim": at_times(0.3, 0.3),
            "land": at_times(0.3, 0.3),
            "answer": at_times(0.4, 0.3),
        },
        fill_disk=at_times(0.3, 0.1),
        second_lander=at_times(0.3, 0.05),
        stop=at_times(0.5, 0.03),
        damage=at_times(0.2, 0.05),
        throw_away=at_times(0.1, 0.3),
        poison=at_times(0.2, 0.1),
    )


def some_traits(rng: random.Random) -> DiskTraits:
    return DiskTraits(rng.choice((16, 32, 128)), rng.choice((2_500, 5_000, 20_000)), rng.random() < 0.3)
