"""The spool: what it costs that an entry is durable before its sender is told so.

Each figure stands against the same work without that: the same writer on a disk that flushes nothing, and an event
loop that answers at once. All are rates of the clock, as a flush takes time and hardly any CPU.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from exporter.archive.spool.disk import LocalDisk
from exporter.archive.spool.limits import SpoolLimits
from exporter.archive.spool.watermark import LocalWatermark
from exporter.archive.spool.writer import Spool, open_spool
from exporter.errors import RetryLater
from tests.bench.harness import BenchRow, Timing, interleave

SMALL_BYTES, LARGE_BYTES = 1_500, 800_000
CONNECTIONS = 64
REQUEST_S = 40e-6
"""What the pipeline takes for one event that comes alone."""


@dataclass(frozen=True, slots=True)
class SpoolSizes:
    small_entries: int = 100_000
    large_entries: int = 200
    requests: int = 20_000
    rounds: int = 5


class CountingDisk(LocalDisk):
    """Counts flushes, or leaves them out."""

    def __init__(self, is_durable: bool) -> None:
        self.flushes = 0
        self._is_durable = is_durable

    def sync(self, handle: int) -> None:
        self.flushes += 1
        if self._is_durable:
            super().sync(handle)


def run(sizes: SpoolSizes | None = None) -> list[BenchRow]:
    sizes = sizes or SpoolSizes()
    with tempfile.TemporaryDirectory(dir=_folder_on_a_disk()) as folder:
        return [
            *_appends("entries of 1.5 kB", Path(folder), SMALL_BYTES, sizes.small_entries, sizes.rounds),
            *_appends("entries of 800 kB", Path(folder), LARGE_BYTES, sizes.large_entries, sizes.rounds),
            *_requests(Path(folder), sizes),
        ]


def _appends(name: str, folder: Path, entry_bytes: int, entries: int, rounds: int) -> list[BenchRow]:
    """As many as the queue takes at a time."""
    disk = CountingDisk(is_durable=True)
    payload = os.urandom(entry_bytes)
    timings = interleave(
        {
            "durable": lambda: _append_all(_an_opened_spool(folder, disk), payload, entries),
            "not flushed": lambda: _append_all(_an_opened_spool(folder, CountingDisk(False)), payload, entries),
        },
        rounds,
    )
    group = entries * (rounds + 1) / disk.flushes
    row = _rate(name, timings["durable"], timings["not flushed"], entries, "entries / s", f"{group:,.0f} a flush")
    megabytes = row.ours * entry_bytes / 1e6
    return [row, BenchRow(f"{name}: CPU of one", timings["durable"].cpu_s / entries * 1e6, None, "us", None,
                          note=f"{megabytes:,.0f} MB / s")]  # fmt: skip


def _append_all(spool: Spool, payload: bytes, entries: int) -> None:
    settled, left = threading.Event(), entries

    def settle(_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            settled.set()

    for _ in range(entries):
        while True:
            try:
                spool.append(payload, settle)
                break
            except RetryLater:
                time.sleep(0.000_5)
    settled.wait()
    spool.close()


def _requests(folder: Path, sizes: SpoolSizes) -> list[BenchRow]:
    """Single events from many connections, each sent when the one before is answered."""
    waits: list[float] = []
    timings = interleave(
        {
            "durable": lambda: asyncio.run(_serve(folder, sizes.requests, waits)),
            "not durable": lambda: asyncio.run(_serve(None, sizes.requests, [])),
        },
        sizes.rounds,
    )
    row = _rate(
        "requests of one event", timings["durable"], timings["not durable"], sizes.requests, "requests / s",
        f"{CONNECTIONS} connections, {REQUEST_S * 1e6:.0f} us of work each", goal=0.6,
    )  # fmt: skip
    quantiles = statistics.quantiles(waits, n=100)
    return [
        row,
        BenchRow("wait for an answer, p50", quantiles[49] * 1e3, None, "ms", None),
        BenchRow("wait for an answer, p99", quantiles[98] * 1e3, None, "ms", None),
    ]


async def _serve(folder: Path | None, requests: int, waits: list[float]) -> None:
    loop = asyncio.get_running_loop()
    spool = None if folder is None else _an_opened_spool(folder, LocalDisk(), loop.call_soon_threadsafe)
    turn = _LoopTurn(loop, spool, os.urandom(SMALL_BYTES))
    left = iter(range(requests))

    async def connection() -> None:
        for _ in left:
            start = time.perf_counter()
            await turn.take()
            waits.append(time.perf_counter() - start)

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    if spool is not None:
        spool.close()


class _LoopTurn:
    """Puts what comes within one turn of the loop into one entry, as the ingest does."""

    def __init__(self, loop: asyncio.AbstractEventLoop, spool: Spool | None, payload: bytes) -> None:
        self._loop = loop
        self._spool = spool
        self._payload = payload
        self._waiting: list[asyncio.Future[None]] = []

    def take(self) -> asyncio.Future[None]:
        if not self._waiting:
            self._loop.call_soon(self._drain)
        self._waiting.append(self._loop.create_future())
        return self._waiting[-1]

    def _drain(self) -> None:
        waiting, self._waiting = self._waiting, []
        work_until = time.perf_counter() + REQUEST_S * len(waiting)
        while time.perf_counter() < work_until:
            pass

        def answer(_: object) -> None:
            for future in waiting:
                future.set_result(None)

        if self._spool is None:
            self._loop.call_soon(answer, None)
        else:
            self._spool.append(self._payload, answer)


def _an_opened_spool(
    folder: Path, disk: LocalDisk, deliver: Callable[[Callable[[], None]], object] | None = None
) -> Spool:
    """In a folder of its own."""
    directory = Path(tempfile.mkdtemp(dir=folder))
    return open_spool(directory, LocalWatermark(), SpoolLimits(spool_bytes=2**34), deliver, disk=disk)


def _rate(
    name: str, ours: Timing, floor: Timing, items: int, unit: str, note: str, goal: float | None = None
) -> BenchRow:
    pairs = zip(ours.rounds, floor.rounds, strict=True)
    ratio = statistics.median(theirs.wall_s / mine.wall_s for mine, theirs in pairs)
    meets_goal = None if goal is None else ratio >= goal
    return BenchRow(name, items / ours.wall_s, items / floor.wall_s, unit, ratio, goal, meets_goal, note)


def _folder_on_a_disk() -> Path:
    """Not a folder in memory, as /tmp may be."""
    folder = Path(".bench")
    folder.mkdir(exist_ok=True)
    return folder
