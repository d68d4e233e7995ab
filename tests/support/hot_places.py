"""Everything that a hot tier can stand in, for tests that hold for all of them, and rows to put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from exporter.archive.hot.memory import MemoryHotTier
from exporter.archive.hot.redis import RedisHotTier
from exporter.archive.hot.tier import HotMonitor, HotTier
from exporter.archive.schema import TIME
from tests.support.clocks import NOON_S, MovedClock
from tests.support.redis import redis_server

DAY_S = 86_400.0
SCORES = HotMonitor("credit-default", predicts_text=False, retention_s=DAY_S)
CLASSES = HotMonitor("digits", predicts_text=True, retention_s=DAY_S)


@dataclass(frozen=True, slots=True)
class HotPlace:
    """A tier, the clock that it goes by, and another replica's view of it (itself where nobody shares it)."""

    tier: HotTier
    other: HotTier
    clock: MovedClock


@contextmanager
def _memory(_folder: Path) -> Iterator[HotPlace]:
    clock = MovedClock()
    tier = MemoryHotTier(clock)
    yield HotPlace(tier, tier, clock)


@contextmanager
def _redis(folder: Path) -> Iterator[HotPlace]:
    clock = MovedClock()
    with redis_server(folder / "redis") as server:
        tier, other = RedisHotTier(server.url, clock), RedisHotTier(server.url, clock)
        yield HotPlace(tier, other, clock)
        tier.close()
        other.close()


PLACES: Mapping[str, Callable[[Path], AbstractContextManager[HotPlace]]] = {"memory": _memory, "redis": _redis}


def hot_rows(
    ids: Sequence[str],
    predictions: Sequence[float | str | None] | None = None,
    version: str | None = "1",
    segment: str | None = "north",
    time_s: float = NOON_S,
) -> pa.RecordBatch:
    """Predictions as a hot tier takes them, a microsecond apart; scores of 0.5 where none are given."""
    count = len(ids)
    times = round(time_s * 1e6) + np.arange(count)
    return pa.record_batch(
        {
            "id": pa.array(ids, pa.string()),
            "time": pa.array(times.astype(np.int64)).cast(TIME),
            "prediction": pa.array([0.5] * count if predictions is None else predictions),
            "model_version": pa.array([version] * count, pa.string()),
            "segment": pa.array([segment] * count, pa.string()),
        }
    )


def texts(*ids: str) -> pa.Array:
    return pa.array(ids, pa.string())
