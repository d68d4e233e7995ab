"""Memory of an exporter that archives what it is sent, at a steady rate: it must not grow.

All of its processes count, pages that they share once (PSS). What fills up to a bound that a monitor sets, such as the
table of ids, is small here, and full before the measurement begins. SOAK_SECONDS is the length of the measurement.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.harness import BenchRow
from tests.bench.serving import Load, LoadedExporter, memory_bytes
from tests.bench.workload import NDJSON, a_workload, write_monitors
from tests.support.exporters import an_exporter

MONITOR = "credit"
SECONDS = "SOAK_SECONDS"
GOAL_PERCENT = 5.0
REMEMBERED = 4_096
_MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class SoakSizes:
    """What is sent, and for how long; memory is looked at after each interval.

    warm_up_s : before the measurement, in which bounded things fill.
    """

    seconds: float
    warm_up_s: float = 30.0
    interval_s: float = 1.0
    rows: int = 100
    bodies_a_second: float = 40.0


def run(sizes: SoakSizes | None = None) -> list[BenchRow]:
    sizes = sizes or SoakSizes(float(os.environ.get(SECONDS, "60")))
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        body = a_workload(at, sizes.rows).ndjson
        monitors = at / "monitors"
        monitors.mkdir()
        write_monitors(monitors, [MONITOR], {"remembered_predictions": REMEMBERED})
        requests = max(round(sizes.bodies_a_second * sizes.interval_s), 1)
        load = Load("soak", MONITOR, body, NDJSON, 0, requests, 4, sizes.bodies_a_second)
        with an_exporter(at / "exporter", monitors, processes=1) as exporter:
            loaded = LoadedExporter(exporter, load, at / "loads")
            with loaded.client:
                for _ in range(_intervals(sizes.warm_up_s, sizes)):
                    loaded()
                taken = [memory_bytes(exporter)]
                for _ in range(_intervals(sizes.seconds, sizes)):
                    loaded()
                    exporter.scrape()
                    taken.append(memory_bytes(exporter))
    return _rows(taken, sizes)


def growth_percent(taken: list[int]) -> float:
    """Between the first and the last third of what was seen, the lower quartile of each: merges come and go."""
    third = max(len(taken) // 3, 1)
    first, last = (sorted(part)[third // 4] for part in (taken[:third], taken[-third:]))
    return 100 * (last / first - 1)


def _rows(taken: list[int], sizes: SoakSizes) -> list[BenchRow]:
    growth = growth_percent(taken)
    note = f"{sizes.seconds:g} s of {sizes.rows * sizes.bodies_a_second:,.0f} rows a second, archived"
    return [
        BenchRow("growth", growth, None, "%", None, GOAL_PERCENT, growth < GOAL_PERCENT, f"{note}; less than the goal"),
        BenchRow("memory", taken[-1] / _MEBIBYTE, None, "MiB", None, note=f"{taken[0] / _MEBIBYTE:,.0f} at first"),
        BenchRow("peak", max(taken) / _MEBIBYTE, None, "MiB", None, note="while files are merged"),
    ]


def _intervals(seconds: float, sizes: SoakSizes) -> int:
    return max(round(seconds / sizes.interval_s), 1)
