"""What could not be read of a file, in words: the records, and the fields that no row has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from exporter.batch import ID, LABEL, PREDICTION, TIMESTAMP, Batch, Decoded
from exporter.cli.amounts import count_text
from exporter.decode.projection import Projection

_ALWAYS = {ID, TIMESTAMP, PREDICTION, LABEL}
"""Columns without which there is no row."""


@dataclass(slots=True)
class UnreadRecords:
    """Adds up over the parts of a file."""

    projection: Projection
    rows: int = 0
    rejected: int = 0
    _counts: dict[str, int] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)
    _valued: set[str] = field(default_factory=set)

    def add(self, decoded: Decoded, rows: int) -> None:
        for reject in decoded.rejects:
            self._counts[reject.reason] = self._counts.get(reject.reason, 0) + 1
            self._first.setdefault(reject.reason, f"row {self.rows + reject.position + 1}: {reject.detail}")
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
                yield f"no row has a value in {each.name!r} that can be read, so it counts as missing everywhere"


def _valued(batch: Batch) -> Iterator[str]:
    schema = batch.columns.schema
    for name in schema.names:
        column = batch.column(name)
        is_number = pa.types.is_floating(schema.field(name).type)
        if not (np.isnan(batch.number(name)).all() if is_number else column.null_count == len(column)):
            yield name
