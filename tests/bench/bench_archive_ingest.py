"""What durability costs: requests into an exporter that flushes them to its spool first, against one that does not.

Both run side by side, each in turn, with the archivist landing meanwhile what came; a round begins once it has nothing
left to do, so that one exporter does not pay for the other. By the clock the sender competes for the same cores; by CPU
only the ingest processes count. How long an acknowledgement takes is measured at half the rate that the spool can bear.
"""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.harness import BenchRow, Elapsed, Timing, interleave
from tests.bench.serving import Load, LoadedExporter
from tests.bench.workload import ARROW, BATCH_ROWS, NDJSON, a_workload, write_monitors
from tests.support.exporters import RunningExporter, an_exporter
from tests.support.polling import wait_until

MONITOR = "credit"
ACKS = ("spool", "none")
GOAL = 0.6
SINGLE = "single posts"
LANDED_WITHIN_S = 300


@dataclass(frozen=True, slots=True)
class ArchiveIngestSizes:
    """Rows of small and large bodies, requests of a round of each, and the length of the measurement of latencies."""

    small_rows: int = 100
    rows: int = BATCH_ROWS
    singles: int = 20_000
    small: int = 1_000
    large: int = 40
    connections: int = 64
    rounds: int = 5
    latency_s: float = 10.0


@dataclass(frozen=True, slots=True)
class _RestedExporter:
    """A load on an exporter whose archivist has nothing left to do when a round ends."""

    exporter: RunningExporter
    loaded: LoadedExporter

    def __call__(self) -> Elapsed:
        elapsed = self.loaded()
        wait_until(self._has_landed, LANDED_WITHIN_S, "everything landed")
        return elapsed

    def _has_landed(self) -> bool:
        return not any(self.exporter.metrics().values("infranaut_spool_lag_seconds"))


def run(sizes: ArchiveIngestSizes | None = None) -> list[BenchRow]:
    sizes = sizes or ArchiveIngestSizes()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        at = Path(folder)
        loads = some_loads(at, sizes)
        exporters = {ack: stack.enter_context(an_archiving_exporter(at / ack, ack)) for ack in ACKS}

        def contender(ack: str, load: Load) -> _RestedExporter:
            loaded = LoadedExporter(exporters[ack], load, at / f"{ack}-{load.rate}")
            stack.enter_context(loaded.client)
            return _RestedExporter(exporters[ack], loaded)

        contenders = {f"{name}, {ack}": contender(ack, load) for name, load in loads.items() for ack in ACKS}
        timings = interleave(contenders, sizes.rounds)
        rows = [row for name, load in loads.items() for row in _rates(name, load, timings)]
        rate = loads[SINGLE].requests / timings[f"{SINGLE}, spool"].wall_s / 2
        half = replace(loads[SINGLE], first=15 << 28, requests=max(round(rate * sizes.latency_s), 1), rate=rate)
        return rows + _latencies({ack: contender(ack, half) for ack in ACKS}, rate)


def an_archiving_exporter(folder: Path, ack: str) -> AbstractContextManager[RunningExporter]:
    """An exporter of one ingest process that acknowledges in the given way, its tiers in its state folder."""
    monitors, settings = folder / "monitors", folder / "infranaut.yaml"
    monitors.mkdir(parents=True)
    write_monitors(monitors, [MONITOR])
    settings.write_text(f"archive: {{ack: {ack}}}\n")
    return an_exporter(folder / "exporter", monitors, processes=1, flags=("--config", str(settings)))


def some_loads(folder: Path, sizes: ArchiveIngestSizes) -> dict[str, Load]:
    """One for each line of the table, on ids that do not meet."""
    single, small, large = (a_workload(folder, rows) for rows in (1, sizes.small_rows, sizes.rows))
    given = [
        (SINGLE, single.ndjson.rstrip(b"\n"), NDJSON, sizes.singles, sizes.connections),
        (f"{sizes.small_rows:,} rows of NDJSON", small.ndjson, NDJSON, sizes.small, 16),
        (f"{sizes.small_rows:,} rows of Arrow", small.arrow, ARROW, sizes.small, 16),
        (f"{sizes.rows:,} rows of NDJSON", large.ndjson, NDJSON, sizes.large, 4),
        (f"{sizes.rows:,} rows of Arrow", large.arrow, ARROW, sizes.large, 4),
    ]
    return {
        name: Load(name.replace(" ", "-").replace(",", ""), MONITOR, body, media, number << 28, requests, connections)
        for number, (name, body, media, requests, connections) in enumerate(given)
    }


def _rates(name: str, load: Load, timings: dict[str, Timing]) -> list[BenchRow]:
    spool, none = timings[f"{name}, spool"], timings[f"{name}, none"]
    note = f"ours is ack: spool, peer is ack: none; {load.connections} connections, {len(load.body):,} bytes a request"
    by_clock, by_cpu = none.wall_ratio(spool), none.cpu_ratio(spool)
    return [
        BenchRow(
            f"{name}, by the clock", load.requests / spool.wall_s, load.requests / none.wall_s, "requests / s",
            by_clock, GOAL, by_clock >= GOAL, note,
        ),
        BenchRow(
            f"{name}, by CPU", load.requests / spool.cpu_s, load.requests / none.cpu_s, "requests / CPU s",
            by_cpu, GOAL, by_cpu >= GOAL, note,
        ),
    ]  # fmt: skip


def _latencies(contenders: dict[str, _RestedExporter], rate: float) -> list[BenchRow]:
    """Of acknowledgements of single posts; the wait for a free connection counts."""
    taken: dict[str, list[float]] = {}
    for ack, contender in contenders.items():
        contender()
        taken[ack] = sorted(contender.loaded.client.answer["latencies_s"])  # type: ignore[call-overload]  # floats
    note = f"{rate:,.0f} single posts a second, half of what ack: spool takes"
    rows = []
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        ours, peer = (1_000 * _quantile(taken[ack], share) for ack in ACKS)
        rows.append(BenchRow(f"acknowledgement, {name}", ours, peer, "ms", peer / ours, note=note))
    return rows


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
