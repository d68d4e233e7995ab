"""What is known of other exporters' ids, and what is not while the hot tier is away."""

from __future__ import annotations

from pathlib import Path

from exporter.archive.hot.redis import RedisHotTier
from exporter.archive.hot.taken_ids import TakenIds
from tests.support.clocks import MovedClock
from tests.support.hot_places import CLASSES, SCORES, hot_rows, texts
from tests.support.redis import redis_server


def test_ids_that_landed_are_taken_until_the_tier_is_away(tmp_path: Path) -> None:
    clock = MovedClock()
    with redis_server(tmp_path / "redis") as server:
        hot = RedisHotTier(server.url, clock)
        hot.put(SCORES, hot_rows(["a", "b"]))
        assert TakenIds(hot, SCORES).among(texts("b", "c", "a")).tolist() == [True, False, True]
        assert TakenIds(hot, CLASSES).among(texts("b")).tolist() == [False]
        server.kill()
        assert TakenIds(hot, SCORES).among(texts("b", "c", "a")).tolist() == [False, False, False]
        hot.close()
