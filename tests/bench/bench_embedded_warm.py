"""The embedded warm tier against other ways to keep rows in a file: landing, the bytes that it writes, reading.

Every contender lands the same rows of 20 features in durable transactions, ids once; ours with offsets, side counts
and provenance. Then one id is found, all rows are read as Arrow, and another process opens the file meanwhile.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from exporter.archive.schema import TIME
from tests.bench.harness import BenchRow, Elapsed, Timing, faster, interleave
from tests.bench.warm_rivals import DuckTable, EmbeddedRival, SqliteIdTable, SqliteRows, WarmRival
from tests.bench.workload import some_rows

GOAL_ROWS = 300_000
START_US = 1_750_000_000_000_000
RIVALS: Mapping[str, Callable[[Path], WarmRival]] = {
    "ours": EmbeddedRival,
    "SQLite, a row a row": SqliteRows,
    "SQLite, a table of ids": SqliteIdTable,
    "DuckDB": DuckTable,
}
UNIT = "rows / CPU s"
_FEW_ROWS, _QUIET_LANDINGS = 3, 100
READ_SQLITE = """
import pathlib, sqlite3, sys
[path] = pathlib.Path(sys.argv[1]).glob("*.sqlite")
sqlite3.connect(path).execute("select count(*) from sqlite_schema").fetchone()
"""
READ_DUCKDB = """
import duckdb, sys
try:
    duckdb.connect(sys.argv[1] + "/rows.duckdb", read_only=True)
except duckdb.IOException as error:
    sys.exit(str(error).partition(" on file")[0])
"""
READERS = {"ours": READ_SQLITE, "DuckDB": READ_DUCKDB}


@dataclass(frozen=True, slots=True)
class WarmSizes:
    """Rows of an entry, entries of a landing, landings of a round; how often an id is looked for.

    grown_rows : how many rows are there when the two that keep up are timed once more.
    """

    rows: int = 5_000
    entries: int = 2
    landings: int = 5
    rounds: int = 5
    finds: int = 20
    grown_rows: int = 1_000_000


def run(sizes: WarmSizes | None = None) -> list[BenchRow]:
    sizes = sizes or WarmSizes()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        rivals = {}
        for number, (name, make) in enumerate(RIVALS.items()):
            (Path(folder) / str(number)).mkdir()
            rivals[name] = RivalAtWork(name, make(Path(folder) / str(number)), FreshRows(sizes))
            stack.callback(rivals[name].rival.close)
        landing = interleave({name: each.land for name, each in rivals.items()}, sizes.rounds)
        return [
            *_rates("landing", landing, sizes.rows * sizes.entries * sizes.landings, GOAL_ROWS),
            *_less("written", "bytes / row", {name: each.written_bytes / each.rows for name, each in rivals.items()}),
            *_less("in the file", "bytes / row", {name: each.size_bytes / each.rows for name, each in rivals.items()}),
            *_less("finding an id", "ms", {name: each.find_ms(sizes.finds) for name, each in rivals.items()}),
            *_rates("scan", interleave({name: each.scan for name, each in rivals.items()}, 3), rivals["ours"].rows),
            *_readable(rivals),
            *_quiet(rivals["ours"]),
            *_grown({name: rivals[name] for name in ("ours", "SQLite, a table of ids")}, sizes),
        ]


class FreshRows:
    """Batches whose ids are all new, in no order; equal seeds give equal ones."""

    def __init__(self, sizes: WarmSizes, seed: int = 0) -> None:
        self._sizes = sizes
        self._seed = seed
        self._batches = [self._some_batch(np.random.default_rng([20, entry])) for entry in range(sizes.entries)]
        self.rows = 0

    @property
    def landings_a_round(self) -> int:
        return self._sizes.landings

    def landing(self) -> list[pa.RecordBatch]:
        """Entries with values of their own."""
        return [self._with_new_ids(batch) for batch in self._batches]

    def some_ids(self, count: int) -> list[str]:
        """Of rows that have been given, spread evenly."""
        batches = self.rows // self._sizes.rows
        firsts = [index * batches // count * self._sizes.rows for index in range(count)]
        return [str(self._ids(first)[index % self._sizes.rows]) for index, first in enumerate(firsts)]

    def _some_batch(self, rng: np.random.Generator) -> pa.RecordBatch:
        columns = some_rows(rng, self._sizes.rows)
        times = pa.array(START_US + np.arange(self._sizes.rows) * 1_000).cast(TIME)
        events = {"time": times, "prediction": columns.pop("score"), "latency_seconds": columns.pop("latency")}
        features = {name: _archived(values) for name, values in columns.items() if name not in {"request_id", "ts"}}
        return pa.RecordBatch.from_pydict({"id": self._ids(0), **events, **features})

    def _with_new_ids(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        first, self.rows = self.rows, self.rows + batch.num_rows
        return batch.set_column(0, "id", self._ids(first))

    def _ids(self, first: int) -> pa.Array:
        numbers = np.random.default_rng([self._seed, first]).integers(0, 2**62, self._sizes.rows)
        return pa.array([f"{number:032x}" for number in numbers.tolist()])


@dataclass(slots=True)
class RivalAtWork:
    """A contender with its own stream, and what it has written."""

    name: str
    rival: WarmRival
    stream: FreshRows
    written_bytes: int = 0

    @property
    def rows(self) -> int:
        return self.stream.rows

    @property
    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.rival.folder.iterdir())

    def land(self) -> Elapsed:
        """One round; making the rows is not timed."""
        cpu_s = wall_s = 0.0
        for _ in range(self.stream.landings_a_round):
            batches, written = self.stream.landing(), _written_bytes()
            started_cpu_s, started_s = time.process_time(), time.perf_counter()
            self.rival.land(batches)
            cpu_s, wall_s = cpu_s + time.process_time() - started_cpu_s, wall_s + time.perf_counter() - started_s
            self.written_bytes += _written_bytes() - written
        return Elapsed(cpu_s, wall_s)

    def find_ms(self, times: int) -> float:
        taken = []
        for identifier in self.stream.some_ids(times):
            started = time.perf_counter()
            found = self.rival.find(identifier)
            taken.append(time.perf_counter() - started)
            assert found["id"].to_pylist() == [identifier], self.name
        return 1_000 * statistics.median(taken)

    def scan(self) -> None:
        assert self.rival.scan() == self.rows, self.name


def _rates(what: str, timings: Mapping[str, Timing], items: int, goal: float | None = None) -> list[BenchRow]:
    """A row for ours alone, with its goal, and one against each other contender."""
    ours = timings["ours"]
    rate, note = items / ours.cpu_s, f"{items / ours.wall_s:,.0f} a second of wall time, flushed"
    alone = BenchRow(what, rate, None, UNIT, None, goal, rate >= goal if goal else None, note if goal else "")
    others = [name for name in timings if name != "ours"]
    return [alone] + [
        faster(f"{what} against {name}", ours, timings[name], items=(items, items), unit=UNIT) for name in others
    ]


def _less(what: str, unit: str, figures: Mapping[str, float]) -> list[BenchRow]:
    """Rows of figures that are better when they are less."""
    ours = figures["ours"]
    others = [(name, figure) for name, figure in figures.items() if name != "ours"]
    return [BenchRow(f"{what}, against {name}", ours, figure, unit, figure / ours) for name, figure in others]


def _readable(rivals: Mapping[str, RivalAtWork]) -> list[BenchRow]:
    """Whether another process can open the file while its writer has it open."""
    rows = []
    for name, reader in READERS.items():
        command = [sys.executable, "-c", reader, str(rivals[name].rival.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        note = done.stderr.strip() or "reads it"
        rows.append(BenchRow(f"another process: {name}", float(done.returncode == 0), None, "reads", None, note=note))
    return rows


def _quiet(ours: RivalAtWork) -> list[BenchRow]:
    """What a landing costs when hardly anything came."""
    [batch] = FreshRows(WarmSizes(rows=_FEW_ROWS * _QUIET_LANDINGS, entries=1), seed=1).landing()
    written, started_cpu_s = _written_bytes(), time.process_time()
    for first in range(0, len(batch), _FEW_ROWS):
        ours.rival.land([batch.slice(first, _FEW_ROWS)])
    cpu_ms = 1_000 * (time.process_time() - started_cpu_s) / _QUIET_LANDINGS
    note = f"{(_written_bytes() - written) / _QUIET_LANDINGS / 1024:,.0f} KiB written"
    return [BenchRow(f"a landing of {_FEW_ROWS} rows", cpu_ms, None, "CPU ms", None, note=note)]


def _grown(rivals: Mapping[str, RivalAtWork], sizes: WarmSizes) -> list[BenchRow]:
    """Landing, and what it writes, once there are many rows."""
    for each in rivals.values():
        while each.rows < sizes.grown_rows:
            each.land()
    before = {name: (each.written_bytes, each.rows) for name, each in rivals.items()}
    landing = interleave({name: each.land for name, each in rivals.items()}, sizes.rounds, warm_up=0)
    written = {
        name: (each.written_bytes - before[name][0]) / (each.rows - before[name][1]) for name, each in rivals.items()
    }
    where = f"{sizes.grown_rows:,} rows there"
    rates = _rates(f"landing, {where}", landing, sizes.rows * sizes.entries * sizes.landings)
    return [*rates, *_less(f"written, {where}", "bytes / row", written)]


def _archived(values: Any) -> pa.Array:
    array = pa.array(values)
    return array.cast(pa.float64()) if pa.types.is_integer(array.type) else array


def _written_bytes() -> int:
    """Bytes that this process has handed to the kernel."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))
