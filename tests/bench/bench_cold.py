"""Cold files: writing, sealing and proving them against Parquet written and read without any of it.

A cold file is sorted by id, digested, tagged, indexed for finding one id, flushed to the disk with its folder, and put
under a name that is written once. The floor is `pyarrow.parquet.write_table` of the same rows with zstd, flushed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exporter.archive.cold.folder import FolderStore
from exporter.archive.cold.keys import ColumnKeys
from exporter.archive.cold.parquet import ColdFileReader, encode_file
from exporter.archive.digest import digest_of, digest_of_all
from exporter.archive.entry import Entry, Kind
from exporter.archive.schema import TIME, with_provenance
from exporter.clock import SystemClock
from tests.bench.harness import BenchRow, faster, interleave
from tests.bench.workload import CATEGORIES, FLOATS, WHOLE, some_rows

UNIT = "rows / CPU s"
MONITOR = "credit"
HOUR = 1_750_000_000 // 3600 * 3600
DIGEST_GOAL = 1_000_000


@dataclass(frozen=True, slots=True)
class ColdSizes:
    """How much is written; the figures of small sizes mean nothing."""

    entries: int = 40
    entry_rows: int = 5_000
    rounds: int = 5


def run(sizes: ColdSizes | None = None) -> list[BenchRow]:
    chosen = sizes or ColdSizes()
    with tempfile.TemporaryDirectory() as folder:
        bench = _ColdBench(Path(folder), some_archived_rows(chosen))
        contenders: dict[str, Callable[[], None]] = {
            "plain": bench.write_plain,
            "cold": bench.write_cold,
            "sealed": bench.write_sealed,
            "digest": bench.digest,
            "read": bench.read_plain,
            "prove": bench.prove,
        }
        timings = interleave(contenders, chosen.rounds)
        sizes_note = bench.sizes()
    rows = chosen.entries * chosen.entry_rows
    both, unit = (rows, rows), UNIT
    digest = timings["digest"]
    rate = rows / digest.cpu_s
    note = f"20 features, {rows:,} rows a file; {sizes_note}"
    return [
        faster("write", timings["cold"], timings["plain"], items=both, unit=unit, note=note),
        faster("write, columns sealed", timings["sealed"], timings["plain"], items=both, unit=unit),
        faster("read, proven", timings["prove"], timings["read"], items=both, unit=unit, note="SHA-256 and digest"),
        BenchRow("digest of rows", rate, None, unit, None, DIGEST_GOAL, rate >= DIGEST_GOAL),
    ]


def some_archived_rows(sizes: ColdSizes) -> pa.Table:
    """An hour's rows as a warm tier gives them; no float repeats, ids are random."""
    rng = np.random.default_rng(31)
    return pa.Table.from_batches([_entry_rows(rng, sizes.entry_rows, number) for number in range(sizes.entries)])


def _entry_rows(rng: np.random.Generator, rows: int, number: int) -> pa.RecordBatch:
    columns = some_rows(rng, rows)
    times = np.sort(rng.integers(0, 3_600_000_000, rows)) + HOUR * 1_000_000
    archived = {
        "id": pa.array([rng.bytes(16).hex() for _ in range(rows)]),
        "time": pa.array(times).cast(TIME),
        "prediction": pa.array(rng.random(rows)),
        "latency_seconds": pa.array(rng.random(rows).round(6)),
        "model_version": pa.array(["1"] * rows),
        **{name: pa.array(np.asarray(columns[name], dtype=np.float64)) for name in (*FLOATS, *WHOLE)},
        **{name: pa.array([str(value) for value in columns[name]]) for name in CATEGORIES},
    }
    entry = Entry(MONITOR, Kind.PREDICTIONS, "http", HOUR + number, pa.RecordBatch.from_pydict(archived))
    return with_provenance(entry, "exporter-1/0", number)


class _ColdBench:
    """Every round writes a file of its own; all are of the same rows."""

    def __init__(self, folder: Path, rows: pa.Table) -> None:
        self._folder, self._rows = folder, rows
        self._names = count()
        self._store = FolderStore(folder / "cold", SystemClock())
        self._store.check()
        (folder / "keys.json").write_text("{}")
        self._keys = ColumnKeys(folder / "keys.json")
        self._plain = folder / "plain.parquet"
        self.write_plain()
        self._cold = encode_file(rows, MONITOR, Kind.PREDICTIONS, HOUR).content

    def write_plain(self) -> None:
        with self._plain.open("wb") as file:
            pq.write_table(self._rows, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())

    def write_cold(self) -> None:
        encoded = encode_file(self._rows, MONITOR, Kind.PREDICTIONS, HOUR)
        hashlib.sha256(encoded.content).hexdigest()
        self._store.put_if_absent(f"{next(self._names)}.parquet", encoded.content)

    def write_sealed(self) -> None:
        encoded = encode_file(self._rows, MONITOR, Kind.PREDICTIONS, HOUR, self._keys)
        hashlib.sha256(encoded.content).hexdigest()
        self._store.put_if_absent(f"{next(self._names)}.parquet", encoded.content)

    def digest(self) -> None:
        digest_of(self._rows)

    def read_plain(self) -> None:
        pq.read_table(self._plain, use_threads=False)

    def prove(self) -> None:
        hashlib.sha256(self._cold).hexdigest()
        reader = ColdFileReader(pa.BufferReader(self._cold))
        assert digest_of_all(reader.batches()).hex == reader.tag.digest

    def sizes(self) -> str:
        plain, cold = (size / self._rows.num_rows for size in (self._plain.stat().st_size, len(self._cold)))
        return f"{cold:.0f} bytes a row, plain {plain:.0f}"
