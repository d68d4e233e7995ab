"""The hot tier: predictions put and found by id, packed into strings, against a key or a hash field for each row.

Everybody talks to the same real Redis through redis-py and has the same answer, which is checked before anything is
timed. The CPU is that of both, client and server. Bytes are what Redis says that it uses more than when it was empty.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import orjson
import pyarrow as pa
from redis import Redis

from exporter.archive.hot.memory import MemoryHotTier
from exporter.archive.hot.redis import RedisHotTier
from exporter.archive.hot.tier import HotMonitor, HotTier
from exporter.archive.schema import TIME
from exporter.clock import SystemClock
from tests.bench.harness import BenchRow, Elapsed, faster, interleave
from tests.support.programs import find
from tests.support.redis import RunningRedis, redis_server

MONITOR = HotMonitor("credit", predicts_text=False, retention_s=172_800.0)
TTL_S = 172_800
PUT_UNIT, FIND_UNIT = "rows / CPU s", "ids / CPU s"


@dataclass(frozen=True, slots=True)
class HotSizes:
    rows: int = 200_000
    batch: int = 5_000
    asked: int = 5_000
    rounds: int = 3


class HotContender(Protocol):
    """What the contenders have in common."""

    def put(self, rows: pa.RecordBatch) -> None: ...

    def find(self, ids: pa.Array) -> Mapping[str, float]: ...


def run(sizes: HotSizes = HotSizes()) -> list[BenchRow]:
    """No rows where there is no redis-server; `make services` gets one."""
    if find("redis-server") is None:
        return []
    with tempfile.TemporaryDirectory() as folder, redis_server(Path(folder)) as server, server.client() as client:
        batches = some_batches(sizes)
        asked = pa.concat_arrays([batch["id"] for batch in batches]).take(
            pa.array(np.random.default_rng(3).integers(0, sizes.rows, sizes.asked))
        )
        contenders: dict[str, Callable[[], HotContender]] = {
            "packed": lambda: OfTier(RedisHotTier(server.url, SystemClock())),
            "keys": lambda: KeyForEachRow(client),
            "fields": lambda: FieldForEachRow(client),
            "memory": lambda: OfTier(MemoryHotTier(SystemClock())),
        }
        sized = {name: _check(make(), client, batches, asked) for name, make in contenders.items()}
        puts = interleave(
            {name: _putting(make, client, batches, server) for name, make in contenders.items()}, sizes.rounds
        )
        finds = interleave(
            {name: _finding(make, client, batches, asked, server) for name, make in contenders.items()}, sizes.rounds
        )
    rows, ids = (sizes.rows, sizes.rows), (sizes.asked, sizes.asked)
    note = f"{sizes.rows:,} rows, {sizes.batch:,} a batch"
    asking = f"{sizes.asked:,} ids at once"
    return [
        faster("put, a key a row", puts["packed"], puts["keys"], items=rows, unit=PUT_UNIT, goal=3, note=note),
        faster("put, a field a row", puts["packed"], puts["fields"], items=rows, unit=PUT_UNIT, note=note),
        faster("find, a key a row", finds["packed"], finds["keys"], items=ids, unit=FIND_UNIT, note=asking),
        faster("find, a field a row", finds["packed"], finds["fields"], items=ids, unit=FIND_UNIT, note=asking),
        _fewer_bytes("a row, a key each", sized["packed"], sized["keys"], goal=3),
        _fewer_bytes("a row, a field each", sized["packed"], sized["fields"]),
        faster("put in memory", puts["memory"], None, items=rows, unit=PUT_UNIT, note="the embedded tier"),
        faster("find in memory", finds["memory"], None, items=ids, unit=FIND_UNIT, note="the embedded tier"),
    ]


def some_batches(sizes: HotSizes) -> Sequence[pa.RecordBatch]:
    """Predictions of the last minutes, of two versions and twenty segments, with ids as UUIDs look."""
    rng = np.random.default_rng(7)
    now_us = round(time.time() * 1e6)
    return [
        _a_batch(rng, sizes.batch, now_us - 1_000_000 * (number + 1)) for number in range(sizes.rows // sizes.batch)
    ]


class OfTier:
    def __init__(self, tier: HotTier) -> None:
        self._tier = tier

    def put(self, rows: pa.RecordBatch) -> None:
        self._tier.put(MONITOR, rows)

    def find(self, ids: pa.Array) -> Mapping[str, float]:
        found = self._tier.find(MONITOR, ids)
        return dict(zip(found["id"].to_pylist(), found["prediction"].to_pylist(), strict=True))


class KeyForEachRow:
    """SET of one JSON document with an expiry, all of a batch in one pipeline; MGET to find them."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def put(self, rows: pa.RecordBatch) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for name, document in _documents(rows):
            pipeline.set(f"p:{name}", document, ex=TTL_S, nx=True)
        pipeline.execute()

    def find(self, ids: pa.Array) -> Mapping[str, float]:
        names = ids.to_pylist()
        return _predictions(names, self._client.mget([f"p:{name}" for name in names]))


class FieldForEachRow:
    """HSETNX into one hash for each day, all of a batch in one pipeline; HMGET to find them."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def put(self, rows: pa.RecordBatch) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for name, document in _documents(rows):
            pipeline.hsetnx("p", name, document)
        pipeline.expire("p", TTL_S)
        pipeline.execute()

    def find(self, ids: pa.Array) -> Mapping[str, float]:
        names = ids.to_pylist()
        return _predictions(names, self._client.hmget("p", names))


def _a_batch(rng: np.random.Generator, rows: int, first_us: int) -> pa.RecordBatch:
    return pa.record_batch(
        {
            "id": pa.array([f"{high:016x}{low:016x}" for high, low in rng.integers(0, 2**62, (rows, 2)).tolist()]),
            "time": pa.array(first_us + np.arange(rows)).cast(TIME),
            "prediction": pa.array(rng.random(rows)),
            "model_version": pa.array([f"{version}" for version in rng.integers(1, 3, rows)]),
            "segment": pa.array([f"region-{segment}" for segment in rng.integers(0, 20, rows)]),
        }
    )


def _documents(rows: pa.RecordBatch) -> list[tuple[str, bytes]]:
    columns = ("prediction", "model_version", "segment")
    values = zip(*(rows[name].to_pylist() for name in columns), strict=True)
    times = rows["time"].cast(pa.int64()).to_pylist()
    documents = (orjson.dumps([at, *value]) for at, value in zip(times, values, strict=True))
    return list(zip(rows["id"].to_pylist(), documents, strict=True))


def _predictions(names: Sequence[str], documents: Any) -> Mapping[str, float]:
    return {
        name: orjson.loads(document)[1] for name, document in zip(names, documents, strict=True) if document is not None
    }


def _check(contender: HotContender, client: Redis, batches: Sequence[pa.RecordBatch], asked: pa.Array) -> float:
    """Bytes of Redis a row; AssertionError when it does not find everything."""
    client.flushall()
    before = _used_bytes(client)
    _put_all(contender, batches)
    found = contender.find(asked)
    truth = pa.concat_tables([pa.Table.from_batches([batch]) for batch in batches])
    known = dict(zip(truth["id"].to_pylist(), truth["prediction"].to_pylist(), strict=True))
    assert dict(found) == {name: known[name] for name in asked.to_pylist()}
    return (_used_bytes(client) - before) / int(truth.num_rows)


def _putting(
    make: Callable[[], HotContender], client: Redis, batches: Sequence[pa.RecordBatch], server: RunningRedis
) -> Callable[[], Elapsed]:
    def once() -> Elapsed:
        client.flushall()
        contender = make()
        return _elapsed(lambda: _put_all(contender, batches), server)

    return once


def _put_all(contender: HotContender, batches: Sequence[pa.RecordBatch]) -> None:
    for batch in batches:
        contender.put(batch)


def _finding(
    make: Callable[[], HotContender],
    client: Redis,
    batches: Sequence[pa.RecordBatch],
    asked: pa.Array,
    server: RunningRedis,
) -> Callable[[], Elapsed]:
    def once() -> Elapsed:
        client.flushall()
        contender = make()
        _put_all(contender, batches)
        return _elapsed(lambda: contender.find(asked), server)

    return once


def _elapsed(work: Callable[[], object], server: RunningRedis) -> Elapsed:
    own_s, theirs_s, wall_s = time.process_time(), server.cpu_s(), time.perf_counter()
    work()
    cpu_s = time.process_time() - own_s + server.cpu_s() - theirs_s
    return Elapsed(cpu_s, time.perf_counter() - wall_s)


def _fewer_bytes(name: str, ours: float, theirs: float, goal: float | None = None) -> BenchRow:
    ratio = theirs / ours
    return BenchRow(name, ours, theirs, "bytes", ratio, goal, None if goal is None else ratio >= goal)


def _used_bytes(client: Redis) -> int:
    memory: Any = client.info("memory")
    return int(memory["used_memory"])
