"""Writes the one query that computes all expressions of a monitor.

Each expression runs inside `TRY({'v': CAST(… AS T)})`: where it fails for a row, that row's struct is null; where its
value is null, the struct is there and `v` is null. Derived features that refer to derived features stand in queries
around those that they refer to, so that nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.derive.expressions import Expression, Result
from exporter.derive.syntax import parenthesised, quoted, select

_RESULT_TYPES: dict[Result, str] = {"number": "DOUBLE", "category": "VARCHAR", "rule": "BOOLEAN"}


def build_query(expressions: Sequence[Expression], wanted: Iterable[int]) -> str:
    """A query over the table `batch`; for each expression that is wanted, the columns that its functions below name."""
    levels = _levels(expressions)
    query = "batch"
    for level in range(max(levels) + 1):
        at_level = [index for index, own in enumerate(levels) if own == level]
        query = f"({select(['*', *(_struct(index, expressions[index]) for index in at_level)], query)})"
        named = [index for index in at_level if expressions[index].result != "rule"]
        if named and level < max(levels):
            values = [f"{_column(index)}.v AS {quoted(expressions[index].name)}" for index in named]
            query = f"({select(['*', *values], query)})"
    return select([column for index in wanted for column in _outputs(index, expressions[index])], query)


def value_column(index: int) -> str:
    """A feature's values: DOUBLE with NaN where there is none, or VARCHAR with nulls."""
    return f"value{index}"


def failed_column(index: int) -> str:
    """BOOLEAN, where a feature could not be computed."""
    return f"failed{index}"


def broken_column(index: int) -> str:
    """BOOLEAN, where a rule is false or could not be computed."""
    return f"broken{index}"


def _outputs(index: int, expression: Expression) -> list[str]:
    struct = _column(index)
    if expression.result == "rule":
        return [f"{struct} IS NULL OR NOT coalesce({struct}.v, true) AS {broken_column(index)}"]
    value = f"coalesce({struct}.v, 'nan'::DOUBLE)" if expression.result == "number" else f"{struct}.v"
    return [f"{value} AS {value_column(index)}", f"{struct} IS NULL AS {failed_column(index)}"]


def _levels(expressions: Sequence[Expression]) -> list[int]:
    """0 for an expression over the payload, one more than the highest that it refers to for any other."""
    by_feature: dict[str, int] = {}
    levels = []
    for expression in expressions:
        level = max((by_feature[name] + 1 for name in expression.derived), default=0)
        levels.append(level)
        if expression.result != "rule":
            by_feature[expression.name] = level
    return levels


def _struct(index: int, expression: Expression) -> str:
    cast = f"CAST({parenthesised(expression.sql)} AS {_RESULT_TYPES[expression.result]})"
    return f"TRY({{'v': {cast}}}) AS {_column(index)}"


def _column(index: int) -> str:
    return quoted(f"#{index}")
