"""A warm tier and a ledger in memory, with the contract of `exporter.archive.warm.tier` as far as moves need it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.entry import Kind, SequencedEntry
from exporter.archive.ledger import AuditEvent, ColdFile
from exporter.archive.schema import with_provenance
from exporter.archive.warm.tier import Claim, Landed, Span, StoredHour
from exporter.errors import CorruptEntry, Fenced, LateRows

HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
_BATCH_ROWS = 50

Rowset = tuple[str, Kind]


@dataclass
class WarmInMemory:
    """A `WarmTier` without labels to join. Rows come in the order of their ids: a batch has rows of many entries."""

    batches: dict[Rowset, list[pa.RecordBatch]] = field(default_factory=dict)
    known: set[tuple[object, ...]] = field(default_factory=set)
    claims: dict[str, Claim] = field(default_factory=dict)

    def claim(self, origin: str) -> Claim:
        held = self.claims.get(origin, Claim(origin, 0, 0))
        self.claims[origin] = replace(held, epoch=held.epoch + 1)
        return self.claims[origin]

    def land(self, claim: Claim, entries: Sequence[SequencedEntry]) -> Landed:
        held = self.claims[claim.origin]
        if held.epoch != claim.epoch:
            raise Fenced(f"{claim.origin} was claimed by somebody else")
        rows: Counter[Rowset] = Counter()
        for numbered in entries:
            if numbered.sequence < held.next_sequence:
                continue
            entry = numbered.entry
            batch = with_provenance(entry, claim.origin, numbered.sequence)
            rows[entry.monitor, entry.kind] += self.restore(entry.kind, entry.monitor, [batch])
            held = replace(held, next_sequence=numbered.sequence + 1)
        self.claims[claim.origin] = held
        return Landed(held, rows)

    def hours(self) -> Sequence[StoredHour]:
        counts: Counter[tuple[Rowset, int]] = Counter()
        for rowset, batches in self.batches.items():
            for batch in batches:
                counts.update((rowset, hour) for hour in (_times(batch) // HOUR_US * 3600).tolist())
        return [StoredHour(*rowset, hour, rows, 0) for (rowset, hour), rows in counts.items()]

    def read(
        self, kind: Kind, monitor: str, span: Span, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        batches = self.batches.get((monitor, kind), [])
        if not batches:
            return
        whole = pa.concat_tables([pa.table(batch) for batch in batches], promote_options="default").sort_by("id")
        times = _times(whole)
        within = whole.filter(pa.array((times >= span.start * 1e6) & (times < span.end * 1e6)))
        yield from within.select(columns or whole.column_names).to_batches(max_chunksize=_BATCH_ROWS)

    def find(self, kind: Kind, monitor: str, ids: Sequence[str]) -> pa.Table:
        batches = self.read(kind, monitor, Span(-1e10, 1e10))
        found = [batch.filter(pc.is_in(batch.column("id"), pa.array(ids, pa.string()))) for batch in batches]
        return pa.Table.from_batches(found) if found else pa.table({})

    def restore(self, kind: Kind, monitor: str, rows: Sequence[pa.RecordBatch]) -> int:
        added = 0
        for batch in rows:
            keys = [(monitor, kind, name, day) for name, day in zip(*_known_by(batch), strict=True)]
            is_new = [key not in self.known for key in keys]
            self.known |= set(keys)
            self.batches.setdefault((monitor, kind), []).append(batch.filter(pa.array(is_new, pa.bool_())))
            added += sum(is_new)
        return added

    def join_restored(self, monitor: str, span: Span) -> int:
        return 0

    def drop_day(self, kind: Kind, day: date, expected: Mapping[str, int]) -> None:
        start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        found = Counter({stored.monitor: 0 for stored in self.hours()})
        for stored in self.hours():
            if stored.kind is kind and start <= stored.start < start + 86_400:
                found[stored.monitor] += stored.rows
        if any(found[monitor] != rows for monitor, rows in expected.items()):
            raise LateRows(f"{dict(found)} rows are there, {dict(expected)} were expected")
        for monitor in expected:
            there = self.batches.get((monitor, kind), [])
            kept = [batch.filter(pa.array(_times(batch) // DAY_US != start // 86_400)) for batch in there]
            self.batches[monitor, kind] = kept
            self.known = {key for key in self.known if key[:2] != (monitor, kind) or key[3] != start // 86_400}


@dataclass
class LedgerInMemory:
    """A `Ledger` of cold files and audit events."""

    files: dict[str, ColdFile] = field(default_factory=dict)
    events: list[AuditEvent] = field(default_factory=list)

    def add_cold_file(self, file: ColdFile) -> None:
        if self.files.setdefault(file.name, file) != file:
            raise CorruptEntry(f"another file stands under {file.name}")

    def cold_files(
        self, monitor: str | None = None, kind: Kind | None = None, span: Span | None = None
    ) -> Sequence[ColdFile]:
        return [
            file
            for _, file in sorted(self.files.items())
            if monitor in (None, file.monitor)
            and kind in (None, file.kind)
            and (span is None or (file.hour < span.end and file.hour + 3600 > span.start))
        ]

    def hold_cold_files(self, names: Sequence[str], is_held: bool) -> None:
        for name in names:
            self.files[name] = replace(self.files[name], is_held=is_held)

    def remove_cold_file(self, name: str) -> None:
        if name in self.files and self.files[name].is_held:
            raise LateRows(f"{name} is on hold")
        self.files.pop(name, None)

    def audit(self, event: AuditEvent) -> None:
        self.events.append(event)

    def audit_events(self, span: Span, actions: Sequence[str] | None = None) -> Sequence[AuditEvent]:
        within = [event for event in self.events if span.start <= event.at < span.end]
        return [event for event in within if actions is None or event.action in actions]

    def actions(self) -> list[str]:
        return [event.action for event in self.events]


def _times(batch: pa.RecordBatch | pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    times: np.ndarray[tuple[int], np.dtype[np.int64]] = batch.column("time").cast(pa.int64()).to_numpy()
    return times


def _known_by(batch: pa.RecordBatch) -> tuple[list[object], list[int]]:
    """What a row is known by, but for its monitor and kind: an id, and its day."""
    ids = batch.column("id")
    if "body_kind" in batch.schema.names:
        parts = (batch.column("origin"), batch.column("sequence").cast(pa.string()), ids)
        ids = pc.binary_join_element_wise(*parts, " ")
    return ids.to_pylist(), (_times(batch) // DAY_US).tolist()
