"""A DuckDB connection that can compute, and reach nothing outside itself."""

from __future__ import annotations

from typing import Any

import duckdb

MEMORY_LIMIT = "256MB"

_AT_THE_START: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": MEMORY_LIMIT,
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}
_LOCKS = (
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def open_connection() -> Any:
    """In memory, one thread; no files, network, extensions or Python variables; SQL cannot undo any of it."""
    connection = duckdb.connect(":memory:", config=_AT_THE_START)
    for statement in _LOCKS:
        connection.execute(statement)
    return connection
