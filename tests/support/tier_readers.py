"""A reader of two tiers that lie in memory, which notes what it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.cold.names import HOUR_S
from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.query.hours import PlannedHour, Rowset, plan_hours
from exporter.archive.query.sought import Sought
from exporter.archive.query.tier_rows import conformed
from exporter.archive.query.views import merged
from exporter.archive.warm.tier import Span, StoredHour


@dataclass
class TiersInMemory:
    """`warm` and `cold` are filled by the two methods; `asked` names each read with its columns."""

    warm: dict[Rowset, list[pa.RecordBatch]] = field(default_factory=dict)
    cold: dict[str, pa.RecordBatch] = field(default_factory=dict)
    files: list[ColdFile] = field(default_factory=list)
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def land(self, rows: pa.RecordBatch, monitor: str = "credit", kind: Kind = Kind.PREDICTIONS) -> None:
        self.warm.setdefault((monitor, kind), []).append(rows)

    def freeze(self, rows: pa.RecordBatch, monitor: str = "credit", kind: Kind = Kind.PREDICTIONS) -> None:
        """A cold file of each hour."""
        for hour in sorted(set(_hours_of(rows))):
            here = rows.filter(pa.array([of == hour for of in _hours_of(rows)]))
            name = f"{monitor}/{kind}/{hour}/{len(self.files)}"
            self.cold[name] = here
            origin, sequences = here.column("origin")[0].as_py(), pc.min_max(here.column("sequence")).as_py()
            entries = (sequences["min"], sequences["max"])
            self.files.append(
                ColdFile(name, monitor, kind, hour, origin, *entries, here.num_rows, "0" * 32, 1, "", 0.0, 1e12)
            )

    def drop(self, monitor: str = "credit", kind: Kind = Kind.PREDICTIONS) -> None:
        """All that is warm of a monitor and kind."""
        self.warm.pop((monitor, kind), None)

    def plan(self) -> dict[Rowset, tuple[PlannedHour, ...]]:
        return plan_hours(self.hours(), self.files)

    def schemas(self) -> dict[Rowset, pa.Schema]:
        schemas: dict[Rowset, list[pa.Schema]] = {}
        for rowset, batches in self.warm.items():
            schemas.setdefault(rowset, []).extend(batch.schema for batch in batches)
        for file in self.files:
            schemas.setdefault((file.monitor, file.kind), []).append(self.cold[file.name].schema)
        return {rowset: merged(found, rowset[1]) for rowset, found in schemas.items()}

    def hours(self) -> Sequence[StoredHour]:
        counts = Counter(
            (rowset, hour) for rowset, batches in self.warm.items() for batch in batches for hour in _hours_of(batch)
        )
        return [StoredHour(*rowset, hour, rows, 0) for (rowset, hour), rows in counts.items()]

    def warm_rows(self, rowset: Rowset, span: Span, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        self.asked.append(("warm", tuple(columns)))
        for batch in self.warm[rowset]:
            times = batch.column("time").cast(pa.int64()).to_pylist()
            within = pa.array([span.start <= time / 1e6 < span.end for time in times], pa.bool_())
            known = pa.schema([one for one in batch.schema if one.name in columns])
            yield conformed(batch.filter(within), known)

    def found_warm(self, rowset: Rowset, ids: Sequence[str]) -> Iterator[pa.RecordBatch]:
        self.asked.append(("found", tuple(ids)))
        for batch in self.warm.get(rowset, []):
            yield batch.filter(pc.is_in(batch.column("id"), pa.array(ids, pa.string())))

    def cold_rows(
        self, files: Sequence[ColdFile], columns: Sequence[str], _wanted: Sought | None = None
    ) -> Iterator[pa.RecordBatch]:
        for file in files:
            self.asked.append((file.name, tuple(columns)))
            rows = self.cold[file.name]
            yield conformed(rows, pa.schema([one for one in rows.schema if one.name in columns]))


def _hours_of(rows: pa.RecordBatch) -> list[int]:
    return [time // 1_000_000 // HOUR_S * HOUR_S for time in rows.column("time").cast(pa.int64()).to_pylist()]
