"""An hour that lies in both tiers: which of its cold files must be read, so that each row is given once.

An entry lands as a whole and a file holds all rows, in its hour, of the entries that it covers. So what is warm of
these entries is a part of the file, and when it is as many rows as the file has it is all of them: the file need not be
read. That is the case until the day is dropped. After it, entries that come late stand in no file, and the file is read
whole. What lies between, a file that is warm in part, is a period that is being brought back: of that file the rows
whose key is warm are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.cold.coverage import Coverage
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.query.hours import PlannedHour
from exporter.errors import LateRows

ENTRY = ("origin", "sequence")
_KEYS = {Kind.PREDICTIONS: ("id",), Kind.LABELS: ("id",), Kind.DEAD_LETTERS: (*ENTRY, "id")}


class Overlap:
    """Sees all that is warm of the hour, by its columns `ENTRY`, then tells what is missing."""

    def __init__(self, hour: PlannedHour) -> None:
        self._files = hour.files
        self._coverage = Coverage(hour.files)
        self._warm_rows: Counter[str] = Counter()
        self._rows = 0

    @property
    def rows(self) -> int:
        """How many were seen."""
        return self._rows

    def see(self, batch: pa.RecordBatch) -> None:
        self._rows += batch.num_rows
        entries = pa.table([batch.column(name) for name in ENTRY], names=list(ENTRY))
        for row in entries.group_by(list(ENTRY)).aggregate([([], "count_all")]).to_pylist():
            file = self._coverage.file_of(row["origin"], row["sequence"])
            if file is not None:
                self._warm_rows[file.name] += row["count_all"]

    def files_to_read(self) -> list[ColdFile]:
        """Those that hold rows which are not warm."""
        return [file for file in self._files if self._warm_rows[file.name] < file.rows]

    def is_in_part(self, file: ColdFile) -> bool:
        """Whether some of its rows are warm."""
        return self._warm_rows[file.name] > 0


class RowKeys:
    """What rows are known by within an hour."""

    def __init__(self, kind: Kind) -> None:
        self.columns = _KEYS[kind]
        self._known: Any = pa.chunked_array([], pa.string())

    def learn(self, batches: Iterator[pa.RecordBatch], rows: int) -> None:
        """Holds the keys of the batches; LateRows when they are not as many as were seen before."""
        keys = [self._key(batch) for batch in batches]
        self._known = pa.chunked_array(keys, pa.string())
        if len(self._known) != rows:
            raise LateRows("rows were moved between the tiers while the query read them; run it again")

    def unknown(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows whose keys are not held; all of them where they come without their key."""
        if not set(self.columns) <= set(batch.schema.names):
            return batch
        return batch.filter(pc.invert(pc.is_in(self._key(batch), self._known)))

    def _key(self, batch: pa.RecordBatch) -> Any:
        parts = [batch.column(name).cast(pa.string()) for name in self.columns]
        return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "/")
