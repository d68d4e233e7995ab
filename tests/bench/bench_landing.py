"""Landing in PostgreSQL: the whole transaction against a plain COPY of the same rows into a table without a key.

Both sides' CPU counts: the client's, and that of all processes of a server which does nothing else. Every row has an
id of its own; rows arrive in entries, as bodies do. Reading is measured against COPY that throws away what it is sent.
"""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa

from exporter.archive.entry import Entry, Kind, SequencedEntry
from exporter.archive.schema import TIME
from exporter.archive.warm.postgres import PostgresWarm, open_postgres
from exporter.archive.warm.postgres_encoding import HEADER, TRAILER
from exporter.archive.warm.postgres_names import layout_of
from exporter.archive.warm.postgres_rows import COLUMNS, encoded, rows_to_land
from exporter.archive.warm.tier import Span
from exporter.clock import SystemClock
from tests.bench.harness import BenchRow, Elapsed, Timing, faster, interleave
from tests.bench.workload import CATEGORIES, FLOATS, WHOLE
from tests.support.postgres import RunningPostgres, postgres

UNIT = "rows / CPU s, client and server"
MONITOR = "credit"
AT_MOST = 0.5
"""At most twice the CPU of a plain COPY."""

_PIECE_BYTES = 1 << 18
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_DAY_S = 86_400
_NOON_S = 1_750_000_000 // _DAY_S * _DAY_S + _DAY_S // 2


@dataclass(frozen=True, slots=True)
class LandingSizes:
    """How much is landed; the figures of small sizes mean nothing."""

    entries: int = 10
    entry_rows: int = 5_000
    rounds: int = 7


def run(sizes: LandingSizes | None = None) -> list[BenchRow]:
    chosen = sizes or LandingSizes()
    with postgres(["shared_buffers=256MB", "max_wal_size=4GB", "autovacuum=off"]) as server, _open(server) as tier:
        timings, reads = _timings(server, tier, chosen)
    rows = chosen.entries * chosen.entry_rows
    note = f"20 features, {chosen.entries} entries of {chosen.entry_rows:,} rows a landing; both fsync=off"
    names = {
        "land": ("landing", AT_MOST, note),
        "small": ("landing, one row an entry", None, "decoding of the entries not included"),
        "careful": ("landing with ON CONFLICT", None, "by way of the temporary table, as after rows that were known"),
        "again": ("landing what is there already", None, "by way of the temporary table"),
        "labels": ("landing labels", None, "against COPY of predictions, which are five times as wide"),
    }
    outcome = [
        faster(name, timings[key], timings["copy"], items=(rows, rows), unit=UNIT, goal=goal, note=told)
        for key, (name, goal, told) in names.items()
    ]
    read = faster("reading", reads["read"], reads["drain"], items=(rows, rows), unit=UNIT, note="into Arrow columns")
    return [*outcome, read]


def _timings(
    server: RunningPostgres, tier: PostgresWarm, sizes: LandingSizes
) -> tuple[dict[str, Timing], dict[str, Timing]]:
    """Of everything that writes, and of what reads."""
    with closing(_LandingBench(server, tier, sizes)) as bench:
        writes = {
            "copy": bench.copy,
            "land": bench.land,
            "small": bench.land_single_rows,
            "careful": bench.land_carefully,
            "again": bench.land_again,
            "labels": bench.land_labels,
        }
        timings = interleave(writes, sizes.rounds)
        return timings, interleave({"read": bench.read, "drain": bench.drain}, sizes.rounds)


class _LandingBench:
    """Every round is timed by itself, without the making of its rows."""

    def __init__(self, server: RunningPostgres, tier: PostgresWarm, sizes: LandingSizes) -> None:
        self._server = server
        self._tier = tier
        self._sizes = sizes
        self._rng = np.random.default_rng(3)
        self._claim = tier.claim("bench/0")
        self._plain = psycopg.connect(server.url(), autocommit=True)
        columns = ", ".join(COLUMNS[Kind.PREDICTIONS])
        self._plain.execute("CREATE TABLE plain (LIKE infranaut.predictions INCLUDING STORAGE)")
        self._into = f"COPY plain ({columns}) FROM STDIN (FORMAT binary)"
        self._read_span = Span(_NOON_S - _DAY_S, _NOON_S - _DAY_S + 3_600)
        self._land(self._entries(self._read_span.start))

    def copy(self) -> Elapsed:
        entries = self._entries()
        return self._timed(lambda: self._copy(entries))

    def land(self) -> Elapsed:
        entries = self._entries()
        return self._timed(lambda: self._land(entries))

    def land_single_rows(self) -> Elapsed:
        entries = [
            replace(entry, rows=entry.rows.slice(row, 1))
            for entry in self._entries()
            for row in range(entry.rows.num_rows)
        ]
        return self._timed(lambda: self._land(entries))

    def land_carefully(self) -> Elapsed:
        entries = self._entries()
        known = [replace(entries[0], rows=entries[0].rows.slice(0, 1))]
        self._land(known)
        self._land(known)
        elapsed = self._timed(lambda: self._land(entries[1:]))
        self._forget_being_careful()
        share = len(entries) / (len(entries) - 1)
        return Elapsed(elapsed.cpu_s * share, elapsed.wall_s * share)

    def land_again(self) -> Elapsed:
        entries = self._entries()
        self._land(entries)
        elapsed = self._timed(lambda: self._land(entries))
        self._forget_being_careful()
        return elapsed

    def land_labels(self) -> Elapsed:
        entries = [self._labels_of(entry) for entry in self._entries()]
        return self._timed(lambda: self._land(entries))

    def read(self) -> Elapsed:
        def work() -> None:
            rows = sum(batch.num_rows for batch in self._tier.read(Kind.PREDICTIONS, MONITOR, self._read_span))
            assert rows == self._sizes.entries * self._sizes.entry_rows

        return self._timed(work)

    def drain(self) -> Elapsed:
        columns = ", ".join(COLUMNS[Kind.PREDICTIONS])
        bounds = [f"to_timestamp({seconds})" for seconds in (self._read_span.start, self._read_span.end)]
        where = f"time >= {bounds[0]} AND time < {bounds[1]}"
        query = f"COPY (SELECT {columns} FROM infranaut.predictions WHERE {where}) TO STDOUT (FORMAT binary)"

        def work() -> None:
            with self._plain.cursor() as cursor, cursor.copy(query) as copy:
                for _ in copy:
                    pass

        return self._timed(work)

    def close(self) -> None:
        self._plain.close()

    def _copy(self, entries: Sequence[Entry]) -> None:
        """The bytes are made in the fastest way that is known, which is that of the landing."""
        with self._plain.cursor() as cursor, cursor.copy(self._into) as copy:
            copy.write(HEADER)
            for entry in entries:
                layout = layout_of(entry.kind, entry.rows.schema)
                numbers = np.ones(entry.rows.num_rows, np.int64)
                provenance = dict.fromkeys(("source", "origin", "sequence", "received_us"), numbers)
                rows = rows_to_land(entry.kind, 1, (1, layout), entry.rows, provenance)
                for piece in encoded(rows, COLUMNS[entry.kind]):
                    for start in range(0, len(piece), _PIECE_BYTES):
                        copy.write(piece[start : start + _PIECE_BYTES])
            copy.write(TRAILER)

    def _land(self, entries: Sequence[Entry]) -> None:
        first = self._claim.next_sequence
        stream = [SequencedEntry(first + index, entry) for index, entry in enumerate(entries)]
        self._claim = self._tier.land(self._claim, stream).claim

    def _forget_being_careful(self) -> None:
        """What is known makes the next landings careful; the other contenders are not to pay for it."""
        while self._tier.is_careful:
            self._land([self._entry(1, _NOON_S)])

    def _entries(self, start_s: float = _NOON_S) -> list[Entry]:
        return [self._entry(self._sizes.entry_rows, start_s) for _ in range(self._sizes.entries)]

    def _entry(self, rows: int, start_s: float) -> Entry:
        return Entry(MONITOR, Kind.PREDICTIONS, "http", _NOON_S, _some_rows(self._rng, rows, start_s))

    def _labels_of(self, entry: Entry) -> Entry:
        columns = {"id": entry.rows.column("id"), "time": entry.rows.column("time"), "label": entry.rows["prediction"]}
        return Entry(MONITOR, Kind.LABELS, "http", _NOON_S, pa.RecordBatch.from_pydict(columns))

    def _timed(self, work: Callable[[], Any]) -> Elapsed:
        server_s, client_s, wall_s = _server_cpu_s(self._server), time.process_time(), time.perf_counter()
        work()
        wall_s, client_s = time.perf_counter() - wall_s, time.process_time() - client_s
        return Elapsed(client_s + _server_cpu_s(self._server) - server_s, wall_s)


@contextmanager
def _open(server: RunningPostgres) -> Iterator[PostgresWarm]:
    tier, _ = open_postgres(server.url(), None, SystemClock())
    try:
        tier.migrate()
        yield tier
    finally:
        tier.close()


def _some_rows(rng: np.random.Generator, rows: int, start_s: float) -> pa.RecordBatch:
    """As a decoder gives them, within an hour of `start_s`, with random ids."""
    random = rng.bytes(16 * rows)
    times = np.rint((start_s + 3_000 * rng.random(rows)) * 1e6).astype(np.int64)
    columns: dict[str, Any] = {
        "id": pa.array([str(uuid.UUID(bytes=random[at : at + 16])) for at in range(0, 16 * rows, 16)]),
        "time": pa.array(times).cast(TIME),
        "prediction": rng.beta(2.0, 5.0, rows),
        "latency_seconds": rng.gamma(2.0, 0.02, rows),
        "model_version": pa.array(itertools.repeat("v12", rows), pa.string(), size=rows),
        **{name: rng.lognormal(3.0, 1.0, rows) for name in (*FLOATS, *WHOLE)},
        **{name: pa.array(rng.choice(values, rows)) for name, values in CATEGORIES.items()},
    }
    return pa.RecordBatch.from_pydict(columns)


def _server_cpu_s(server: RunningPostgres) -> float:
    """CPU of the server's processes since they began."""
    ticks = 0
    for pid in server.pids():
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            user, system = stat.read_text().rpartition(")")[2].split()[11:13]
            ticks += int(user) + int(system)
    return ticks / _TICKS_A_SECOND
