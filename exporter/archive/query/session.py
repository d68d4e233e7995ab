"""Answers SQL over the archive, with bounded memory and without a way to reach or to change anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from exporter.archive.entry import Kind
from exporter.archive.query.hours import HoursOf, Rowset
from exporter.archive.query.mistakes import in_words
from exporter.archive.query.tier_rows import TierReader, TierRows
from exporter.archive.query.views import LABELS_OF_LABELLED, table_name, tables
from exporter.archive.warm.tier import Span
from exporter.errors import InfranautError, InvalidQuery

BATCH_ROWS = 10_000

_AT_THE_START: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "preserve_insertion_order": "false",
}
_LOCKS = ("SET enable_external_access = false", "SET lock_configuration = true")
_READS = {"SELECT", "EXPLAIN"}
_INTERRUPTED = "Query interrupted"
"""What DuckDB makes of a Ctrl-C."""
_SPILL_FACTOR = 10
_EARLY_LABELS_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one SELECT, as they are computed.

    batches : raises InvalidQuery, RetryLater when a tier is away, and LateRows when rows were moved meanwhile.
    """

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


class QuerySession:
    """One connection of one thread. Everything that SQL reads is read in that thread.

    span          : rows outside of it are not there.
    labels_late_s : by monitor, how much later the labels may be that `NAME.labelled` joins.
    spill         : a folder for what does not fit into memory, at most ten times as much.
    """

    def __init__(
        self,
        hours: HoursOf,
        schemas: Mapping[Rowset, pa.Schema],
        reader: TierReader,
        *,
        memory_bytes: int,
        spill: Path,
        span: Span | None = None,
        labels_late_s: Mapping[str, float] | None = None,
    ) -> None:
        self.tables = tables(hours, schemas, _source)
        self._failures: list[InfranautError] = []
        self._connection = duckdb.connect(":memory:", config={**_AT_THE_START, **_limits(memory_bytes, spill)})
        self._connection.execute("SET TimeZone = 'UTC'")
        for rowset, schema in schemas.items():
            spans = {_source(rowset): span}
            if rowset[1] == Kind.LABELS:
                spans[f"{_source(rowset)} {LABELS_OF_LABELLED}"] = _later(span, (labels_late_s or {}).get(rowset[0]))
            for name, within in spans.items():
                rows = TierRows(rowset, hours.get(rowset, ()), schema, reader, self._failures, within)
                self._connection.register(name, rows)
        for statement in (*(table.statement for table in self.tables), *_LOCKS):
            self._connection.execute(statement)

    def run(self, sql: str) -> Answer:
        """Begins to answer; InvalidQuery when it is no single SELECT over these tables."""
        self._require_one_select(sql)
        with self._told(sql):
            result = self._connection.sql(sql).to_arrow_reader(BATCH_ROWS)
        return Answer(result.schema, self._batches(result, sql))

    def close(self) -> None:
        self._connection.close()

    def _require_one_select(self, sql: str) -> None:
        with self._told(sql):
            kinds = [statement.type.name for statement in self._connection.extract_statements(sql)]
        if len(kinds) != 1:
            raise InvalidQuery(f"{len(kinds)} statements, expected one SELECT" if kinds else "empty, expected a SELECT")
        if kinds[0] not in _READS:
            raise InvalidQuery(f"a query only reads: got a statement of the kind {kinds[0]}, expected a SELECT")

    def _batches(self, result: Any, sql: str) -> Iterator[pa.RecordBatch]:
        with self._told(sql):
            yield from result

    @contextmanager
    def _told(self, sql: str) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            if str(error) == _INTERRUPTED:
                raise KeyboardInterrupt from error
            raise
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            if self._failures:
                raise self._failures[0] from error
            raise InvalidQuery(in_words(error, sql, self.tables)) from error


def _source(rowset: Rowset) -> str:
    return f"rows of {table_name(rowset)}"


def _later(span: Span | None, late_s: float | None) -> Span | None:
    """Labels may come before their prediction, by as much as a delivery takes, or later than it."""
    if span is None or late_s is None:
        return None
    return Span(span.start - _EARLY_LABELS_S, span.end + late_s)


def _limits(memory_bytes: int, spill: Path) -> dict[str, str]:
    return {
        "memory_limit": f"{memory_bytes}B",
        "temp_directory": str(spill),
        "max_temp_directory_size": f"{_SPILL_FACTOR * memory_bytes}B",
    }
