"""The tables of the warm tier's file, and how an older file is brought to this version's form."""

from __future__ import annotations

import sqlite3

_ROWS = """
create table offsets (
  origin text primary key, epoch integer not null, next_sequence integer not null
) without rowid;

-- Rows of a monitor and kind on one UTC day (days since 1970), numbered from 0 as they came; `rows` is the next number.
create table partitions (
  partition integer primary key autoincrement, monitor text not null, kind text not null, day integer not null,
  rows integer not null, unique (kind, monitor, day)
);

create table layouts (layout integer primary key, body blob not null unique);

-- Consecutive rows of a partition, as a compressed Arrow stream; times in microseconds.
create table chunks (
  chunk integer primary key autoincrement, partition integer not null, first_row integer not null,
  rows integer not null, layout integer not null, first_time integer not null, last_time integer not null,
  body blob not null
);
create unique index chunks_in_order on chunks (partition, first_row);

-- Sorted keys with what belongs to them, cut into pages; `fences` holds the first key of each page.
create table runs (
  run integer primary key autoincrement, partition integer not null, purpose text not null,
  rows integer not null, first_page integer not null, fences blob not null
);
create index runs_in_order on runs (partition, purpose, run);
create table pages (page integer primary key, body blob not null);

create table hours (
  monitor text not null, kind text not null, start integer not null,
  rows integer not null, labelled integer not null, primary key (monitor, kind, start)
) without rowid;

-- Labels without a prediction; those of runs up to `searched` they are known not to be among.
create table waiting (
  waiting integer primary key, monitor text not null, partition integer not null, origin text not null,
  last_time integer not null, searched integer not null, rows integer not null
);
create table waiting_bodies (waiting integer primary key, body blob not null);
create index waiting_by_origin on waiting (origin, monitor, last_time);
create index waiting_by_partition on waiting (partition);
"""

_LEDGER = """
create table cold_files (
  name text primary key, monitor text not null, kind text not null, hour integer not null, origin text not null,
  first_sequence integer not null, last_sequence integer not null, rows integer not null, digest text not null,
  size_bytes integer not null, sha256 text not null, created_at real not null, expires_at real not null,
  is_held integer not null
) without rowid;

create table profiles (
  monitor text not null, model_version text not null, segment text not null, start integer not null,
  "end" integer not null, revision integer not null, rows integer not null, labelled integer not null,
  payload blob not null, primary key (monitor, start, "end", model_version, segment)
);

create table measurements (
  monitor text not null, model_version text not null, segment text not null, feature text not null,
  measure text not null, start integer not null, "end" integer not null, revision integer not null,
  value real, observations integer not null,
  primary key (monitor, start, "end", model_version, segment, feature, measure)
) without rowid;

create table audit (number integer primary key autoincrement, at real not null, actor text not null,
  action text not null, detail text not null);
create index audit_by_time on audit (at, number);
create trigger audit_is_kept before delete on audit begin select raise(abort, 'audit events are kept'); end;
create trigger audit_is_not_rewritten before update on audit begin select raise(abort, 'audit events are kept'); end;
"""

_SECRETS = """
create table secrets (name text primary key, value integer not null) without rowid;
insert into secrets values ('hash_seed', random());
"""

_AUDIT_BY_ACTION = """
create index audit_by_action on audit (action, at);
"""

STEPS = ("\n".join((_SECRETS, _ROWS, _LEDGER)), _AUDIT_BY_ACTION)
"""From version 0 (an empty file) on, the SQL that makes of each version the next; what has been released stays."""

VERSION = len(STEPS)


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Does, within the caller's transaction, the steps that the file has not seen."""
    version = connection.execute("pragma user_version").fetchone()[0]
    for step in STEPS[version:]:
        for statement in _statements(step):
            connection.execute(statement)
    connection.execute(f"pragma user_version = {VERSION}")


def _statements(script: str) -> list[str]:
    """`executescript` would commit first."""
    statements, current = [], ""
    for line in script.splitlines():
        current += line + "\n"
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
