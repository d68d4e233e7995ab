"""Runs all expressions of a monitor as one prepared DuckDB query per batch."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from exporter.batch import Batch, Booleans
from exporter.derive.connection import open_connection
from exporter.derive.expressions import Result, read_expressions
from exporter.derive.query import broken_column, build_query, failed_column, value_column
from exporter.derive.scope import SqlColumn, sql_batch
from exporter.errors import InvalidMonitors, Mistake
from exporter.monitor.positions import format_key
from exporter.monitor.spec import Monitor

_log = logging.getLogger(__name__)

FetchedColumns = Mapping[str, Any]
"""NumPy arrays by the names that `exporter.derive.query` gives them."""


@dataclass(slots=True)
class SqlResults:
    """Columns of the derived features; where they failed and which rules are broken, only where a row is."""

    columns: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, Booleans] = field(default_factory=dict)
    broken: dict[str, Booleans] = field(default_factory=dict)


class SqlSession:
    """One connection of one process; made again when DuckDB gives it up."""

    def __init__(self, monitor: Monitor) -> None:
        self._connection = open_connection()
        self._expressions, mistakes = read_expressions(self._connection, monitor)
        if mistakes:
            where = f"monitor {monitor.name}"
            raise InvalidMonitors([Mistake(where, 0, format_key(key), message) for key, message in mistakes])
        used = dict.fromkeys(column for expression in self._expressions for column in expression.columns)
        self._columns: tuple[SqlColumn, ...] = tuple(used)
        self._source = _CurrentBatch()
        self._is_prepared = False

    def run(self, batch: Batch) -> SqlResults:
        """Every expression on every row of the batch."""
        self._source.batch = sql_batch(batch, self._columns)
        every = range(len(self._expressions))
        try:
            return self._results(self._run_all())
        except duckdb.Error as error:
            _log.warning(
                "the query over %d rows failed, trying each expression alone: %s", len(batch), _first_line(error)
            )
            return self._results({name: array for index in every for name, array in self._run_alone(index).items()})

    def close(self) -> None:
        self._connection.close()

    def _run_all(self) -> FetchedColumns:
        if not self._is_prepared:
            query = build_query(self._expressions, range(len(self._expressions)))
            self._connection.register("batch", self._source)
            self._connection.execute(f"PREPARE derive AS {query}")
            self._is_prepared = True
        fetched: FetchedColumns = self._connection.execute("EXECUTE derive").fetchnumpy()
        return fetched

    def _run_alone(self, index: int) -> FetchedColumns:
        """One expression on a new connection; when it fails as a whole, it fails on every row."""
        expression, rows = self._expressions[index], self._source.batch.num_rows
        self._reopen()
        try:
            self._connection.register("batch", self._source)
            fetched: FetchedColumns = self._connection.execute(build_query(self._expressions, [index])).fetchnumpy()
        except duckdb.Error as error:
            _log.warning(
                "%s: could not be computed for %d rows: %s", format_key(expression.key), rows, _first_line(error)
            )
            every_row = np.ones(rows, dtype=np.bool_)
            nothing = np.full(rows, np.nan) if expression.result == "number" else np.full(rows, None)
            fetched = {value_column(index): nothing, failed_column(index): every_row, broken_column(index): every_row}
        self._reopen()
        return fetched

    def _reopen(self) -> None:
        self._connection.close()
        self._connection = open_connection()
        self._is_prepared = False

    def _results(self, fetched: FetchedColumns) -> SqlResults:
        results = SqlResults()
        for index, expression in enumerate(self._expressions):
            if expression.result == "rule":
                _keep_where_true(results.broken, expression.name, fetched[broken_column(index)])
            else:
                results.columns[expression.name] = _arrow(fetched[value_column(index)], expression.result)
                _keep_where_true(results.failed, expression.name, fetched[failed_column(index)])
        return results


class _CurrentBatch:
    """What the prepared query reads: the batch at hand, through Arrow's C interface. The schema never changes."""

    def __init__(self) -> None:
        self.batch: Any = None

    def __arrow_c_schema__(self) -> Any:
        return self.batch.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        reader = pa.RecordBatchReader.from_batches(self.batch.schema, [self.batch])
        return reader.__arrow_c_stream__(requested_schema)


def _arrow(values: Any, kind: Result) -> Any:
    """A column as a batch holds it; DuckDB masks nulls, which only categories have here."""
    if kind == "number":
        return pa.array(values)
    mask = values.mask if isinstance(values, np.ma.MaskedArray) else None
    return pa.array(np.ma.getdata(values), type=pa.string(), mask=mask)


def _keep_where_true(masks: dict[str, Booleans], name: str, mask: Booleans) -> None:
    if mask.any():
        masks[name] = mask


def _first_line(error: Exception) -> str:
    """DuckDB adds a stack trace to some."""
    return str(error).partition("\n")[0]
