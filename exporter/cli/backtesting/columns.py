"""What a file calls its columns, for whoever is told that one is not there."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from exporter.cli.replaying.rows import ArrowRows, CsvRows, JsonRows, Rows

_MOST_NAMED = 30
_MOST_LINES = 100


def columns_of(rows: Rows) -> list[str]:
    """Their names; of NDJSON the keys of the first lines."""
    if isinstance(rows, ArrowRows):
        return list(rows.columns.schema.names)
    if isinstance(rows, CsvRows):
        return list(rows.header)
    lines = rows.lines[:_MOST_LINES] if isinstance(rows, JsonRows) else []
    return list(dict.fromkeys(name for line in lines for name in _keys(line)))


def columns_text(columns: Iterable[str]) -> str:
    """`; the file has 'a', 'b'`, or nothing where that is not known."""
    names = list(columns)
    shown = ", ".join(map(repr, names[:_MOST_NAMED]))
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"; the file has {shown}{more}" if names else ""


def _keys(line: bytes) -> list[str]:
    try:
        return list(msgspec.json.decode(line, type=dict[str, msgspec.Raw]))
    except msgspec.DecodeError:
        return []
