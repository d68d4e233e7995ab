"""Reads one SQL expression: that it is one, and which columns it refers to.

DuckDB's own parser does the reading (`json_serialize_sql`), so that what is looked at is what will run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import orjson

_PLACES = frozenset({"query_location", "query_location_length"})
_LONGEST_EXPRESSION = 4000
_UNBOUNDED = frozenset({"range", "generate_series", "repeat", "lpad", "rpad", "list_resize", "array_resize"})
"""Functions whose cost grows with the value of an argument, which one event could choose to take all memory."""


class InvalidExpression(ValueError):
    """Text that is not one expression over the fields of one event; says why."""


def column_names(connection: Any, sql: str) -> list[str]:
    """The columns that an expression refers to, in the order of their appearance; InvalidExpression when it is none."""
    if len(sql) > _LONGEST_EXPRESSION:
        raise InvalidExpression(f"{len(sql)} characters long, expected at most {_LONGEST_EXPRESSION}")
    statement, expression = _parse(connection, sql)
    plain_statement, _ = _parse(connection, "1")
    if statement != plain_statement:
        raise InvalidExpression("expected a single expression, without SELECT, FROM, WHERE or a second column")
    return list(dict.fromkeys(_columns(expression, frozenset())))


def parenthesised(sql: str) -> str:
    """The expression as it stands in a query; the line breaks end a comment in it."""
    return f"(\n{sql}\n)"


def quoted(name: str) -> str:
    """A name as SQL reads it, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


def select(columns: Iterable[str], source: str) -> str:
    """A query over expressions that were read above; nothing else may come in."""
    return " ".join(("SELECT", ", ".join(columns), "FROM", source))


def _parse(connection: Any, sql: str) -> tuple[Any, Any]:
    """The statement around an expression, and the expression itself; equal statements around any two expressions."""
    try:
        rows = connection.execute("SELECT json_serialize_sql(?)", [f"SELECT {parenthesised(sql)}"]).fetchall()
    except duckdb.Error as error:
        raise InvalidExpression(str(error)) from error
    tree = orjson.loads(rows[0][0])
    if tree["error"]:
        raise InvalidExpression(str(tree["error_message"]))
    statement = _without_places(tree["statements"])
    node = statement[0]["node"]
    selected = node.get("select_list", [])
    if len(selected) != 1:
        raise InvalidExpression("expected a single expression")
    return [*statement[1:], {**node, "select_list": []}], selected[0]


def _without_places(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_places(value) for key, value in tree.items() if key not in _PLACES}
    if isinstance(tree, list):
        return [_without_places(item) for item in tree]
    return tree


def _columns(tree: Any, bound: frozenset[str]) -> Iterator[str]:
    """Column names below a node, apart from `bound`: the parameters of a lambda."""
    if isinstance(tree, list):
        for item in tree:
            yield from _columns(item, bound)
    if not isinstance(tree, dict):
        return
    _refuse_what_is_not_scalar(tree)
    if tree.get("class") == "COLUMN_REF":
        yield from _column(tree["column_names"], bound)
    elif tree.get("class") == "LAMBDA":
        yield from _columns(tree["expr"], bound | frozenset(_columns(tree["lhs"], frozenset())))
    else:
        for value in tree.values():
            yield from _columns(value, bound)


def _refuse_what_is_not_scalar(node: dict[str, Any]) -> None:
    kind = node.get("class")
    if kind == "SUBQUERY":
        raise InvalidExpression("a subquery is not allowed; refer to the fields of one event only")
    if kind == "STAR":
        raise InvalidExpression("* and COLUMNS() are not allowed; name each field")
    if kind == "PARAMETER":
        raise InvalidExpression("a parameter ($1, ?) has no value here")
    if kind == "FUNCTION" and node["function_name"].lower() in _UNBOUNDED:
        raise InvalidExpression(f"{node['function_name']}() is not allowed: a value in one event could take all memory")


def _column(parts: list[str], bound: frozenset[str]) -> Iterator[str]:
    if parts[0] in bound:
        return
    if len(parts) > 1:
        raise InvalidExpression(f'unknown table {parts[0]!r}; a field whose name holds a dot stands in quotes: "a.b"')
    yield parts[0]
