"""What a database that cannot be used is told as: to come again later, or what to mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from exporter.archive.entry import Kind
from exporter.archive.ledger import AuditEvent
from exporter.archive.warm.postgres import PostgresWarm, open_postgres
from exporter.errors import InvalidSettings, RetryLater
from tests.support.archives import EVER, MONITOR, ORIGIN, a_stream, ids, predictions
from tests.support.clocks import MovedClock
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.postgres import RunningPostgres, postgres

DEADLINE_S = 30
SECRET = "open-sesame"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningPostgres]:
    with postgres() as running:
        with psycopg.connect(running.url(), autocommit=True) as admin:
            admin.execute(f"CREATE ROLE stranger LOGIN PASSWORD '{SECRET}'")
            admin.execute("CREATE ROLE guest LOGIN")
            admin.execute("ALTER SYSTEM SET log_min_messages = warning")
        running.admit("host all stranger 127.0.0.1/32 scram-sha-256")
        running.admit("host all unwelcome 127.0.0.1/32 reject")
        yield running


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def a_tier(opened: ExitStack, url: str, replica: str | None = None, patience_s: float = 5) -> PostgresWarm:
    tier = open_postgres(url, replica, MovedClock(), patience_s)[0]
    opened.callback(tier.close)
    return tier


def test_nobody_at_the_address_is_told_as_away(opened: ExitStack) -> None:
    tier = a_tier(opened, f"postgresql://somebody@127.0.0.1:{free_port()}/infranaut")
    with pytest.raises(RetryLater, match=r"127\.0\.0\.1:\d+/infranaut is away"):
        tier.claim(ORIGIN)


def test_a_host_that_does_not_exist_is_told_as_away(opened: ExitStack) -> None:
    with pytest.raises(RetryLater, match=r"database\.invalid:5432/infranaut is away"):
        a_tier(opened, "postgresql://somebody@database.invalid/infranaut").migrate()


def test_a_database_that_does_not_exist_is_told(server: RunningPostgres, opened: ExitStack) -> None:
    with pytest.raises(InvalidSettings, match="create the database"):
        a_tier(opened, server.url("nowhere")).migrate()


@pytest.mark.parametrize("password", [":wrong", ""], ids=["wrong", "absent"])
def test_a_wrong_password_is_told_and_not_shown(server: RunningPostgres, opened: ExitStack, password: str) -> None:
    url = server.url().replace("postgres@", f"stranger{password}@")
    with pytest.raises(InvalidSettings, match="password") as told:
        a_tier(opened, url).migrate()
    assert "wrong" not in str(told.value)


def test_a_user_who_does_not_exist_is_told(server: RunningPostgres, opened: ExitStack) -> None:
    with pytest.raises(InvalidSettings, match="give another user"):
        a_tier(opened, server.url(user="nobody")).migrate()


def test_a_user_who_is_not_let_in_is_told(server: RunningPostgres, opened: ExitStack) -> None:
    with pytest.raises(InvalidSettings, match=r"pg_hba\.conf"):
        a_tier(opened, server.url(user="unwelcome")).migrate()


def test_a_missing_privilege_is_told(server: RunningPostgres, opened: ExitStack) -> None:
    url = server.new_database()
    with pytest.raises(InvalidSettings, match="grant the privilege"):
        a_tier(opened, url.replace("postgres@", "guest@")).migrate()
    a_tier(opened, url).migrate()
    with pytest.raises(InvalidSettings, match="grant the privilege"):
        a_tier(opened, url.replace("postgres@", "guest@")).hours()


def test_tables_that_are_missing_are_told(server: RunningPostgres, opened: ExitStack) -> None:
    with pytest.raises(InvalidSettings, match="create the tables"):
        a_tier(opened, server.new_database()).hours()


@pytest.mark.parametrize(
    "url", ["postgresql://somebody:open-sesame@host:port/x", "postgresql://host/x?colour=red", "x y"]
)
def test_an_address_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(InvalidSettings, match="is no address of PostgreSQL") as told:
        open_postgres(url, None, MovedClock())
    assert SECRET not in str(told.value)


def test_a_database_that_is_read_only_is_told(server: RunningPostgres, opened: ExitStack) -> None:
    with postgres(primary=server.port) as standby:
        tier = a_tier(opened, standby.url())
        with pytest.raises(RetryLater, match="give the address of the primary"):
            tier.migrate()


def test_a_server_without_a_free_connection_is_told_and_used_again(server: RunningPostgres, opened: ExitStack) -> None:
    url = server.new_database()
    a_tier(opened, url).migrate()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("ALTER ROLE guest CONNECTION LIMIT 1")
        admin.execute("GRANT ALL ON SCHEMA infranaut TO guest")
        admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA infranaut TO guest")
    tier = a_tier(opened, url.replace("postgres@", "guest@"))
    with (
        psycopg.connect(url.replace("postgres@", "guest@")),
        pytest.raises(RetryLater, match="too many connections"),
    ):
        tier.claim(ORIGIN)
    wait_until(lambda: claims(tier), DEADLINE_S, "a claim after the other connection has gone")


def claims(tier: PostgresWarm) -> bool:
    try:
        return tier.claim(ORIGIN).origin == ORIGIN
    except RetryLater:
        return False


def test_a_server_that_shuts_down_is_told_and_used_again(opened: ExitStack) -> None:
    with postgres() as server:
        tier = a_tier(opened, server.url())
        tier.migrate()
        claim = tier.claim(ORIGIN)
        server.stop()
        with pytest.raises(RetryLater):
            tier.land(claim, a_stream(predictions(["a"])))
        with pytest.raises(RetryLater, match="away"):
            tier.hours()
        server.start()
        tier.land(claim, a_stream(predictions(["a"])))
        assert len(tier.hours()) == 1


def test_connections_tell_who_they_are_and_count_days_in_utc(server: RunningPostgres, opened: ExitStack) -> None:
    url = server.new_database()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET timezone = 'Asia/Tokyo'")
    tier = a_tier(opened, url)
    tier.migrate()
    with psycopg.connect(url, autocommit=True) as admin:
        names = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'infranaut'").fetchall()
    assert names != [(0,)]
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"], 1_750_000_000 // 86_400 * 86_400)))
    assert ids(tier.read(Kind.PREDICTIONS, MONITOR, EVER)) == ["a"]


def test_the_replica_answers_until_it_is_away(server: RunningPostgres, opened: ExitStack) -> None:
    url = server.new_database()
    with postgres(primary=server.port) as standby:
        clock = MovedClock()
        tier = open_postgres(url, standby.url(url.rpartition("/")[2]), clock, 2)[0]
        opened.callback(tier.close)
        tier.migrate()
        tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"])))
        wait_until(lambda: tier.hours() if is_there(standby, url) else None, DEADLINE_S, "the row on the standby")
        pause(standby)
        tier.land(tier.claim(ORIGIN), a_stream(predictions(["b"]), first=2))
        assert ids(tier.read(Kind.PREDICTIONS, MONITOR, EVER)) == ["a"]
        standby.stop()
        assert ids(tier.read(Kind.PREDICTIONS, MONITOR, EVER)) == ["a", "b"]
        standby.start()
        assert ids(tier.read(Kind.PREDICTIONS, MONITOR, EVER)) == ["a", "b"]
        pause(standby)
        clock.move(31)
        with psycopg.connect(standby.url(), autocommit=True) as admin:
            admin.execute("SELECT pg_wal_replay_resume()")
        wait_until(lambda: tier.find(Kind.PREDICTIONS, MONITOR, ["b"]), DEADLINE_S, "the new row on the standby")


def test_the_ledger_is_asked_of_the_primary_and_of_the_replica_while_that_is_away(opened: ExitStack) -> None:
    with postgres() as primary, postgres(primary=primary.port) as standby:
        writer, written = open_postgres(primary.url(), None, MovedClock(), 2)
        tier, ledger = open_postgres(primary.url(), standby.url(), MovedClock(), 2)
        for each in (writer, tier):
            opened.callback(each.close)
        writer.migrate()
        written.audit(AuditEvent(1.0, "a person", "test", {}))
        writer.land(writer.claim(ORIGIN), a_stream(predictions(["a"])))
        wait_until(lambda: is_there(standby, primary.url()), DEADLINE_S, "the row on the standby")
        pause(standby)
        written.audit(AuditEvent(2.0, "a person", "test", {}))
        assert [event.at for event in ledger.audit_events(EVER)] == [1.0, 2.0]
        with pytest.raises(RetryLater, match="read-only"):
            ledger.audit(AuditEvent(3.0, "a person", "test", {}))
        primary.stop()
        assert [event.at for event in ledger.audit_events(EVER)] == [1.0]
        assert ids(tier.read(Kind.PREDICTIONS, MONITOR, EVER)) == ["a"]


def is_there(standby: RunningPostgres, url: str) -> bool:
    with psycopg.connect(standby.url(url.rpartition("/")[2])) as admin:
        [[found]] = admin.execute("SELECT to_regclass('infranaut.hours') IS NOT NULL").fetchall()
        return bool(found) and bool(admin.execute("SELECT FROM infranaut.hours").fetchall())


def pause(standby: RunningPostgres) -> None:
    """The standby stays at what it has seen so far."""
    with psycopg.connect(standby.url(), autocommit=True) as admin:
        admin.execute("SELECT pg_wal_replay_pause()")
