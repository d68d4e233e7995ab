"""Remembering predictions by id: the shared log against a dict in one process and SQLite between processes.

Every contender remembers the same ids in batches, tells which are new, and then finds each one's prediction for its
label. All begin with ids as a decoder gives them, an Arrow column; that they agree is checked before anything is timed.
"""

from __future__ import annotations

import sqlite3
import tempfile
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from exporter.batch import Floats
from exporter.window.hashing import hash_text
from exporter.window.memory import SharedLock, SharedMemory
from exporter.window.prediction_log import SharedPredictionStore
from exporter.window.remembered import State
from tests.bench.harness import BenchRow, faster, interleave

ROWS = 100_000
BATCH = 5_000
ROUNDS = 5
CAPACITY = 262_144
NOW_S = 1_800_000_000.0
UNIT = "ids / CPU s, remembered and joined"


class IdMemory(Protocol):
    """What the contenders have in common: rows that are new, and the predictions that labels find."""

    def remember(self, ids: Any, scores: Floats) -> int: ...

    def join(self, ids: Any) -> Floats: ...


def run() -> list[BenchRow]:
    batches = some_batches(np.random.default_rng(7))
    with tempfile.TemporaryDirectory() as folder:
        contenders: dict[str, Callable[[], IdMemory]] = {
            "ours": SharedLog,
            "dict": DictOfOneProcess,
            "sqlite": lambda: SqliteFile(Path(folder)),
        }
        joined = {name: work(make(), batches) for name, make in contenders.items()}
        assert all(count == joined["ours"] for count in joined.values()), joined
        timings = interleave(
            {name: _forgetting(make, batches) for name, make in contenders.items()},
            ROUNDS,
        )
    items = (ROWS, ROWS)
    note = f"{ROWS:,} ids, {BATCH:,} a batch"
    return [
        faster("against a dict", timings["ours"], timings["dict"], items=items, unit=UNIT, note=f"{note}; one process"),
        faster("against SQLite", timings["ours"], timings["sqlite"], items=items, unit=UNIT, note=f"{note}; no fsync"),
        _memory(batches),
    ]


Batches = Sequence[tuple[Any, Floats]]


def some_batches(rng: np.random.Generator) -> Batches:
    """Ids as UUIDs look, one in a thousand a duplicate of an earlier one."""
    ids = [f"{number:032x}" for number in rng.integers(0, 2**62, ROWS).tolist()]
    for row in range(1_000, ROWS, 1_000):
        ids[row] = ids[row - 1]
    scores = rng.random(ROWS)
    return [(pa.array(ids[at : at + BATCH]), scores[at : at + BATCH]) for at in range(0, ROWS, BATCH)]


def work(memory: IdMemory, batches: Batches) -> int:
    """Remembers every id once, and counts the predictions that labels then find."""
    fresh = sum(memory.remember(ids, scores) for ids, scores in batches)
    assert abs(fresh - ROWS) < ROWS / 500, "a duplicate in a thousand is expected"
    return sum(len(memory.join(ids)) for ids, _ in batches)


class SharedLog:
    """`SharedPredictionStore`, with the hashing that goes before it."""

    def __init__(self) -> None:
        memory = SharedMemory(SharedPredictionStore.arrays(CAPACITY))
        self._store = SharedPredictionStore(memory, SharedLock(), 604_800.0, 86_400.0)

    def remember(self, ids: Any, scores: Floats) -> int:
        rows = len(ids)
        states = np.full(rows, State.WAITING, dtype=np.uint8)
        times, children = np.full(rows, NOW_S), np.zeros(rows, dtype=np.int64)
        return int(self._store.remember(hash_text(ids, 1), scores, times, children, states).fresh.sum())

    def join(self, ids: Any) -> Floats:
        return self._store.join(hash_text(ids, 1), np.ones(len(ids)), NOW_S).predictions


class DictOfOneProcess:
    """Id → prediction, oldest first; another process would know nothing of it."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float, int]] = {}
        self._labelled: set[str] = set()

    def remember(self, ids: Any, scores: Floats) -> int:
        before = len(self._known)
        for key, score in zip(ids.to_pylist(), scores.tolist(), strict=True):
            if key not in self._known:
                self._known[key] = (score, NOW_S, 0)
        while len(self._known) > CAPACITY:
            del self._known[next(iter(self._known))]
        return len(self._known) - before

    def join(self, ids: Any) -> Floats:
        found = []
        for key in ids.to_pylist():
            if key in self._known and key not in self._labelled:
                self._labelled.add(key)
                found.append(self._known[key][0])
        return np.array(found)


class SqliteFile:
    """A table that processes could share, in a file; as fast as SQLite goes when nothing need survive."""

    def __init__(self, folder: Path) -> None:
        path = folder / "ids.sqlite"
        path.unlink(missing_ok=True)
        self._connection = sqlite3.connect(path)
        self._connection.executescript(
            "pragma journal_mode = memory; pragma synchronous = off;"
            "create table ids (id text primary key, score real, ts real, child int, state int) without rowid;"
            "create temp table batch (id text, score real)"
        )

    def remember(self, ids: Any, scores: Floats) -> int:
        with self._connection as connection:
            self._load(ids, scores)
            insert = "insert or ignore into ids select id, score, ?, 0, 0 from batch"
            return connection.execute(insert, (NOW_S,)).rowcount

    def join(self, ids: Any) -> Floats:
        with self._connection as connection:
            self._load(ids, np.zeros(len(ids)))
            waiting = "state = 0 and id in (select id from batch)"
            found = connection.execute(f"select score from ids where {waiting}").fetchall()
            connection.execute(f"update ids set state = 1 where {waiting}")
        return np.array(found)

    def _load(self, ids: Any, scores: Floats) -> None:
        self._connection.execute("delete from batch")
        rows = zip(ids.to_pylist(), scores.tolist(), strict=True)
        self._connection.executemany("insert into batch values (?, ?)", rows)


def _forgetting(make: Callable[[], IdMemory], batches: Batches) -> Callable[[], None]:
    def once() -> None:
        work(make(), batches)

    return once


def _memory(batches: Batches) -> BenchRow:
    arrays = SharedPredictionStore.arrays(CAPACITY).values()
    ours = sum(np.dtype(dtype).itemsize * int(np.prod(shape)) for dtype, shape in arrays) / CAPACITY
    tracemalloc.start()
    known = DictOfOneProcess()
    work(known, batches)
    theirs = tracemalloc.get_traced_memory()[0] / ROWS
    tracemalloc.stop()
    return BenchRow("memory of an id", ours, theirs, "bytes", theirs / ours, note="the dict's in one process")
