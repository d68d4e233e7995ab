"""What could not be read of a file, in words: the records, and the fields that no row has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from exporter.batch import ID, LABEL, PREDICTION, TIMESTAMP, Batch, Decoded
from exporter.cli.amounts import count_text
from exporter.decode.projection import Projection
from exporter.monitor.suggestion import did_you_mean

_ALWAYS = {ID, TIMESTAMP, PREDICTION, LABEL}
"""Columns without which there is no row."""

_NO_TIME = " (a backtest goes by the time of each row; how to give rows a time: docs/backtest.md)"


@dataclass(slots=True)
class UnreadRecords:
    """Adds up over the parts of a file.

    columns : what the file calls them, in its order.
    """

    projection: Projection
    rows: int = 0
    rejected: int = 0
    columns: dict[str, None] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)
    _valued: set[str] = field(default_factory=set)

    def add(self, decoded: Decoded, rows: int, columns: Iterable[str]) -> None:
        for reject in decoded.rejects:
            self._counts[reject.reason] = self._counts.get(reject.reason, 0) + 1
            self._first.setdefault(reject.reason, f"row {self.rows + reject.position + 1}: {reject.detail}")
        self.columns |= dict.fromkeys(columns)
        self.rejected += len(decoded.rejects)
        self.rows += rows
        self._valued |= set(_valued(decoded.batch))

    def told(self) -> Iterator[str]:
        """Each reason with its first record, and fields that are empty in every row."""
        for reason, count in self._counts.items():
            yield f"{count_text(count, 'record')} not read ({reason}), the first is {self._first[reason]}"
        if self.rows > self.rejected:
            empty = [each for each in self.projection.fields if each.column not in self._valued | _ALWAYS]
            for each in empty:
                nothing = f"no row has a value in {each.name!r} that can be read, so it counts as missing everywhere"
                yield nothing + self._meant(each.name)

    def missing(self) -> Iterator[str]:
        """Of the fields without which there is no row, those that the file does not have at all."""
        for each in self.projection.fields:
            if self.columns and each.column in _ALWAYS and each.name not in self.columns:
                advice = _NO_TIME if each.column == TIMESTAMP else ""
                yield f"no column is called {each.name!r}{self._meant(each.name) or advice}"

    def _meant(self, name: str) -> str:
        """Of the columns that the monitor does not read anyhow."""
        free = self.columns.keys() - {each.name for each in self.projection.fields}
        return "" if name in self.columns else did_you_mean(name, sorted(free))


def _valued(batch: Batch) -> Iterator[str]:
    schema = batch.columns.schema
    for name in schema.names:
        column = batch.column(name)
        is_number = pa.types.is_floating(schema.field(name).type)
        if not (np.isnan(batch.number(name)).all() if is_number else column.null_count == len(column)):
            yield name
