"""Landing in PostgreSQL when connections break, servers freeze and landers meet."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres import PostgresWarm, open_postgres
from exporter.archive.warm.tier import Claim
from exporter.errors import CorruptEntry, Fenced, InfranautError, RetryLater
from tests.support.archives import (
    DAY_S,
    EVER,
    MONITOR,
    ORIGIN,
    a_stream,
    an_entry,
    ids,
    labels,
    letters,
    plain,
    predictions,
)
from tests.support.batches import START_S
from tests.support.clocks import MovedClock
from tests.support.polling import wait_until
from tests.support.postgres import RunningPostgres, database, postgres
from tests.support.wire_proxy import Cut, wire_proxy

DEADLINE_S = 30
DAY = datetime.fromtimestamp(START_S, UTC).date()


@pytest.fixture
def url() -> Iterator[str]:
    with database() as address:
        yield address


def opened(url: str, patience_s: float = 20) -> PostgresWarm:
    return open_postgres(url, None, MovedClock(), patience_s)[0]


@pytest.fixture
def tier(url: str) -> Iterator[PostgresWarm]:
    warm = opened(url)
    warm.migrate()
    yield warm
    warm.close()


@pytest.fixture(scope="module")
def server() -> Iterator[RunningPostgres]:
    """One that the tests of this file may freeze and kill."""
    with postgres() as running:
        yield running


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def stored_ids(warm: PostgresWarm, kind: Kind = Kind.PREDICTIONS) -> list[str]:
    return ids(warm.read(kind, MONITOR, EVER))


def counted(warm: PostgresWarm, kind: Kind = Kind.PREDICTIONS) -> int:
    return sum(hour.rows for hour in warm.hours() if hour.kind is kind)


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


def waiting(url: str) -> int:
    """How many wait for a lock."""
    with psycopg.connect(url) as other:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        [[count]] = other.execute(query).fetchall()
    return int(count)


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


def test_a_day_that_somebody_else_dropped_is_made_again(url: str, tier: PostgresWarm) -> None:
    claim = tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]), labels(["a"]), letters([0]))).claim
    other = opened(url)
    for kind in Kind:
        other.drop_day(kind, DAY, {MONITOR: 1})
    other.close()
    entries = a_stream(predictions(["a"]), labels(["a"]), letters([0]), first=claim.next_sequence)
    assert sum(tier.land(claim, entries).rows.values()) == 3
    assert [counted(tier, kind) for kind in Kind] == [1, 1, 1]


@pytest.mark.parametrize("is_patient", [True, False], ids=["until the landing ends", "in vain"])
def test_a_day_is_not_dropped_under_a_landing(url: str, tier: PostgresWarm, is_patient: bool) -> None:
    """The landing has added its row, and not yet counted it, when somebody wants the day to go."""
    claim = tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]))).claim
    outcome: list[str] = []

    def drop() -> None:
        other = opened(url)
        try:
            other.drop_day(Kind.PREDICTIONS, DAY, {MONITOR: 1})
        except InfranautError as error:
            outcome.append(type(error).__name__)
        other.close()

    with psycopg.connect(url) as blocker:
        blocker.execute("LOCK TABLE infranaut.hours IN SHARE MODE")
        landing = threading.Thread(target=lambda: tier.land(claim, a_stream(predictions(["b"]), first=2)))
        landing.start()
        wait_until(lambda: waiting(url) == 1, DEADLINE_S, "the landing waiting for the side counts")
        dropping = threading.Thread(target=drop)
        dropping.start()
        wait_until(lambda: waiting(url) == 2, DEADLINE_S, "the other waiting for the landing")
        if not is_patient:
            dropping.join(DEADLINE_S)
    landing.join(DEADLINE_S)
    dropping.join(DEADLINE_S)
    assert outcome == ["LateRows" if is_patient else "RetryLater"]
    assert stored_ids(tier) == ["a", "b"]
    assert counted(tier) == 2


def test_the_whole_partition_goes_with_the_last_monitor(url: str, tier: PostgresWarm) -> None:
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]), an_entry(predictions(["a"]), "churn")))
    name = f"predictions_{DAY:%Y%m%d}"
    tier.drop_day(Kind.PREDICTIONS, DAY, {MONITOR: 1})
    assert name in tables(url)
    tier.drop_day(Kind.PREDICTIONS, DAY, {"churn": 1})
    assert name not in tables(url)
    assert f"joins_{DAY:%Y%m%d}" not in tables(url)


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as other:
        rows = other.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'infranaut'").fetchall()
    return {name for (name,) in rows}


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


def test_text_that_postgres_cannot_hold_is_kept_legible(tier: PostgresWarm) -> None:
    rows = predictions(["a\x00b"], region="no\x00rth", model_version="1\x00")
    tier.land(tier.claim(ORIGIN), a_stream(rows))
    [row] = plain(tier.read(Kind.PREDICTIONS, MONITOR, EVER))
    assert (row["id"], row["region"], row["model_version"]) == ("a␀b", "no␀rth", "1␀")
    assert len(tier.find(Kind.PREDICTIONS, MONITOR, ["a\x00b"])) == 1


def test_a_time_beyond_the_calendar_is_told(tier: PostgresWarm) -> None:
    with pytest.raises(CorruptEntry, match="years 1 to 9998"):
        tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"], 1e12)))


def test_wide_rows_with_missing_values_come_back_as_they_were(tier: PostgresWarm) -> None:
    features: dict[str, Any] = {f"number_{at}": [float(at), None, float("nan")] for at in range(700)}
    features |= {f"category_{at}": [None, f"c{at}", "é" * at] for at in range(60)}
    rows = predictions(["a", "b", "c"], **features)
    tier.land(tier.claim(ORIGIN), a_stream(rows))
    [batch] = tier.read(Kind.PREDICTIONS, MONITOR, EVER)
    order = batch.sort_by("id")
    for name in features:
        assert str(order.column(name).to_pylist()) == str(rows.column(name).to_pylist())


def test_rows_are_read_in_pieces_and_a_reader_may_leave_early(tier: PostgresWarm) -> None:
    names = [f"p{number}" for number in range(20_000)]
    tier.land(tier.claim(ORIGIN), a_stream(predictions(names, age=1.0)))
    reading = tier.read(Kind.PREDICTIONS, MONITOR, EVER)
    assert 0 < next(reading).num_rows < 20_000
    assert isinstance(reading, Generator)
    reading.close()
    assert len(stored_ids(tier)) == 20_000
    assert counted(tier) == 20_000


def at_once(*works: Callable[[], None]) -> None:
    """Runs all at the same time; the first error is raised."""
    errors: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


def test_days_are_days_of_utc(tier: PostgresWarm, url: str) -> None:
    midnight = datetime(2025, 3, 30, tzinfo=UTC).timestamp()
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a", "b"], [midnight - 1, midnight])))
    with psycopg.connect(url) as other:
        other.execute("SET timezone = 'Europe/Berlin'")
        of_day = other.execute("SELECT id FROM infranaut.predictions_20250330").fetchall()
    assert of_day == [("b",)]
    tier.drop_day(Kind.PREDICTIONS, date(2025, 3, 30), {MONITOR: 1})
    assert stored_ids(tier) == ["a"]


def test_a_day_of_many_pages_is_dropped_whole_and_in_part(
    url: str, tier: PostgresWarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.archive.warm.postgres_dropping._PAGES_AT_ONCE", 3)
    names = [f"p{number}" for number in range(3_000)]
    entries = [an_entry(make(names), monitor) for make in (predictions, labels) for monitor in (MONITOR, "churn")]
    tier.land(tier.claim(ORIGIN), a_stream(*entries))
    assert len(tier.join_labels([ORIGIN], 0, 10_000)) == 6_000
    tier.drop_day(Kind.PREDICTIONS, DAY, {"churn": 3_000})
    assert rows_in(url, "open_labels") == 3_000
    tier.drop_day(Kind.LABELS, DAY, {"churn": 3_000})
    assert (rows_in(url, "label_keys"), rows_in(url, "open_labels"), rows_in(url, "labels")) == (3_000, 0, 3_000)
    for kind in (Kind.LABELS, Kind.PREDICTIONS):
        tier.drop_day(kind, DAY, {MONITOR: 3_000})
    assert all(rows_in(url, table) == 0 for table in ("label_keys", "open_labels", "joins", "predictions", "hours"))


def rows_in(url: str, table: str) -> int:
    with psycopg.connect(url) as other:
        [[rows]] = other.execute(f"SELECT count(*) FROM infranaut.{table}").fetchall()
    return int(rows)


def test_labels_are_joined_while_their_predictions_days_are_dropped(url: str, tier: PostgresWarm) -> None:
    """Whatever comes first, a label is joined or open, and the counts are right."""
    names = [f"p{number}" for number in range(200)]
    days = [DAY_S * number for number in range(5)]
    claim = tier.claim(ORIGIN)
    for offset in days:
        some = [f"{name}-{offset}" for name in names]
        entries = a_stream(predictions(some, START_S + offset), labels(some), first=claim.next_sequence)
        claim = tier.land(claim, entries).claim

    def drop() -> None:
        other = opened(url)
        for offset in days[:-1]:
            day = datetime.fromtimestamp(START_S + offset, UTC).date()
            wait_until(lambda day=day: is_dropped(other, day), DEADLINE_S, f"{day} dropped")  # type: ignore[misc]
        other.close()

    def join() -> None:
        other = opened(url)
        for _ in range(60):
            other.join_labels([ORIGIN], 0, 20)
        other.close()

    at_once(drop, join)
    while len(tier.join_labels([ORIGIN], 0, 100)):
        pass
    assert rows_in(url, "joins") == 200
    assert rows_in(url, "open_labels") == 800
    assert [hour.labelled for hour in tier.hours() if hour.kind is Kind.PREDICTIONS] == [200]


def is_dropped(warm: PostgresWarm, day: date) -> bool:
    try:
        warm.drop_day(Kind.PREDICTIONS, day, {MONITOR: 200})
    except RetryLater:
        return False
    return True


def test_people_find_a_feature_by_its_name(url: str, tier: PostgresWarm) -> None:
    older, newer = predictions(["a"], age=1.0, region="north"), predictions(["b"], region="south", income=5.0, age=2.0)
    tier.land(tier.claim(ORIGIN), a_stream(older, newer, an_entry(predictions(["c"], age=3.0), "churn")))
    query = """
        SELECT p.id, p.numbers[f.position] FROM infranaut.predictions p
        JOIN infranaut.names m ON m.id = p.monitor JOIN infranaut.features f ON f.layout = p.layout
        WHERE m.name = 'credit' AND f.name = 'age' ORDER BY p.id
    """
    with psycopg.connect(url) as other:
        assert other.execute(query).fetchall() == [("a", 1.0), ("b", 2.0)]


def test_rows_that_come_back_from_parquet_are_restored(tier: PostgresWarm) -> None:
    """With dictionaries, large text and times in nanoseconds."""
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a", "b"], region=["north", None], model_version="1", age=2.5)))
    before = plain(tier.read(Kind.PREDICTIONS, MONITOR, EVER))
    [batch] = tier.read(Kind.PREDICTIONS, MONITOR, EVER)
    types = {
        **dict.fromkeys(("region", "source", "origin"), pa.dictionary(pa.int32(), pa.string())),
        **dict.fromkeys(("id", "model_version"), pa.large_string()),
        **dict.fromkeys(("time", "received_at"), pa.timestamp("ns", tz="UTC")),
    }
    columns = {name: batch.column(name).cast(types.get(name, batch.column(name).type)) for name in batch.schema.names}
    tier.drop_day(Kind.PREDICTIONS, DAY, {MONITOR: 2})
    assert tier.restore(Kind.PREDICTIONS, MONITOR, [pa.RecordBatch.from_pydict(columns)]) == 2
    assert plain(tier.read(Kind.PREDICTIONS, MONITOR, EVER)) == before


def test_columns_that_rows_of_a_kind_never_have_are_null(tier: PostgresWarm) -> None:
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"], age=1.0)))
    [batch] = tier.read(Kind.PREDICTIONS, MONITOR, EVER, ["id", "label_time", "reason", "age", "income"])
    assert batch.to_pylist() == [{"id": "a", "label_time": None, "reason": None, "age": 1.0, "income": None}]


def test_ids_that_are_too_long_for_an_index_are_known_and_found(tier: PostgresWarm) -> None:
    """Random ones, which cannot be compressed; the two long ones differ in their last character."""
    random = secrets.token_hex(4_000)
    names = [random + "a", random + "b", random[:512], random[:513]]
    claim = tier.land(tier.claim(ORIGIN), a_stream(predictions(names), labels(names))).claim
    assert tier.land(claim, a_stream(predictions(names), labels(names), first=claim.next_sequence)).rows == {}
    assert stored_ids(tier) == sorted(names)
    assert ids(tier.find(Kind.PREDICTIONS, MONITOR, names[:1])) == names[:1]
    assert ids(tier.join_labels([ORIGIN], 0, 10)) == sorted(names)
