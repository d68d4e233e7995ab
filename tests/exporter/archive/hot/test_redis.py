"""A Redis that is away, frozen, empty again, full, or not a Redis at all."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from exporter.archive.hot.breaker import Breaker
from exporter.archive.hot.packing import keys_of
from exporter.archive.hot.redis import RedisHotTier
from exporter.errors import InvalidSettings, RetryLater
from tests.support.clocks import MovedClock
from tests.support.hot_places import CLASSES, DAY_S, SCORES, hot_rows, texts
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.redis import PASSWORD, RunningRedis, redis_server

SHORT_PAUSE_S = 0.05
NOTICED_WITHIN_S = 1.0
"""Twice the two time-outs that a call may wait for: to connect, and for an answer."""

CALLS: dict[str, Callable[[RedisHotTier], object]] = {
    "put": lambda tier: tier.put(SCORES, hot_rows(["a"])),
    "find": lambda tier: tier.find(SCORES, texts("a", "b")),
    "seen": lambda tier: tier.seen(SCORES, texts("a")),
    "rebuild": lambda tier: tier.rebuild(SCORES, [hot_rows(["a"])]),
    "put_value": lambda tier: tier.put_value("key", b"value", 1),
    "get_value": lambda tier: tier.get_value("key"),
    "take": lambda tier: tier.take("key", 1, 1, 1),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningRedis]:
    with redis_server(tmp_path / "redis") as running:
        yield running


@contextmanager
def a_tier(server: RunningRedis, pause_s: float = SHORT_PAUSE_S) -> Iterator[RedisHotTier]:
    tier = RedisHotTier(server.url, MovedClock(), Breaker(pause_s))
    yield tier
    tier.close()


def fails_quickly(call: Callable[[], object]) -> float:
    begin_s = time.monotonic()
    with pytest.raises(RetryLater, match="is away"):
        call()
    elapsed_s = time.monotonic() - begin_s
    assert elapsed_s < NOTICED_WITHIN_S
    return elapsed_s


@pytest.mark.parametrize("name", CALLS)
def test_every_call_to_a_server_that_is_gone_fails_at_once(server: RunningRedis, name: str) -> None:
    with a_tier(server) as tier:
        CALLS[name](tier)
        server.kill()
        fails_quickly(lambda: CALLS[name](tier))
        assert not tier.is_up


@pytest.mark.parametrize("name", CALLS)
def test_every_call_to_a_frozen_server_fails_soon(server: RunningRedis, name: str) -> None:
    with a_tier(server) as tier:
        server.freeze()
        fails_quickly(lambda: CALLS[name](tier))
        server.thaw()
        wait_until(lambda: not _fails(lambda: CALLS[name](tier)), 10, "it answers again")
        assert tier.is_up


def test_a_server_that_is_away_is_left_alone_for_a_while(server: RunningRedis) -> None:
    with a_tier(server, pause_s=60) as tier:
        server.freeze()
        fails_quickly(lambda: tier.get_value("key"))
        waited_s = sum(fails_quickly(lambda: tier.get_value("key")) for _ in range(100))
        assert waited_s < NOTICED_WITHIN_S


def test_what_a_restart_lost_is_not_found_and_can_be_rebuilt(server: RunningRedis) -> None:
    with a_tier(server) as tier:
        tier.put(CLASSES, hot_rows(["a", "b"], ["x", "y"]))
        server.kill()
        fails_quickly(lambda: tier.find(CLASSES, texts("a")))
        server.restart()
        wait_until(lambda: not _fails(lambda: tier.seen(CLASSES, texts("a"))), 10, "it answers again")
        assert tier.find(CLASSES, texts("a", "b")).num_rows == 0
        assert tier.rebuild(CLASSES, [hot_rows(["a", "b"], ["x", "y"])]) == 2
        assert tier.find(CLASSES, texts("a", "b"))["prediction"].to_pylist() == ["x", "y"]


@pytest.mark.parametrize("evicted", ["text:*[0-9]", "text:*:names", "text:*:4:*"])
def test_what_the_server_evicted_in_part_is_not_found_and_nothing_fails(server: RunningRedis, evicted: str) -> None:
    with a_tier(server) as tier, server.client() as client:
        tier.put(CLASSES, hot_rows(["a"], ["x"]))
        names = list(client.scan_iter(f"infranaut:predictions:{CLASSES.name}:{evicted}"))
        assert client.delete(*names) >= 1
        assert tier.find(CLASSES, texts("a")).num_rows == 0
        tier.put(CLASSES, hot_rows(["b"], ["y"]))
        assert tier.find(CLASSES, texts("b"))["prediction"].to_pylist() == ["y"]


def test_a_score_whose_version_was_evicted_is_not_found(server: RunningRedis) -> None:
    with a_tier(server) as tier, server.client() as client:
        tier.put(SCORES, hot_rows(["a"]))
        assert client.delete(*client.scan_iter("infranaut:predictions:*:names")) == 1
        assert tier.find(SCORES, texts("a")).num_rows == 0


def test_a_number_that_looks_like_the_key_of_an_id_is_not_taken_for_it(server: RunningRedis) -> None:
    asked, decoy = texts("asked"), _of_the_same_bucket("asked")
    number = np.frombuffer(keys_of(asked).astype(">u8").tobytes(), "<f8")[0]
    with a_tier(server) as tier:
        tier.put(SCORES, hot_rows([decoy], [float(number)]))
        assert tier.find(SCORES, texts("asked", decoy))["row"].to_pylist() == [1]
        tier.put(SCORES, hot_rows(["asked"], [0.25]))
        assert tier.find(SCORES, asked)["prediction"].to_pylist() == [0.25]


def test_a_server_that_was_away_at_the_start_is_used_once_it_comes(tmp_path: Path) -> None:
    server = RunningRedis(tmp_path)
    with a_tier(server) as tier:
        assert not tier.is_up
        server.start()
        try:
            wait_until(lambda: not _fails(lambda: tier.put_value("key", b"value", 60)), 10, "it is used")
            assert tier.is_up
        finally:
            server.stop()


def test_a_full_server_says_so_and_what_it_has_can_still_be_had(server: RunningRedis) -> None:
    with a_tier(server) as tier, server.client() as client:
        tier.put(SCORES, hot_rows(["a"]))
        client.config_set("maxmemory", 1)
        with pytest.raises(RetryLater, match="maxmemory"):
            tier.put(SCORES, hot_rows(["b"]))
        client.config_set("maxmemory", 0)
        wait_until(lambda: not _fails(lambda: tier.put(SCORES, hot_rows(["b"]))), 10, "there is room")
        assert tier.seen(SCORES, texts("a", "b")).tolist() == [True, True]


def test_a_day_is_forgotten_by_the_server_itself(server: RunningRedis) -> None:
    with a_tier(server) as tier, server.client() as client:
        tier.put(CLASSES, hot_rows(["a"], ["x"]))
        left_s = [client.ttl(name) for name in client.scan_iter()]
        assert len(left_s) == 3
        assert all(DAY_S < seconds <= 2 * DAY_S for seconds in left_s)


def test_a_day_with_many_rows_spreads_over_more_strings(server: RunningRedis) -> None:
    with a_tier(server) as tier, server.client() as client:
        ids = [f"id-{number}" for number in range(40_000)]
        for start in range(0, len(ids), 8_000):
            tier.put(SCORES, hot_rows(ids[start : start + 8_000]))
        assert client.dbsize() == 2 + 16 + 256
        assert tier.seen(SCORES, texts(*ids, "unknown")).tolist() == [True] * len(ids) + [False]


@pytest.mark.parametrize("url", ["redis://:wrong@127.0.0.1:{}/0", "redis://infranaut:wrong@127.0.0.1:{}/0"])
def test_a_wrong_password_is_said_without_it(tmp_path: Path, url: str) -> None:
    with redis_server(tmp_path, PASSWORD) as server, pytest.raises(InvalidSettings) as refused:
        RedisHotTier(url.format(server.port), MovedClock())
    assert "refuses the user or password" in str(refused.value)
    assert f"***@127.0.0.1:{server.port}" in str(refused.value)
    assert "wrong" not in str(refused.value).replace("WRONGPASS", "")


def test_a_password_that_is_missing_is_asked_for(tmp_path: Path) -> None:
    with redis_server(tmp_path, PASSWORD) as server, pytest.raises(InvalidSettings, match="password"):
        RedisHotTier(f"redis://127.0.0.1:{server.port}/0", MovedClock())


def test_the_right_password_opens(tmp_path: Path) -> None:
    with redis_server(tmp_path, PASSWORD) as server, a_tier(server) as tier:
        assert tier.take("key", 1, 1, 1) == 1


def test_a_database_that_is_not_there_is_named(server: RunningRedis) -> None:
    with pytest.raises(InvalidSettings, match="DB index is out of range"):
        RedisHotTier(server.url.replace("/0", "/99"), MovedClock())


def test_an_address_that_makes_no_sense_is_refused_without_its_password() -> None:
    with pytest.raises(InvalidSettings, match="redis") as refused:
        RedisHotTier("http://:secret@127.0.0.1/0", MovedClock())
    assert "secret" not in str(refused.value)


def test_a_server_of_another_kind_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as website:
        threading.Thread(target=_refuse_once, args=(website,), daemon=True).start()
        with pytest.raises(InvalidSettings, match=r"is not Redis: .*HTTP/1\.1 400"):
            RedisHotTier(f"redis://127.0.0.1:{website.getsockname()[1]}/0", MovedClock())


def test_tls_works_with_the_certificate_in_the_address(tmp_path: Path) -> None:
    with redis_server(tmp_path, PASSWORD, is_tls=True) as server, a_tier(server) as tier:
        assert tier.take("key", 1, 1, 1) == 1


def test_a_certificate_that_is_not_trusted_is_refused(tmp_path: Path) -> None:
    with (
        redis_server(tmp_path, is_tls=True) as server,
        pytest.raises(InvalidSettings, match=r"no TLS with .*certificate"),
    ):
        RedisHotTier(server.url.partition("?")[0], MovedClock())


def test_tls_that_the_server_does_not_speak_is_told_with_its_absence(server: RunningRedis) -> None:
    tier = RedisHotTier(server.url.replace("redis://", "rediss://"), MovedClock())
    with pytest.raises(RetryLater, match="handshake"):
        tier.get_value("key")


def test_nobody_listens_is_no_mistake_of_the_settings() -> None:
    tier = RedisHotTier(f"redis://127.0.0.1:{free_port()}/0", MovedClock())
    assert not tier.is_up
    fails_quickly(lambda: tier.get_value("key"))


def _fails(call: Callable[[], object]) -> bool:
    try:
        call()
    except RetryLater:
        return True
    return False


def _refuse_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")


def _of_the_same_bucket(name: str) -> str:
    """Another id whose key begins with the same four bits."""
    others = texts(*(f"decoy-{number}" for number in range(200)))
    is_same = keys_of(others) >> np.uint64(60) == keys_of(texts(name)) >> np.uint64(60)
    return str(others[int(np.argmax(is_same))])
