"""Memory and disk of a real Prometheus for series like those of a monitor: what `infranaut plan` reckons with.

Memory : what the process holds more of, once it has scraped so many series until their first chunks are half full, over
         their number. The peaks of compaction and of queries come on top.
Disk   : chunks and index of a block that spans days, as Prometheus puts them together, over its samples: of counters as
         they are exposed, and of what rules record, the growth of each in an hour, whose digits compress less.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from exporter.cli.backfilling.blocks import BLOCK_S, create_blocks
from rules.cost import coefficients
from tests.bench.harness import BenchRow
from tests.support.polling import wait_until
from tests.support.programs import require
from tests.support.rule_loads import own_metrics
from tests.support.services import a_prometheus_config, prometheus

SCRAPE_S = 15
BEGAN_S = 1_750_118_400
SERIES_OF_A_FEATURE = 14
_SCRAPES_AN_HOUR = 3600 // SCRAPE_S
_SEED = 13
_HELD, _HEAD, _APPENDED = (
    "process_resident_memory_bytes",
    "prometheus_tsdb_head_series",
    "prometheus_tsdb_head_samples_appended_total",
)


@dataclass(frozen=True, slots=True)
class StorageSizes:
    """Series and scrapes that memory is measured by, series and hours that a block is made of, events a second."""

    head_series: int = 60_000
    scrapes: int = 60
    block_series: int = 140
    hours: int = 48
    events_a_second: float = 10.0


def run(sizes: StorageSizes | None = None) -> list[BenchRow]:
    """Bytes a series in memory, bytes a sample on disk, beside what the plan reckons with."""
    sizes = sizes or StorageSizes()
    known = coefficients()
    with tempfile.TemporaryDirectory(prefix="infranaut-bench-") as temporary:
        memory = _memory_a_series(Path(temporary), sizes)
    counts = _Counts(sizes.block_series, sizes.events_a_second)
    exposed = np.stack([counts.go_on() for _ in range(sizes.hours * _SCRAPES_AN_HOUR)])
    recorded = (exposed[_SCRAPES_AN_HOUR:] - exposed[:-_SCRAPES_AN_HOUR]) * (3600 / (3600 - SCRAPE_S))
    of_what = f"{sizes.hours} hours in one block, {sizes.events_a_second:g} events a second"
    return [
        _row("memory", memory, known.head_bytes_a_series, "bytes a series", f"{sizes.head_series:,} series"),
        *(
            _row(name, _disk_a_sample(counts.names, grid), planned, "bytes a sample", of_what)
            for name, grid, planned in (
                ("disk, exposed", exposed, known.disk_bytes_a_sample),
                ("disk, recorded", recorded, known.disk_bytes_a_recorded_sample),
            )
        ),
    ]


def _row(name: str, measured: float, planned: float, unit: str, of_what: str) -> BenchRow:
    return BenchRow(name, measured, planned, unit, planned / measured, note=f"{of_what}; peer: the plan")


def _memory_a_series(folder: Path, sizes: StorageSizes) -> float:
    counts = _Counts(sizes.head_series, sizes.events_a_second)
    with _exposed(counts) as address, prometheus(a_prometheus_config({}), folder) as server:
        before = own_metrics(server)
        config = a_prometheus_config({"ml": [address]}, interval="5s")
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        server.reload()
        wanted = sizes.head_series * sizes.scrapes
        wait_until(lambda: own_metrics(server).get(_APPENDED, 0.0) >= wanted, 600, "every scrape")
        after = own_metrics(server)
    return (after[_HELD] - before[_HELD]) / (after[_HEAD] - before[_HEAD])


def _disk_a_sample(names: Sequence[str], grid: npt.NDArray[Any]) -> float:
    """`grid` holds the values of each scrape, a column for each series."""
    with tempfile.TemporaryDirectory(prefix="infranaut-bench-") as temporary:
        folder = Path(temporary)
        (folder / "blocks").mkdir()
        with (folder / "counts.txt").open("w", encoding="utf-8") as file:
            file.writelines(_history(names, grid))
        create_blocks(require("promtool"), folder / "counts.txt", folder, BLOCK_S * 3**4)
        return sum(path.stat().st_size for path in (folder / "blocks").rglob("*") if path.is_file()) / grid.size


def _history(names: Sequence[str], grid: npt.NDArray[Any]) -> Iterator[str]:
    """Series by series, as promtool wants them."""
    for number, name in enumerate(names):
        labels = f'{name},job="ml",instance="exporter-1:9750"}}'
        for step, value in enumerate(grid[:, number].tolist()):
            yield f"{labels} {value!r} {BEGAN_S + step * SCRAPE_S}\n"
    yield "# EOF\n"


class _Counts:
    """Counters of bins: some get many events, most get few, one in seven none, as in the bins of a monitor."""

    def __init__(self, series: int, events_a_second: float) -> None:
        self._rng = np.random.default_rng(_SEED)
        shares = self._rng.dirichlet(np.ones(SERIES_OF_A_FEATURE), -(-series // SERIES_OF_A_FEATURE)).ravel()[:series]
        shares[::7] = 0.0
        self._means = shares * events_a_second * SCRAPE_S
        self.names = [_name(number) for number in range(series)]
        self.values: npt.NDArray[np.int64] = np.zeros(series, dtype=np.int64)

    def go_on(self) -> npt.NDArray[np.int64]:
        """The counts at the next scrape."""
        self.values = self.values + self._rng.poisson(self._means)
        return self.values


def _name(number: int) -> str:
    feature, bin_number = divmod(number, SERIES_OF_A_FEATURE)
    return (
        f'infranaut_feature_bin_total{{monitor="credit-default",model_version="v1",reference="credit",'
        f'feature="feature_{feature:04d}",bin="q{bin_number:02d}"'
    )


@contextmanager
def _exposed(counts: _Counts) -> Iterator[str]:
    """The address of a server whose counts go on with each scrape."""

    class CountsHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            lines = (f"{name}}} {value}\n" for name, value in zip(counts.names, counts.go_on().tolist(), strict=True))
            body = "".join(lines).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), CountsHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
