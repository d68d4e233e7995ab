"""Fault after fault for as long as one likes, by chance that a seed repeats."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.chaos.faults import ChaosFault, faults_of
from tests.chaos.senders import RunningSenders
from tests.chaos.world import ArchiveWorld

_MOST_AT_ONCE = 3
_BODIES_BETWEEN = 100

Tell = Callable[[str], object]


def storm(world: ArchiveWorld, senders: RunningSenders, until: float, seed: int, tell: Tell) -> Counter[str]:
    """How often each fault was inflicted; AssertionError when senders are not served after one.

    until : of `time.monotonic`.
    """
    rng = random.Random(f"storm/{seed}")
    inflicted: Counter[str] = Counter()
    faults = faults_of(world)
    with ThreadPoolExecutor(_MOST_AT_ONCE) as pool:
        while time.monotonic() < until:
            chosen = _choose(faults, rng)
            tell(" + ".join(fault.name for fault in chosen))
            inflicted.update(fault.name for fault in chosen)
            delayed = [partial(_inflict, fault, world, random.Random(rng.random())) for fault in chosen]
            for outcome in [pool.submit(inflict) for inflict in delayed]:
                outcome.result()
            senders.wait_for_more(_BODIES_BETWEEN)
    return inflicted


def _choose(faults: Sequence[ChaosFault], rng: random.Random) -> Sequence[ChaosFault]:
    """One each of one, two or three subjects."""
    subjects = sorted({fault.subject for fault in faults})
    chosen = rng.sample(subjects, rng.randint(1, min(_MOST_AT_ONCE, len(subjects))))
    return [rng.choice([fault for fault in faults if fault.subject == subject]) for subject in chosen]


def _inflict(fault: ChaosFault, world: ArchiveWorld, rng: random.Random) -> None:
    time.sleep(rng.uniform(0, 1))
    fault.inflict(world, rng)
