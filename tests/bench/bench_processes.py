"""One ingest process against two. The sender competes with them for the cores, so that the clock alone tells little:
beside events a second stand the CPU seconds of an event, and how many cores the exporter had while it was sent.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.harness import BenchRow, Timing, interleave
from tests.bench.serving import Load, LoadedExporter
from tests.bench.workload import ARROW, BATCH_ROWS, NDJSON, a_workload, write_monitors
from tests.support.exporters import an_exporter

MONITOR = "credit"


@dataclass(frozen=True, slots=True)
class ProcessSizes:
    """What is sent in a round, over how many connections."""

    rows: int = BATCH_ROWS
    batches: int = 60
    connections: int = 8
    rounds: int = 5


def run(sizes: ProcessSizes | None = None) -> list[BenchRow]:
    sizes = sizes or ProcessSizes()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        at = Path(folder)
        workload = a_workload(at, sizes.rows)
        monitors = at / "monitors"
        monitors.mkdir()
        write_monitors(monitors, [MONITOR])
        contenders = {}
        for processes in (1, 2):
            exporter = stack.enter_context(an_exporter(at / f"exporter-{processes}", monitors, processes))
            for number, (what, media_type) in enumerate((("NDJSON", NDJSON), ("Arrow IPC", ARROW))):
                body = workload.body(media_type)
                load = Load(what, MONITOR, body, media_type, number << 28, sizes.batches, sizes.connections)
                loaded = LoadedExporter(exporter, load, at / f"loads-{processes}")
                stack.enter_context(loaded.client)
                contenders[f"{what}, {processes}"] = loaded
        timings = interleave(contenders, sizes.rounds)
    events = sizes.rows * sizes.batches
    return [row for what in ("NDJSON", "Arrow IPC") for row in _rows(what, timings, events)]


def _rows(what: str, timings: dict[str, Timing], events: int) -> list[BenchRow]:
    one, two = timings[f"{what}, 1"], timings[f"{what}, 2"]
    by_clock = events / two.wall_s, events / one.wall_s
    by_cpu = events / two.cpu_s, events / one.cpu_s
    cores = f"{two.cpu_s / two.wall_s:.2f} cores against {one.cpu_s / one.wall_s:.2f}; ours is two, peer is one"
    return [
        BenchRow(f"{what}, by the clock", *by_clock, "events / s", by_clock[0] / by_clock[1], note=cores),
        BenchRow(
            f"{what}, by CPU", *by_cpu, "events / CPU s", by_cpu[0] / by_cpu[1], note="1 is no CPU lost to sharing"
        ),
    ]
