"""What an error of PostgreSQL means to the caller: come again later, mend the settings, or set the rows aside."""

from __future__ import annotations

import re

import psycopg

from exporter.archive.address import masked
from exporter.errors import CorruptEntry, InfranautError, InvalidSettings, RetryLater, ServiceFailed

_SETTINGS = {
    "28P01": "give the right password in the address, in PGPASSWORD or in ~/.pgpass",
    "28000": "let this user in (pg_hba.conf), or give another user in the address",
    "3D000": "create the database, or name another in the address",
    "42501": "grant the privilege, or use the user who owns the schema infranaut",
    "3F000": "create the tables: they are made when the exporter starts",
    "42P01": "create the tables: they are made when the exporter starts",
    "42703": "its tables are of another version of Infranaut: start the exporter of this version once",
}
"""SQLSTATE → what to do; errors that never go away by themselves."""

_REFUSALS = (
    (re.compile(r"password authentication failed|no password supplied|fe_sendauth"), "28P01"),
    (
        re.compile(r"pg_hba\.conf|is not permitted to log in|role \".*\" does not exist|authentication"),
        "28000",
    ),
    (re.compile(r"database \".*\" does not exist"), "3D000"),
    (re.compile(r"permission denied"), "42501"),
)
"""A refused connection carries no SQLSTATE, only the server's words."""

_STATEMENT = re.compile(r"\nLINE \d+:.*\n *\^")
"""What psycopg adds to the server's words: where in a statement of ours it stumbled."""

_STATES_LATER = {
    "25006": "it is read-only, as a standby is: give the address of the primary",
    "53100": "its disk is full",
    "53300": "it has no connection left",
    "55P03": "somebody holds a lock",
    "57014": "the statement took too long",
    "57P01": "it is shutting down",
    "57P03": "it is starting up or shutting down",
}
_CLASSES_LATER = ("08", "40", "53", "55", "57", "58")
_CLASSES_OF_DATA = ("22", "54")


def told(error: psycopg.Error, place: str) -> InfranautError:
    """The error that says what the caller should do; `place` names the database."""
    words = " ".join(_STATEMENT.sub("", masked(str(error))).split()) or type(error).__name__
    state = error.sqlstate or _state_of_refusal(words)
    if state in _SETTINGS:
        return InvalidSettings(f"PostgreSQL at {place}: {words}; {_SETTINGS[state]}")
    if state is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return RetryLater(f"PostgreSQL at {place} is away: {words}")
    if state is None:
        return ServiceFailed(f"PostgreSQL at {place}: {words}")
    if state in _STATES_LATER or state.startswith(_CLASSES_LATER):
        return RetryLater(f"PostgreSQL at {place}: {_STATES_LATER.get(state, 'come again later')} ({words})")
    if state.startswith(_CLASSES_OF_DATA):
        return CorruptEntry(f"PostgreSQL at {place} cannot hold these rows: {words} (SQLSTATE {state})")
    return ServiceFailed(f"PostgreSQL at {place}: {words} (SQLSTATE {state})")


def _state_of_refusal(words: str) -> str | None:
    return next((state for pattern, state in _REFUSALS if pattern.search(words)), None)
