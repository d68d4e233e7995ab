"""Copies rows of one monitor, kind and hour from warm to cold, cut by the sequence of their entries.

    plan cuts ─► encode ─► put, unless there ─► note in the ledger
                               │
                               └── there already: the same bytes: fine; others: prove them, note them, plan again

Entries of an origin land in order, so all rows up to a sequence that is seen are seen: a cut never misses one, and what
comes later has a greater sequence. A crash after any step is mended by calling again: rows that no file of the ledger
covers are all that is looked at, and a name that is taken holds exactly what its metadata says.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.cold.coverage import UNCOVERED, Coverage, by_origin
from exporter.archive.cold.names import RowHour, object_name
from exporter.archive.cold.parquet import ColdFileReader, EncodedFile, encode_file
from exporter.archive.cold.store import PutOutcome
from exporter.archive.cold.tier import ColdTier, prove
from exporter.archive.ledger import ColdFile, Ledger
from exporter.archive.warm.tier import WarmTier
from exporter.batch import Integers
from exporter.clock import Clock
from exporter.errors import CorruptEntry, RetryLater


@dataclass(frozen=True, slots=True)
class FileCut:
    """Entries of one origin that make one file."""

    origin: str
    first_sequence: int
    last_sequence: int
    rows: int


def copy_hour(
    cold: ColdTier, warm: WarmTier, ledger: Ledger, hour: RowHour, expires_at: float, clock: Clock
) -> Iterator[ColdFile]:
    """Copies what no file of the ledger covers; each file as it is noted. Again, or after a crash: only what is left.

    RetryLater when a store or the database is away; CorruptEntry when the name of a file is taken by something else;
    KeyRemoved when the hour's month is sealed for good.
    """
    is_held = any(file.is_held for file in ledger.cold_files(hour.monitor, hour.kind, hour.span))
    is_done = False
    while not is_done:
        is_done = True
        for cut in plan_cuts(cold, warm, ledger, hour):
            file = replace(_copy_cut(cold, warm, hour, cut, expires_at, clock.now()), is_held=is_held)
            if is_held:
                cold.store.hold(file.name, is_held=True)
            ledger.add_cold_file(file)
            yield file
            if file.last_sequence != cut.last_sequence:
                is_done = False
                break


def plan_cuts(cold: ColdTier, warm: WarmTier, ledger: Ledger, hour: RowHour) -> list[FileCut]:
    """The files that are due; reads two columns."""
    coverage = Coverage(ledger.cold_files(hour.monitor, hour.kind, hour.span))
    found: dict[str, list[tuple[Integers, Integers]]] = defaultdict(list)
    for batch in warm.read(hour.kind, hour.monitor, hour.span, ("origin", "sequence")):
        for origin, sequences, _ in by_origin(batch):
            found[origin].append(np.unique(sequences, return_counts=True))
    cuts: list[FileCut] = []
    for origin in sorted(found):
        sequences, rows = _summed(found[origin])
        is_due = coverage.files_of(origin, sequences) == UNCOVERED
        due = sequences[is_due]
        cuts += _cuts(origin, due, rows[is_due], coverage.files_before(origin, due), cold.file_rows)
    return cuts


def _summed(parts: Sequence[tuple[Integers, Integers]]) -> tuple[Integers, Integers]:
    """Distinct sequences, ascending, and the rows of each, over all parts."""
    sequences, at = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    rows = np.zeros(len(sequences), dtype=np.int64)
    np.add.at(rows, at, np.concatenate([part[1] for part in parts]))
    return sequences, rows


def _cuts(
    origin: str, sequences: Integers, rows: Integers, files_before: Integers, file_rows: int
) -> Iterator[FileCut]:
    """Runs of entries with at most so many rows, none across a file that is there; a longer entry is one by itself."""
    total = np.cumsum(rows)
    ends = [*(np.flatnonzero(np.diff(files_before)) + 1).tolist(), len(sequences)]
    first = 0
    while first < len(sequences):
        before = int(total[first] - rows[first])
        fitting = int(np.searchsorted(total, before + file_rows, side="right"))
        stop = min(max(fitting, first + 1), next(end for end in ends if end > first))
        yield FileCut(origin, int(sequences[first]), int(sequences[stop - 1]), int(total[stop - 1]) - before)
        first = stop


def _copy_cut(cold: ColdTier, warm: WarmTier, hour: RowHour, cut: FileCut, expires_at: float, now: float) -> ColdFile:
    encoded = encode_file(_rows_of(warm, hour, cut), hour.monitor, hour.kind, hour.start, cold.keys)
    name = object_name(hour, cut.origin, cut.first_sequence)
    outcome = cold.store.put_if_absent(name, encoded.content, expires_at if cold.is_locked else None)
    if outcome is PutOutcome.EXISTS:
        encoded = _what_is_there(cold, name, hour, encoded)
    return _as_noted(name, hour, encoded, expires_at, now)


def _rows_of(warm: WarmTier, hour: RowHour, cut: FileCut) -> pa.Table:
    """The rows of a cut; all others of the hour are let go of batch by batch."""
    found = []
    for batch in warm.read(hour.kind, hour.monitor, hour.span):
        sequences: Integers = batch.column("sequence").to_numpy(zero_copy_only=False)
        is_within = (sequences >= cut.first_sequence) & (sequences <= cut.last_sequence)
        is_wanted = pc.and_(pc.equal(batch.column("origin"), cut.origin), pa.array(is_within, type=pa.bool_()))
        if np.any(is_within):
            found.append(batch.filter(is_wanted))
    rows = pa.Table.from_batches(found) if found else None
    if rows is None or rows.num_rows == 0:
        raise RetryLater(f"rows of {hour} have gone while they were copied")
    return rows


def _what_is_there(cold: ColdTier, name: str, hour: RowHour, wanted: EncodedFile) -> EncodedFile:
    """What stands under a name that is taken: of a put whose answer was lost, or of a process that ended after it."""
    content = cold.store.get(name)
    if content is None:
        raise RetryLater(f"{name} was there and has gone")
    if content == wanted.content:
        return wanted
    try:
        return _proven(cold, name, hour, wanted, content)
    except CorruptEntry as error:
        message = f"{name} is taken by an object that the archive did not write: {error}"
        raise CorruptEntry(f"{message}; move it away, then its rows will be copied") from error


def _proven(cold: ColdTier, name: str, hour: RowHour, wanted: EncodedFile, content: bytes) -> EncodedFile:
    reader = ColdFileReader(pa.BufferReader(content), cold.keys)
    there = EncodedFile(reader.tag, content)
    if _place(there) != _place(wanted):
        raise CorruptEntry(f"it says that it is {reader.tag}")
    prove(reader, _as_noted(name, hour, there, 0, 0))
    return there


def _place(file: EncodedFile) -> tuple[str, str, int, str, int]:
    tag = file.tag
    return tag.monitor, tag.kind, tag.hour, tag.origin, tag.first_sequence


def _as_noted(name: str, hour: RowHour, encoded: EncodedFile, expires_at: float, now: float) -> ColdFile:
    tag = encoded.tag
    return ColdFile(
        name=name,
        monitor=hour.monitor,
        kind=hour.kind,
        hour=hour.start,
        origin=tag.origin,
        first_sequence=tag.first_sequence,
        last_sequence=tag.last_sequence,
        rows=tag.rows,
        digest=tag.digest,
        size_bytes=len(encoded.content),
        sha256=hashlib.sha256(encoded.content).hexdigest(),
        created_at=now,
        expires_at=expires_at,
    )
