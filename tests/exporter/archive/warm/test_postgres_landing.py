"""Landing in PostgreSQL when connections break, servers freeze and landers meet."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres import PostgresWarm
from exporter.archive.warm.tier import Claim
from exporter.errors import Fenced, RetryLater
from tests.support.archives import DAY_S, MONITOR, ORIGIN, a_stream, an_entry, labels, letters, predictions
from tests.support.batches import START_S
from tests.support.polling import wait_until
from tests.support.postgres import RunningPostgres, postgres
from tests.support.postgres_tiers import DEADLINE_S, at_once, counted, opened, stored_ids, waiting
from tests.support.wire_proxy import Cut, wire_proxy


@pytest.fixture(scope="module")
def server() -> Iterator[RunningPostgres]:
    """One that the tests of this file may freeze and kill."""
    with postgres() as running:
        yield running


@pytest.mark.parametrize("cut", list(Cut))
def test_a_landing_whose_commit_was_cut_off_lands_once(tier: PostgresWarm, url: str, cut: Cut) -> None:
    with wire_proxy(port_of(url)) as proxy:
        through = opened(url.replace(str(port_of(url)), str(proxy.port)))
        before = a_stream(predictions(["x"]), labels(["x"]), letters([0]))
        claim = through.land(through.claim(ORIGIN), before).claim
        stream = a_stream(predictions(["a", "b"]), labels(["a"]), letters([3]), predictions(["c"]), first=4)
        proxy.cut_once(b"COMMIT\0", cut)
        with pytest.raises(RetryLater, match="away"):
            through.land(claim, stream[:3])
        assert proxy.cuts == 1
        assert stored_ids(tier) == (["a", "b", "x"] if cut is Cut.ANSWER else ["x"])
        landed = through.land(claim, stream)
        through.close()
    assert landed.claim.next_sequence == 8
    assert stored_ids(tier) == ["a", "b", "c", "x"]
    assert [counted(tier, kind) for kind in Kind] == [4, 2, 2]


def test_a_landing_whose_backend_was_terminated_lands_once(tier: PostgresWarm, url: str) -> None:
    claim = tier.claim(ORIGIN)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'infranaut'")
    with pytest.raises(RetryLater, match=r"shutting down|away"):
        tier.land(claim, a_stream(predictions(["a"])))
    assert tier.land(claim, a_stream(predictions(["a"]))).rows == {(MONITOR, Kind.PREDICTIONS): 1}
    assert stored_ids(tier) == ["a"]


def test_a_server_that_was_killed_has_what_was_landed_once(server: RunningPostgres) -> None:
    warm = opened(server.new_database())
    warm.migrate()
    claim = warm.land(warm.claim(ORIGIN), a_stream(predictions(["a"]))).claim
    server.kill()
    with pytest.raises(RetryLater):
        warm.land(claim, a_stream(predictions(["b"]), first=2))
    with pytest.raises(RetryLater, match="away"):
        warm.land(claim, a_stream(predictions(["b"]), first=2))
    with pytest.raises(RetryLater):
        stored_ids(warm)
    server.start()
    warm.land(claim, a_stream(predictions(["b"]), first=2))
    assert stored_ids(warm) == ["a", "b"]
    warm.close()


def test_a_frozen_server_is_told_of_within_the_patience(server: RunningPostgres) -> None:
    warm = opened(server.new_database(), patience_s=1)
    warm.migrate()
    claim = warm.claim(ORIGIN)
    reading = warm.hours()
    assert list(reading) == []
    server.freeze()
    try:
        with pytest.raises(RetryLater, match="no answer within"):
            warm.land(claim, a_stream(predictions(["a"])))
        with pytest.raises(RetryLater, match=r"timeout|timed out"):
            warm.land(claim, a_stream(predictions(["a"])))
        with pytest.raises(RetryLater):
            warm.hours()
    finally:
        server.resume()
    wait_until(lambda: lands(warm, claim), DEADLINE_S, "a landing after the server came back")
    assert stored_ids(warm) == ["a"]
    assert counted(warm) == 1
    warm.close()


def lands(warm: PostgresWarm, claim: Claim) -> bool:
    try:
        warm.land(claim, a_stream(predictions(["a"])))
    except RetryLater:
        return False
    return True


def test_a_lock_that_somebody_holds_is_waited_for_no_longer_than_the_patience(url: str, tier: PostgresWarm) -> None:
    impatient = opened(url, patience_s=1)
    claim = impatient.claim(ORIGIN)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE infranaut.hours")
        with pytest.raises(RetryLater, match="took too long"):
            impatient.land(claim, a_stream(predictions(["a"])))
    assert stored_ids(tier) == []
    impatient.land(claim, a_stream(predictions(["a"])))
    impatient.close()
    assert counted(tier) == 1


def test_landers_of_the_same_rows_in_opposite_order_land_each_once(url: str, tier: PostgresWarm) -> None:
    """Labels and predictions of two monitors, each lander's entries the other way round, many times."""
    names = [f"p{number}" for number in range(300)]

    def land(origin: str, *, is_reversed: bool) -> None:
        warm = opened(url)
        claim = warm.claim(origin)
        for turn in range(5):
            some = [f"{name}-{turn}" for name in names]
            entries = [
                an_entry(make(some[::-1] if is_reversed else some), monitor)
                for monitor in (MONITOR, "churn")
                for make in (predictions, labels)
            ]
            claim = warm.land(
                claim, a_stream(*(entries[::-1] if is_reversed else entries), first=claim.next_sequence)
            ).claim
        warm.close()

    at_once(lambda: land("exporter-1/0", is_reversed=False), lambda: land("exporter-2/0", is_reversed=True))
    assert counted(tier) == counted(tier, Kind.LABELS) == 2 * 5 * 300
    assert len(stored_ids(tier)) == len(set(stored_ids(tier, Kind.LABELS))) == 5 * 300


def test_a_deadlock_is_retried_inside(url: str, tier: PostgresWarm) -> None:
    """Somebody locks the side counts of two hours in the order in which no landing would."""
    first, second = predictions(["a"], START_S), predictions(["b"], START_S + 3_600)
    claim = tier.land(tier.claim(ORIGIN), a_stream(first, second)).claim
    again = a_stream(predictions(["c", "d"], [START_S, START_S + 3_600]), first=claim.next_sequence)
    done = threading.Event()

    def lock_against() -> None:
        with psycopg.connect(url) as other:
            other.execute("SET deadlock_timeout = '1min'")
            lock = "SELECT FROM infranaut.hours WHERE start = (SELECT {}(start) FROM infranaut.hours) FOR UPDATE"
            other.execute(lock.format("max"))
            locked.set()
            wait_until(lambda: waiting(url), DEADLINE_S, "the landing waiting for a lock")
            other.execute(lock.format("min"))
        done.set()

    locked = threading.Event()
    thread = threading.Thread(target=lock_against)
    thread.start()
    assert locked.wait(DEADLINE_S)
    assert sum(tier.land(claim, again).rows.values()) == 2
    thread.join(DEADLINE_S)
    assert done.is_set()
    assert counted(tier) == 4


def test_landers_that_meet_a_new_day_make_its_partition_once(url: str, tier: PostgresWarm) -> None:
    def land(origin: str) -> None:
        warm = opened(url)
        claim = warm.claim(origin)
        for day in range(12):
            rows = predictions([f"{origin}-{day}", f"both-{day}"], START_S + (100 + day) * DAY_S)
            claim = warm.land(claim, a_stream(rows, first=claim.next_sequence)).claim
        warm.close()

    at_once(*[lambda origin=origin: land(origin) for origin in ("exporter-1/0", "exporter-2/0", "exporter-3/0")])
    assert counted(tier) == 12 * 4
    assert len(set(stored_ids(tier))) == 12 * 4


def test_a_landing_after_known_rows_is_careful_for_a_while(tier: PostgresWarm) -> None:
    claim = tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]))).claim
    careful = [tier.is_careful]
    claim = tier.land(claim, a_stream(predictions(["a", "b"]), first=2)).claim
    careful.append(tier.is_careful)
    for number in range(20):
        claim = tier.land(claim, a_stream(predictions([f"p{number}"]), first=claim.next_sequence)).claim
    assert [*careful, tier.is_careful] == [False, True, False]
    assert counted(tier) == 22


def test_a_database_that_was_set_back_fences_the_claim(url: str, tier: PostgresWarm) -> None:
    claim = tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]))).claim
    with psycopg.connect(url) as other:
        other.execute("UPDATE infranaut.offsets SET next_sequence = 0")
    with pytest.raises(Fenced, match="set back"):
        tier.land(claim, a_stream(predictions(["b"]), first=2))
    assert stored_ids(tier) == ["a"]


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])
