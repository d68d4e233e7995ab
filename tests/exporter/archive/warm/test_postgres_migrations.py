"""How the tables come to be, once, whoever starts first."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator

import psycopg
import pytest

from exporter.archive.entry import Kind
from exporter.archive.warm.postgres import open_postgres
from exporter.archive.warm.postgres_connection import PostgresLink
from exporter.archive.warm.postgres_migrations import Migration, known_migrations, migrate
from exporter.errors import InvalidSettings
from tests.support.archives import EVER, MONITOR, predictions
from tests.support.clocks import MovedClock
from tests.support.landed import everything, land

APPLIED = "SELECT number, name, sha256 FROM infranaut.migrations ORDER BY number"


@pytest.fixture
def link(url: str) -> Iterator[PostgresLink]:
    opened = PostgresLink(url)
    yield opened
    opened.close()


def asked(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_migrations_are_numbered_without_gaps() -> None:
    known = known_migrations()
    assert [migration.number for migration in known] == list(range(1, len(known) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z_]+\.sql", migration.name) for migration in known)


def test_an_empty_database_gets_every_migration_once(url: str, link: PostgresLink) -> None:
    migrate(link, known_migrations())
    applied = asked(url, APPLIED)
    assert applied == [
        (migration.number, migration.name, hashlib.sha256(migration.sql.encode()).hexdigest())
        for migration in known_migrations()
    ]
    migrate(link, known_migrations())
    assert asked(url, APPLIED) == applied


def test_a_database_of_an_older_version_gets_what_is_new(url: str, link: PostgresLink) -> None:
    migrate(link, known_migrations())
    newer = Migration(len(known_migrations()) + 1, "0099_more.sql", "CREATE TABLE infranaut.more (n integer)")
    migrate(link, [*known_migrations(), newer])
    assert asked(url, "SELECT * FROM infranaut.more") == []
    assert len(asked(url, APPLIED)) == len(known_migrations()) + 1


def test_a_database_of_a_newer_version_is_refused(url: str, link: PostgresLink) -> None:
    migrate(link, known_migrations())
    with psycopg.connect(url) as other:
        other.execute("INSERT INTO infranaut.migrations (number, name, sha256) VALUES (77, '0077_x.sql', 'x')")
    with pytest.raises(InvalidSettings, match=r"are of version 77.*upgrade Infranaut"):
        migrate(link, known_migrations())


def test_a_migration_of_other_content_is_refused(url: str, link: PostgresLink) -> None:
    migrate(link, known_migrations())
    with psycopg.connect(url) as other:
        other.execute("UPDATE infranaut.migrations SET sha256 = 'other'")
    with pytest.raises(InvalidSettings, match="another content"):
        migrate(link, known_migrations())


def test_a_migration_that_fails_leaves_nothing_behind(url: str, link: PostgresLink) -> None:
    broken = Migration(
        len(known_migrations()) + 1, "0099_broken.sql", "CREATE TABLE infranaut.half (n integer); SELECT 1/0"
    )
    with pytest.raises(Exception, match="division by zero"):
        migrate(link, [*known_migrations(), broken])
    assert asked(url, "SELECT to_regclass('infranaut.half'), to_regclass('infranaut.migrations')") == [(None, None)]


def test_exporters_that_start_at_once_migrate_once(url: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        tier = open_postgres(url, None, MovedClock())[0]
        try:
            tier.migrate()
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)
        tier.close()

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(asked(url, APPLIED)) == len(known_migrations())


def test_rows_of_before_a_column_came_are_read_beside_new_ones(url: str) -> None:
    """Landed, then taken back to the tables of the first version, whose rows and partitions had no such column."""
    tier = open_postgres(url, None, MovedClock())[0]
    tier.migrate()
    land(tier, predictions(["old", "older"], age=[1.0, None]))
    tier.close()
    with psycopg.connect(url) as other:
        other.execute("ALTER TABLE infranaut.predictions DROP COLUMN unusable")
        other.execute("DROP INDEX infranaut.audit_by_action")
        other.execute("DELETE FROM infranaut.migrations WHERE number > 1")
    newer = open_postgres(url, None, MovedClock())[0]
    with pytest.raises(InvalidSettings, match="tables are of another version"):
        list(newer.read(Kind.PREDICTIONS, MONITOR, EVER))
    newer.migrate()
    land(newer, predictions(["new", "old"], age=[None, 9.0], unusable=['["age"]', None]))
    found = {row["id"]: (row.get("age"), row.get("unusable")) for row in everything(newer)}
    assert found == {"old": (1.0, None), "older": (None, None), "new": (None, '["age"]')}
    newer.close()


def test_the_audit_is_append_only(url: str, link: PostgresLink) -> None:
    migrate(link, known_migrations())
    link.run(
        lambda connection: connection.execute(
            "INSERT INTO infranaut.audit (at, actor, action, detail) VALUES (1, 'anna', 'hold', '{}')"
        )
    )
    for change in ("UPDATE infranaut.audit SET actor = 'x'", "DELETE FROM infranaut.audit", "TRUNCATE infranaut.audit"):
        with psycopg.connect(url) as other, pytest.raises(psycopg.Error, match="append-only"):
            other.execute(change)
    assert asked(url, "SELECT actor FROM infranaut.audit") == [("anna",)]


def test_a_duty_is_free_again_when_the_connection_is_lost(url: str) -> None:
    (first_tier, first), (second_tier, second) = (open_postgres(url, None, MovedClock()) for _ in range(2))
    assert first.elect("move")
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    assert second.elect("move")
    with pytest.raises(Exception, match=r"shutting down|away"):
        first.elect("move")
    assert not first.elect("move")
    second_tier.close()
    first_tier.close()
