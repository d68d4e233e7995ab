"""Adds a monitor's derived features to a batch and tells which rows break its SQL rules.

A monitor without SQL costs nothing: DuckDB is not even imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from exporter.batch import Batch, Booleans
from exporter.monitor.spec import Monitor

if TYPE_CHECKING:
    from exporter.derive.session import SqlSession


@dataclass(frozen=True, slots=True)
class Derived:
    """A batch with its derived columns.

    failed : derived feature → bool[n], rows for which its expression could not be computed (their value is missing);
             only for features with such a row.
    broken : rule → bool[n], rows that break it; only for rules with such a row. A row breaks a rule where the
             condition is false, or could not be computed; where it is null, the row passes.
    """

    batch: Batch
    failed: Mapping[str, Booleans] = field(default_factory=dict)
    broken: Mapping[str, Booleans] = field(default_factory=dict)

    def take(self, keep: Booleans) -> Derived:
        """The rows where `keep` (bool[n]) is true, in order."""
        return Derived(
            self.batch.take(keep),
            {name: mask[keep] for name, mask in self.failed.items()},
            {name: mask[keep] for name, mask in self.broken.items()},
        )


class Deriver:
    """Compiled for a monitor when it first meets a batch, or when told to `open`.

    A DuckDB connection does not survive a fork, so each process opens its own; one that came through a fork is kept
    untouched, since closing it would wait for threads that stayed behind.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        has_derived = any(feature.sql is not None for feature in monitor.spec.features.values())
        self._is_idle = not has_derived and not monitor.spec.rules
        self._sessions: dict[int, SqlSession] = {}

    def open(self) -> None:
        """Makes the first batch as fast as the others; InvalidMonitors when an expression is wrong."""
        if not self._is_idle:
            self._opened()

    def derive(self, batch: Batch) -> Derived:
        """Every expression on every row; one that fails on a row costs no other row and no other expression."""
        if self._is_idle:
            return Derived(batch)
        results = self._opened().run(batch)
        return Derived(_with_columns(batch, results.columns), results.failed, results.broken)

    def close(self) -> None:
        session = self._sessions.pop(os.getpid(), None)
        if session is not None:
            session.close()

    def _opened(self) -> SqlSession:
        process = os.getpid()
        if process not in self._sessions:
            from exporter.derive.session import SqlSession  # noqa: PLC0415 - DuckDB is for monitors with SQL only

            self._sessions[process] = SqlSession(self._monitor)
        return self._sessions[process]


def _with_columns(batch: Batch, added: Mapping[str, Any]) -> Batch:
    """The batch with columns appended, or replaced where a decoder left room for them."""
    if not added:
        return batch
    columns = {name: batch.column(name) for name in batch.columns.schema.names} | dict(added)
    return Batch(
        pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)), batch.positions, batch.mistyped
    )
