"""Events into a real `infranaut serve`, over HTTP: batches of NDJSON and of Arrow IPC, and single events.

The whole path as shipped: validation, duplicates, labels awaited, dead letters. Figures are events a CPU-second of the
ingest process, and events a second of the clock, in which the sender competes for the same cores.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.harness import BenchRow, Timing, interleave
from tests.bench.serving import Load, LoadedExporter
from tests.bench.workload import ARROW, BATCH_ROWS, NDJSON, Workload, a_workload, write_monitors
from tests.support.exporters import an_exporter

MONITOR = "credit"
UNIT, WALL_UNIT = "events / CPU s", "events / s"
GOALS = {"NDJSON": 350_000, "NDJSON, 2 % null": None, "Arrow IPC": 1_200_000, "single events": 20_000}


@dataclass(frozen=True, slots=True)
class IngestSizes:
    """How much is sent: rows of a batch, batches and single events of a round."""

    rows: int = BATCH_ROWS
    batches: int = 60
    singles: int = 20_000
    connections: int = 64
    rounds: int = 5


def run(sizes: IngestSizes | None = None) -> list[BenchRow]:
    sizes = sizes or IngestSizes()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        at = Path(folder)
        loads = some_loads(at, sizes)
        monitors = at / "monitors"
        monitors.mkdir()
        write_monitors(monitors, [MONITOR])
        exporter = stack.enter_context(an_exporter(at / "exporter", monitors, processes=1))
        contenders = {name: LoadedExporter(exporter, load, at / "loads") for name, load in loads.items()}
        for contender in contenders.values():
            stack.enter_context(contender.client)
        timings = interleave(contenders, sizes.rounds)
    return [row for name, load in loads.items() for row in _rows(name, load, sizes, timings[name])]


def some_loads(folder: Path, sizes: IngestSizes) -> dict[str, Load]:
    """One for each line of the table, on ids that do not meet."""
    whole, single = a_workload(folder, sizes.rows), a_workload(folder, 1)
    gaps = a_workload(folder, sizes.rows, missing_ratio=0.02)

    def load(number: int, name: str, workload: Workload, media_type: str) -> Load:
        is_single = workload is single
        requests, connections = (sizes.singles, sizes.connections) if is_single else (sizes.batches, 2)
        body = workload.body(media_type).rstrip(b"\n") if is_single else workload.body(media_type)
        return Load(name.replace(" ", "-"), MONITOR, body, media_type, number << 28, requests, connections)

    given = [
        ("NDJSON", whole, NDJSON),
        ("NDJSON, 2 % null", gaps, NDJSON),
        ("Arrow IPC", whole, ARROW),
        ("single events", single, NDJSON),
    ]
    return {name: load(number, name, workload, media) for number, (name, workload, media) in enumerate(given)}


def _rows(name: str, load: Load, sizes: IngestSizes, timing: Timing) -> list[BenchRow]:
    is_single = name == "single events"
    events = load.requests * (1 if is_single else sizes.rows)
    note = f"{load.connections} connections" if is_single else f"{sizes.rows:,} a batch, {len(load.body):,} bytes"
    goal, by_cpu = GOALS[name], events / timing.cpu_s
    met = None if goal is None else by_cpu >= goal
    return [
        BenchRow(name, by_cpu, None, UNIT, None, goal, met, note),
        BenchRow(f"{name}, by the clock", events / timing.wall_s, None, WALL_UNIT, None, note=note),
    ]
