"""Memory of an exporter for each monitor and feature: what its processes grow by when it has twice the monitors.

All of its processes count, pages that they share once (PSS), after every monitor has had traffic and was scraped. The
table of ids, which goes with the predictions remembered and not with the features, is told apart: that is what a
monitor costs beyond one that remembers as little as a monitor may, and that little itself.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exporter.window.prediction_log import SharedPredictionStore
from tests.bench.harness import BenchRow
from tests.bench.serving import memory_bytes
from tests.bench.workload import ARROW, BATCH_ROWS, FEATURES, Workload, a_workload, stamp, write_monitors
from tests.support.exporters import an_exporter

FEWEST_REMEMBERED = 1024
GOAL_KIB = 24
UNIT = "KiB / monitor and feature"


@dataclass(frozen=True, slots=True)
class MemorySizes:
    """Monitors of the smaller exporter, and the traffic of each."""

    monitors: int = 50
    batches: int = 4
    rows: int = BATCH_ROWS


def run(sizes: MemorySizes | None = None) -> list[BenchRow]:
    sizes = sizes or MemorySizes()
    with tempfile.TemporaryDirectory() as folder:
        workload = a_workload(Path(folder), sizes.rows)
        growth = {
            remembered: _growth(Path(folder), workload, sizes, remembered) for remembered in (0, FEWEST_REMEMBERED)
        }
    monitor_kib = {remembered: bytes_ / sizes.monitors / 1024 for remembered, bytes_ in growth.items()}
    rest_kib = monitor_kib[FEWEST_REMEMBERED] - _table_bytes(FEWEST_REMEMBERED) / 1024
    ids_kib, sent = monitor_kib[0] - rest_kib, sizes.batches * sizes.rows
    without_ids = rest_kib / FEATURES
    note = f"{sizes.monitors} to {2 * sizes.monitors} monitors of {FEATURES} features"
    return [
        BenchRow("memory", without_ids, None, UNIT, None, GOAL_KIB, without_ids <= GOAL_KIB, note),
        BenchRow("table of ids", ids_kib, None, "KiB / monitor", None, note=f"after {sent:,} predictions"),
        BenchRow("an id", ids_kib * 1024 / sent, None, "bytes", None, note=f"after {sent:,} predictions"),
    ]


def _growth(folder: Path, workload: Workload, sizes: MemorySizes, remembered: int) -> int:
    """Bytes between N and 2N monitors; `remembered` limits the table of ids, 0 leaves it as it comes."""
    few, many = (
        _memory(folder / f"{remembered}-{count}", workload, sizes, count, remembered)
        for count in (sizes.monitors, 2 * sizes.monitors)
    )
    return many - few


def _table_bytes(remembered: int) -> int:
    arrays = SharedPredictionStore.arrays(remembered).values()
    return sum(np.dtype(dtype).itemsize * int(np.prod(shape)) for dtype, shape in arrays)


def _memory(folder: Path, workload: Workload, sizes: MemorySizes, count: int, remembered: int) -> int:
    monitors = folder / "monitors"
    monitors.mkdir(parents=True)
    names = [f"monitor-{number:04d}" for number in range(count)]
    write_monitors(monitors, names, {"remembered_predictions": remembered} if remembered else {})
    with an_exporter(folder / "exporter", monitors, processes=1) as exporter:
        for name in names:
            for batch in range(sizes.batches):
                body = stamp(workload.arrow, batch)
                assert exporter.post(name, "predictions", body, content_type=ARROW).status_code == 202
        exporter.scrape(encoding="gzip")
        exporter.scrape(encoding="gzip")
        return memory_bytes(exporter)
