"""Senders beside a test of faults; whatever happens to them, every promise must have been kept in the end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.chaos.senders import RunningSenders, SendingPace, some_senders
from tests.chaos.verdict import judge
from tests.chaos.world import ArchiveWorld

BODIES = 60
"""So many are waited for where a fault is to meet traffic."""

_PACE = SendingPace(pause_s=0.1, label_delays_s=(0.05, 1.0))
_SEEDS = itertools.count(1)


def hurried_senders(world: ArchiveWorld) -> AbstractContextManager[RunningSenders]:
    """Senders during the block, whose labels follow soon."""
    return some_senders(world.addresses, next(_SEEDS), _PACE)


@contextmanager
def judged_senders(world: ArchiveWorld) -> Iterator[RunningSenders]:
    """Senders during the block; after it every promise must have been kept."""
    with hurried_senders(world) as senders:
        yield senders
    judgement = judge(world, senders)
    assert judgement.broken == []
    assert judgement.figures["predictions archived"] > 0
