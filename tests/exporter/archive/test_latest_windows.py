"""A hot tier that fails, lies, or is behind never keeps the latest windows from being published and read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from exporter.archive.hot.breaker import Breaker
from exporter.archive.hot.memory import MemoryHotTier
from exporter.archive.hot.redis import RedisHotTier
from exporter.archive.hot.windows import HotWindows
from exporter.archive.latest_windows import LatestWindows, WindowPublisher
from exporter.archive.ledger import Ledger
from exporter.errors import RetryLater
from tests.support.archives import MONITOR, predictions
from tests.support.clocks import MovedClock
from tests.support.profile_keepers import a_kept_archive
from tests.support.redis import redis_server
from tests.support.warm_places import embedded_place
from tests.support.windows import AGES, FIRST, WatchedLedger, a_profile_of, a_stored_window, starts

RETENTION_S = {MONITOR: 86_400.0}
PROFILE = a_profile_of([20.0, 30.0])
NEWEST_KEY = f"windows:{MONITOR}"
FIRST_KEY = f"windows:{MONITOR}:{FIRST}"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with embedded_place(tmp_path) as place:
        opened = place.ledger()
        assert opened.put_profiles([a_stored_window(0, PROFILE)], replaces=0)
        yield opened


def test_the_keeper_publishes_each_window_that_it_closes(tmp_path: Path) -> None:
    hot = MemoryHotTier(MovedClock())
    with a_kept_archive(tmp_path, [(AGES, None)], FIRST + 3 * 3600.0) as archive:
        archive.publisher = WindowPublisher(hot, archive.ledger, RETENTION_S)
        archive.restart()
        archive.land(predictions(["a", "b"], [FIRST + 60.0, FIRST + 2.5 * 3600], age=20.0))
        archive.settle()
        reader = LatestWindows(hot, WatchedLedger(archive.ledger, is_away=True).open)
        assert starts(reader) == [0]
        archive.clock.move(200)
        archive.land(predictions(["late"], FIRST + 61.0, age=20.0))
        archive.settle()
        assert [(read.stored.revision, read.stored.rows) for read in reader.read(MONITOR, 9)] == [(2, 2)]


def test_a_redis_that_is_away_is_caught_up_with_and_read_around(tmp_path: Path, ledger: Ledger) -> None:
    watched = WatchedLedger(ledger)
    with redis_server(tmp_path / "redis") as redis:
        hot = RedisHotTier(redis.url, MovedClock(), Breaker(0.0))
        publisher, reader = WindowPublisher(hot, ledger, RETENTION_S), LatestWindows(hot, watched.open)
        redis.kill()
        publisher.publish(MONITOR)
        assert starts(reader) == [0]
        assert watched.opened == 1
        redis.restart()
        publisher.step()
        watched.is_away = True
        assert starts(reader) == [0]
        hot.close()


def test_neither_tier_there_is_told_with_when_to_come_back(tmp_path: Path, ledger: Ledger) -> None:
    with redis_server(tmp_path / "redis") as redis:
        hot = RedisHotTier(redis.url, MovedClock(), Breaker(0.0))
        redis.kill()
        with pytest.raises(RetryLater, match="the warm tier is away") as raised:
            LatestWindows(hot, WatchedLedger(ledger, is_away=True).open).read(MONITOR, 1)
        assert raised.value.retry_after_s == 3
        hot.close()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff" * 100,
        msgspec.msgpack.encode("no list"),
        msgspec.msgpack.encode([{"start": "text"}]),
        msgspec.msgpack.encode([{"monitor": "text"}]).replace(b"text", b"\xff\xfe\xff\xfe"),
        msgspec.msgpack.encode([a_stored_window(0, PROFILE)])[:-9],
    ],
)
@pytest.mark.parametrize("key", [NEWEST_KEY, FIRST_KEY])
def test_a_value_that_cannot_be_read_is_told_and_replaced(
    ledger: Ledger, key: str, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    hot = MemoryHotTier(MovedClock())
    WindowPublisher(hot, ledger, RETENTION_S).publish(MONITOR)
    hot.put_value(key, value, 60)
    watched = WatchedLedger(ledger)
    reader = LatestWindows(hot, watched.open)
    assert starts(reader) == [0]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert key in caplog.text
    watched.is_away = True
    assert starts(reader) == [0]


def test_a_profile_that_is_damaged_in_the_hot_tier_is_read_from_the_ledger(ledger: Ledger) -> None:
    hot = MemoryHotTier(MovedClock())
    WindowPublisher(hot, ledger, RETENTION_S).publish(MONITOR)
    cut_off = a_stored_window(0, PROFILE).payload[:-5]
    hot.put_value(FIRST_KEY, msgspec.msgpack.encode([replace(a_stored_window(0, PROFILE), payload=cut_off)]), 60)
    [read] = LatestWindows(hot, WatchedLedger(ledger).open).read(MONITOR, 1)
    assert read.profile is not None


def test_a_profile_that_is_damaged_in_the_ledger_is_told_as_such(tmp_path: Path) -> None:
    with embedded_place(tmp_path) as place:
        ledger = place.ledger()
        assert ledger.put_profiles([replace(a_stored_window(0, PROFILE), payload=b"no profile")], replaces=0)
        [read] = LatestWindows(None, WatchedLedger(ledger).open).read(MONITOR, 1)
        assert (read.stored.rows, read.profile) == (2, None)


def test_an_older_revision_in_the_hot_tier_is_not_taken_for_a_newer_one(ledger: Ledger) -> None:
    hot = MemoryHotTier(MovedClock())
    publisher = WindowPublisher(hot, ledger, RETENTION_S)
    assert ledger.put_profiles([a_stored_window(0, PROFILE, revision=2)], replaces=1)
    publisher.publish(MONITOR)
    HotWindows(hot).put_profiles(MONITOR, FIRST, [a_stored_window(0, PROFILE, revision=1)], 60)
    [read] = LatestWindows(hot, WatchedLedger(ledger).open).read(MONITOR, 1)
    assert read.stored.revision == 2


def test_what_a_reader_puts_back_gives_way_within_a_minute(ledger: Ledger) -> None:
    clock = MovedClock()
    hot = MemoryHotTier(clock)
    reader = LatestWindows(hot, WatchedLedger(ledger).open)
    assert starts(reader) == [0]
    assert ledger.put_profiles([a_stored_window(1, PROFILE)], replaces=0)
    assert starts(reader) == [0]
    clock.move(61)
    assert starts(reader) == [1, 0]


def test_a_successor_of_the_keeper_publishes_all_windows_anew(ledger: Ledger) -> None:
    assert ledger.put_profiles([a_stored_window(1, PROFILE)], replaces=0)
    WindowPublisher(MemoryHotTier(MovedClock()), ledger, RETENTION_S).publish(MONITOR)
    hot = MemoryHotTier(MovedClock())
    WindowPublisher(hot, ledger, RETENTION_S).publish(MONITOR)
    assert starts(LatestWindows(hot, WatchedLedger(ledger, is_away=True).open)) == [1, 0]


def test_readings_beyond_a_few_at_once_are_told_to_come_back(ledger: Ledger) -> None:
    watched = WatchedLedger(ledger)
    refused: list[str] = []

    def open_and_read_again() -> AbstractContextManager[Ledger]:
        if len(refused) < 2:
            try:
                reader.read(MONITOR, 1)
            except RetryLater as error:
                refused.append(str(error))
        return watched.open()

    reader = LatestWindows(None, open_and_read_again)
    assert starts(reader) == [0]
    assert refused == ["windows are being read for others; try again in a second"]
    assert watched.opened == 2
    assert starts(reader) == [0]
