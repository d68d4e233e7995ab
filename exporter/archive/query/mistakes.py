"""What DuckDB refuses, in words that name the archive's own tables and columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from exporter.archive.query.views import QueryTable
from exporter.monitor.suggestion import did_you_mean

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_NO_TABLE = re.compile(r'Table with name "?(?P<name>.+?)"? does not exist')
_NO_COLUMN = re.compile(
    r'Referenced column "(?P<name>.+?)" (?:was )?not found|does not have a column named "(?P<other>.+?)"'
)
_MANY = 12


def in_words(error: Exception, sql: str, tables: Sequence[QueryTable]) -> str:
    """What is wrong, and what was probably meant."""
    message = str(error).removeprefix("IOError: ").strip()
    for words in _WORDS:
        if told := words(message, sql, tables):
            return told
    kind, _, rest = message.partition(": ")
    return rest if kind.endswith("Error") and rest else message


def _unquoted(_message: str, sql: str, tables: Sequence[QueryTable]) -> str | None:
    """A table with a dash or a dot in its name, written without quotes, is taken for something else."""
    outside = _QUOTED.sub(" ", sql)
    for table in sorted(tables, key=lambda table: -len(table.name)):
        is_plain = table.name.replace("_", "").isalnum()
        if not is_plain and re.search(rf"(?<![\w.-]){re.escape(table.name)}(?![\w.-])", outside, re.IGNORECASE):
            return f'the name {table.name} stands in double quotes: FROM "{table.name}"'
    return None


def _no_table(message: str, _sql: str, tables: Sequence[QueryTable]) -> str | None:
    if not (found := _NO_TABLE.search(message)):
        return None
    names = [table.name for table in tables]
    hint = did_you_mean(found["name"], names) or f"; there are {_some(names)}"
    return f"there is no table {found['name']!r}{hint}"


def _no_column(message: str, sql: str, tables: Sequence[QueryTable]) -> str | None:
    if not (found := _NO_COLUMN.search(message)):
        return None
    name = found["name"] or found["other"]
    named = [table for table in tables if table.name.casefold() in sql.casefold()]
    columns = list(dict.fromkeys(column for table in named or tables for column in table.columns))
    return f"there is no column {name!r}{did_you_mean(name, columns) or f'; there are {_some(columns)}'}"


def _no_access(message: str, _sql: str, _tables: Sequence[QueryTable]) -> str | None:
    if not message.startswith("Permission Error"):
        return None
    return "a query reads the tables of the archive and nothing else: no files, no addresses, no extensions"


def _no_memory(message: str, _sql: str, _tables: Sequence[QueryTable]) -> str | None:
    if not message.startswith("Out of Memory Error"):
        return None
    return (
        "needs more memory than it may have; raise --memory-limit, ask for fewer columns or a shorter time, "
        "or leave ORDER BY and GROUP BY over many values out"
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MANY]) or "none"
    return f"{shown}, …" if len(names) > _MANY else shown


_WORDS: tuple[Callable[[str, str, Sequence[QueryTable]], str | None], ...] = (
    _no_access,
    _no_memory,
    _unquoted,
    _no_table,
    _no_column,
)
