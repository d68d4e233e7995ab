"""Brings the tables of a PostgreSQL database to this version's form: numbered SQL files, each applied once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from exporter.archive.warm.postgres_connection import PatientConnection, PostgresLink
from exporter.errors import InvalidSettings

_LOCK = 0x696E667261000001  # "infra", 1: one migration at a time
_BOOK = """
CREATE SCHEMA IF NOT EXISTS infranaut;
CREATE TABLE IF NOT EXISTS infranaut.migrations (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, name and text."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def known_migrations() -> list[Migration]:
    """Those that this version ships, in order."""
    folder = files("exporter.archive.warm").joinpath("migrations")
    found = sorted((path for path in folder.iterdir() if path.name.endswith(".sql")), key=lambda path: path.name)
    return [Migration(int(path.name[:4]), path.name, path.read_text(encoding="utf-8")) for path in found]


def migrate(link: PostgresLink, known: list[Migration]) -> None:
    """Applies what has not been applied, all in one transaction; others wait for it. Again: no effect.

    InvalidSettings when the database is of a newer version, or was made by files of other content.
    """
    if link.run(lambda connection: _applied(connection) == _content(known)):
        return

    def apply(connection: PatientConnection) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(_BOOK)
        applied = _applied(connection)
        _check(applied, known, link.place)
        for migration in known:
            if migration.number not in applied:
                connection.execute(migration.sql)
                connection.execute(
                    "INSERT INTO infranaut.migrations (number, name, sha256) VALUES (%s, %s, %s)",
                    [migration.number, migration.name, migration.sha256],
                )

    link.run(apply)


def _applied(connection: PatientConnection) -> dict[int, str]:
    row = connection.execute("SELECT to_regclass('infranaut.migrations') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return {}
    return dict(connection.execute("SELECT number, sha256 FROM infranaut.migrations ORDER BY number").fetchall())


def _content(migrations: list[Migration]) -> dict[int, str]:
    return {migration.number: migration.sha256 for migration in migrations}


def _check(applied: dict[int, str], known: list[Migration], place: str) -> None:
    content = _content(known)
    newest = max(content)
    if applied and max(applied) > newest:
        raise InvalidSettings(
            f"PostgreSQL at {place}: its tables are of version {max(applied)}, this Infranaut knows versions up to"
            f" {newest}; upgrade Infranaut"
        )
    for number, sha256 in applied.items():
        if content.get(number) != sha256:
            raise InvalidSettings(
                f"PostgreSQL at {place}: migration {number:04d} was applied with another content than this"
                " Infranaut's; use another database, or the Infranaut that made it"
            )
