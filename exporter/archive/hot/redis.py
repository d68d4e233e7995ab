"""The hot tier in a Redis server, shared by all replicas that use it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, InvalidResponse, RedisError, ResponseError
from redis.retry import Retry

from exporter.archive.address import masked
from exporter.archive.hot.breaker import Breaker
from exporter.archive.hot.packing import (
    DAY_US,
    ENTRY,
    KEY_BYTES,
    Entries,
    PackedRows,
    keys_of,
    names_wanted,
    pack,
    unpack,
)
from exporter.archive.hot.tier import HotMonitor
from exporter.batch import Booleans, Integers
from exporter.clock import Clock
from exporter.errors import InvalidSettings, RetryLater

_TIMEOUT_S = 0.25
_PAUSE_S = 2.0
_ROWS_A_CALL = {"append": 4096, "add": 512}
"""Some milliseconds of Redis, which answers nobody else meanwhile: to look whether a row is there takes longer."""

_IDS_A_CALL = 256
_LATER_US = 3_600_000_000
"""How far ahead of this clock a prediction may lie and still be found."""

_PREFIX = "infranaut:"
_FOUND = np.dtype([("row", "<u4"), ("entry", ENTRY)])

T = TypeVar("T")


class RedisHotTier:
    """A `HotTier`. A server that is away is noticed within a quarter of a second, then left alone for two."""

    def __init__(self, url: str, clock: Clock, breaker: Breaker | None = None) -> None:
        """InvalidSettings when the server is there but will not do; one that is away may come later."""
        self._address = masked(url)
        self._clock = clock
        self._breaker = breaker or Breaker(_PAUSE_S)
        self._entries_script = Path(__file__).with_name("entries.lua").read_text()
        self._tokens_script = Path(__file__).with_name("tokens.lua").read_text()
        self._client = _client(url, self._address)
        self._check()

    @property
    def is_up(self) -> bool:
        return not self._breaker.reason

    def put(self, monitor: HotMonitor, rows: pa.RecordBatch) -> None:
        self._put(monitor, pack(rows, monitor.predicts_text), "append")

    def rebuild(self, monitor: HotMonitor, batches: Iterable[pa.RecordBatch]) -> int:
        return sum(self._put(monitor, pack(batch, monitor.predicts_text), "add") for batch in batches)

    def find(self, monitor: HotMonitor, ids: pa.Array) -> pa.Table:
        rows, entries = self._find(monitor, ids)
        wanted = names_wanted(entries, monitor.predicts_text)
        names = self._call(lambda: self._names(monitor, wanted)) if wanted else {}
        return unpack(ids, rows, entries, names, monitor.predicts_text)

    def seen(self, monitor: HotMonitor, ids: pa.Array) -> Booleans:
        is_here = np.zeros(len(ids), dtype=np.bool_)
        is_here[self._find(monitor, ids)[0]] = True
        return is_here

    def row_count(self, monitor: HotMonitor) -> int:
        return int(self._entries(self._prefixes(monitor), "count"))

    def put_value(self, key: str, value: bytes, ttl_s: float) -> None:
        self._call(lambda: self._client.set(f"{_PREFIX}value:{key}", value, px=max(1, round(ttl_s * 1000))))

    def get_value(self, key: str) -> bytes | None:
        value: Any = self._call(lambda: self._client.get(f"{_PREFIX}value:{key}"))
        return None if value is None else bytes(value)

    def take(self, key: str, tokens: float, rate_per_s: float, burst: float) -> float:
        name = f"{_PREFIX}tokens:{key}"
        arguments = (repr(tokens), repr(rate_per_s), repr(burst))
        return float(self._call(lambda: self._client.eval(self._tokens_script, 1, name, *arguments)))

    def close(self) -> None:
        self._client.close()

    def _check(self) -> None:
        try:
            self._client.ping()
        except (AuthenticationError, AuthorizationError) as error:
            raise InvalidSettings(f"archive.hot.url: {self._address} refuses the user or password: {error}") from error
        except InvalidResponse as error:
            raise InvalidSettings(f"archive.hot.url: what answers at {self._address} is not Redis: {error}") from error
        except ResponseError as error:
            raise InvalidSettings(f"archive.hot.url: {self._address} cannot be used: {error}") from error
        except (RedisError, OSError) as error:
            if isinstance(error.__context__, ssl.SSLError) and not isinstance(error.__context__, ssl.SSLEOFError):
                raise InvalidSettings(f"archive.hot.url: no TLS with {self._address}: {error}") from error
            self._breaker.fail(_words(error))

    def _call(self, call: Callable[[], T]) -> T:
        """What the server answers; RetryLater when it does not, or when it did not a moment ago."""
        if self._breaker.is_open:
            raise self._away()
        try:
            answer = call()
        except (RedisError, OSError) as error:
            self._breaker.fail(_words(error))
            raise self._away() from error
        self._breaker.succeed()
        return answer

    def _away(self) -> RetryLater:
        return RetryLater(f"the hot tier at {self._address} is away: {self._breaker.reason}")

    def _put(self, monitor: HotMonitor, packed: PackedRows, how: str) -> int:
        names = [part for word, name in packed.names.items() for part in (_word_bytes(word), name)]
        added = 0
        for day, entries in packed.of_days().items():
            ttl_s = round((day + 1) * DAY_US / 1e6 + monitor.retention_s - self._clock.now())
            if ttl_s <= 0:
                continue
            for start in range(0, len(entries), _ROWS_A_CALL[how]):
                chunk = entries[start : start + _ROWS_A_CALL[how]].tobytes()
                added += int(self._entries([_prefix(monitor, day)], how, ttl_s, chunk, *names))
        return added

    def _find(self, monitor: HotMonitor, ids: pa.Array) -> tuple[Integers, Entries]:
        """Which of n ids are there, as indices in order, and their entries."""
        keys = keys_of(ids)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order].astype(">u8")
        parts = [np.empty(0, dtype=_FOUND)]
        for start in range(0, len(ids), _IDS_A_CALL):
            chunk = ordered[start : start + _IDS_A_CALL].tobytes()
            answer = self._entries(self._prefixes(monitor), "find", chunk)
            part = np.frombuffer(answer, dtype=_FOUND).copy()
            part["row"] += np.uint32(start)
            parts.append(part)
        found = np.concatenate(parts)
        rows = order[found["row"]]
        is_recent = found["entry"]["time"] >= (self._clock.now() - monitor.retention_s) * 1e6
        in_order = np.argsort(rows[is_recent])
        return rows[is_recent][in_order], found["entry"][is_recent][in_order]

    def _names(self, monitor: HotMonitor, words: list[int]) -> dict[int, bytes]:
        """What the words stand for, on whatever day it was told; those that are gone are left out."""
        keys = [_word_bytes(word) for word in words]
        pipeline = self._client.pipeline(transaction=False)
        for prefix in self._prefixes(monitor):
            pipeline.hmget(f"{prefix}:names", keys)
        return {
            word: name
            for names in pipeline.execute()
            for word, name in zip(words, names, strict=True)
            if name is not None
        }

    def _entries(self, prefixes: list[str], *arguments: Any) -> Any:
        return self._call(lambda: self._client.eval(self._entries_script, len(prefixes), *prefixes, *arguments))

    def _prefixes(self, monitor: HotMonitor) -> list[str]:
        """Of the days that predictions within the retention may lie on, oldest first."""
        now_us = round(self._clock.now() * 1e6)
        oldest = (now_us - round(monitor.retention_s * 1e6)) // DAY_US
        return [_prefix(monitor, day) for day in range(oldest, (now_us + _LATER_US) // DAY_US + 1)]


def _prefix(monitor: HotMonitor, day: int) -> str:
    kind = "text" if monitor.predicts_text else "number"
    return f"{_PREFIX}predictions:{monitor.name}:{kind}:{day}"


def _word_bytes(word: int) -> bytes:
    return word.to_bytes(KEY_BYTES, "little")


def _client(url: str, address: str) -> Redis:
    try:
        return Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
    except (ValueError, TypeError) as error:
        raise InvalidSettings(f"archive.hot.url: {address}: {masked(str(error))}") from error


def _words(error: Exception) -> str:
    """What went wrong; a time-out is only told apart by what caused it."""
    causes = [str(each) for each in (error, error.__context__) if each is not None and str(each)]
    return masked(": ".join(dict.fromkeys(causes))) or type(error).__name__
