"""The hot tier of one machine: in the memory of the process that has it, bounded, and empty when it starts."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from exporter.archive.hot.packing import PackedRows, keys_of, pack, unpack
from exporter.archive.hot.recent_rows import RecentRows
from exporter.archive.hot.tier import HotMonitor
from exporter.batch import Booleans
from exporter.clock import Clock

_MOST_VALUES = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class MemoryHotTier:
    """A `HotTier` that nobody shares and that is never away."""

    is_up = True

    def __init__(self, clock: Clock, rows_a_monitor: int = 1_000_000) -> None:
        """A row takes 40 bytes, and for a moment, when the oldest are given up, twice as much."""
        self._clock = clock
        self._rows_a_monitor = rows_a_monitor
        self._rows: dict[tuple[str, bool], RecentRows] = {}
        self._values: dict[str, tuple[bytes, float]] = {}
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def put(self, monitor: HotMonitor, rows: pa.RecordBatch) -> None:
        self._add(monitor, pack(rows, monitor.predicts_text))

    def find(self, monitor: HotMonitor, ids: pa.Array) -> pa.Table:
        with self._lock:
            recent = self._of(monitor)
            rows, entries = recent.find(keys_of(ids), self._not_before_us(monitor))
            return unpack(ids, rows, entries, recent.names, monitor.predicts_text)

    def seen(self, monitor: HotMonitor, ids: pa.Array) -> Booleans:
        is_here = np.zeros(len(ids), dtype=np.bool_)
        with self._lock:
            is_here[self._of(monitor).find(keys_of(ids), self._not_before_us(monitor))[0]] = True
        return is_here

    def rebuild(self, monitor: HotMonitor, batches: Iterable[pa.RecordBatch]) -> int:
        added = 0
        for batch in batches:
            packed = pack(batch, monitor.predicts_text)
            keys = packed.entries["key"].astype(np.uint64)
            is_first = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
            with self._lock:
                is_first[self._of(monitor).find(keys, self._not_before_us(monitor))[0]] = False
            added += self._add(monitor, PackedRows(packed.entries[is_first], packed.names))
        return added

    def row_count(self, monitor: HotMonitor) -> int:
        with self._lock:
            return len(self._of(monitor))

    def put_value(self, key: str, value: bytes, ttl_s: float) -> None:
        now = self._clock.now()
        with self._lock:
            self._values.pop(key, None)
            if len(self._values) >= _MOST_VALUES:
                self._values = {name: kept for name, kept in self._values.items() if kept[1] > now}
            if len(self._values) >= _MOST_VALUES:
                del self._values[next(iter(self._values))]
            self._values[key] = (value, now + ttl_s)

    def get_value(self, key: str) -> bytes | None:
        with self._lock:
            value, until = self._values.get(key, (None, 0.0))
        return value if until > self._clock.now() else None

    def take(self, key: str, tokens: float, rate_per_s: float, burst: float) -> float:
        now = self._clock.now()
        with self._lock:
            bucket = self._buckets.setdefault(key, _Bucket(burst, now))
            bucket.tokens = min(burst, bucket.tokens + max(0.0, now - bucket.filled_at) * rate_per_s)
            bucket.filled_at = now
            granted = max(0.0, min(tokens, bucket.tokens))
            bucket.tokens -= granted
        return granted

    def close(self) -> None:
        """There is nothing to let go of."""

    def _add(self, monitor: HotMonitor, packed: PackedRows) -> int:
        not_before_us = self._not_before_us(monitor)
        recent = packed.entries[packed.entries["time"] >= not_before_us]
        with self._lock:
            self._of(monitor).add(PackedRows(recent, packed.names), not_before_us)
        return len(recent)

    def _of(self, monitor: HotMonitor) -> RecentRows:
        key = (monitor.name, monitor.predicts_text)
        if key not in self._rows:
            self._rows[key] = RecentRows(self._rows_a_monitor, monitor.predicts_text)
        return self._rows[key]

    def _not_before_us(self, monitor: HotMonitor) -> int:
        return round((self._clock.now() - monitor.retention_s) * 1e6)
