"""Profiles of windows, built from archived rows: against whylogs, and what each part costs.

Ours begins with record batches as the warm tier gives them back and ends with the profile: checks, bins, moments,
quantile and distinct sketches of 20 features. whylogs begins with a pandas frame of the same features, all in one call.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exporter.archive.recounting import Recounting
from exporter.archive.schema import TIME
from exporter.batch import Floats
from exporter.window.distinct_sketch import DistinctSketch
from exporter.window.layout import Layout
from exporter.window.profile import Profile
from exporter.window.profile_builder import ProfileBuilder
from exporter.window.profile_bytes import decode_profile, encode_profile
from exporter.window.quantile_sketch import QuantileSketch
from tests.bench.bench_pipeline import HERE, REQUIREMENTS
from tests.bench.harness import BenchRow, Contender, faster, interleave
from tests.bench.peers import PeerProcess, PeerUnavailable, environment
from tests.bench.workload import CATEGORIES, FLOATS, WHOLE, Workload, a_workload, some_rows

UNIT = "rows / CPU s"
GOAL = 5.0
OURS, PEER = "profile of 20 features", "whylogs"


@dataclass(frozen=True, slots=True)
class ProfileSizes:
    """Rows of a batch, batches of a window, rounds, and whether the peer takes part."""

    rows: int = 20_000
    batches: int = 5
    rounds: int = 5
    has_peer: bool = True

    @property
    def window_rows(self) -> int:
        return self.rows * self.batches


def run(sizes: ProfileSizes | None = None) -> list[BenchRow]:
    sizes = sizes or ProfileSizes()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        at = Path(folder)
        workload = a_workload(at, rows=10)
        batches = [archived_rows(seed, sizes.rows) for seed in range(sizes.batches)]
        profile = profiled(workload, batches)
        numbers = np.random.default_rng(3).lognormal(3.0, 1.0, sizes.window_rows)
        contenders: dict[str, Contender] = {
            OURS: _forgetting(lambda: profiled(workload, batches)),
            "two profiles merged": _forgetting(lambda: profile.merge(profile)),
            "to bytes and back": _forgetting(lambda: decode_profile(encode_profile(profile))),
            "quantile sketch": _forgetting(lambda: _quantiles(numbers)),
            "distinct sketch": _forgetting(lambda: _distinct(numbers)),
            "distinct sketch, a value at a time": _forgetting(lambda: _distinct_one_by_one(numbers)),
        }
        why_not = _add_peer(contenders, at, sizes, stack) if sizes.has_peer else "left out"
        timings = interleave(contenders, sizes.rounds)
    size_bytes = len(encode_profile(profile))
    items = (sizes.window_rows, sizes.window_rows)
    peer = timings.get(PEER)
    return [
        faster(OURS, timings[OURS], peer, items=items, unit=UNIT, goal=GOAL, note=why_not or REQUIREMENTS[PEER][0]),
        faster(
            "distinct sketch",
            timings["distinct sketch"],
            timings["distinct sketch, a value at a time"],
            items=items,
            unit="values / CPU s",
            note="against handing every value to the library",
        ),
        faster("quantile sketch", timings["quantile sketch"], None, items=items, unit="values / CPU s"),
        *(
            BenchRow(name, timings[name].cpu_s * 1000, None, "CPU ms", None, note=f"{size_bytes:,} bytes a profile")
            for name in ("two profiles merged", "to bytes and back")
        ),
    ]


def archived_rows(seed: int, rows: int) -> pa.RecordBatch:
    """Rows of the workload as `read_labelled` gives them, two of three with a label."""
    rng = np.random.default_rng(seed)
    columns = some_rows(rng, rows)
    micros = (columns["ts"] * 1e6).round().astype(np.int64)
    is_labelled = rng.random(rows) < 2 / 3
    named = {
        "id": pa.array(columns["request_id"]),
        "time": pa.array(micros).cast(TIME),
        "prediction": pa.array(columns["score"]),
        "latency_seconds": pa.array(columns["latency"]),
        **{name: pa.array(columns[name].astype(np.float64)) for name in (*FLOATS, *WHOLE)},
        **{name: pa.array(columns[name].tolist()) for name in CATEGORIES},
        "label": pa.array((rng.random(rows) < columns["score"]).astype(np.float64), mask=~is_labelled),
        "label_time": pa.array(micros + 60_000_000, mask=~is_labelled).cast(TIME),
    }
    return pa.RecordBatch.from_pydict(named)


def profiled(workload: Workload, batches: list[pa.RecordBatch]) -> Profile:
    recounting = Recounting(workload.monitor)
    builder = ProfileBuilder(Layout(workload.monitor, workload.reference))
    for batch in batches:
        builder.add(recounting.recount(batch))
    [profile] = builder.profiles().values()
    return profile


def _quantiles(values: Floats) -> None:
    QuantileSketch().add(values)


def _distinct(values: Floats) -> None:
    DistinctSketch().add_numbers(values)


def _distinct_one_by_one(values: Floats) -> None:
    sketch = DistinctSketch().library_sketch
    for value in values.tolist():
        sketch.update(value)


def _add_peer(contenders: dict[str, Contender], folder: Path, sizes: ProfileSizes, stack: ExitStack) -> str:
    """Why it cannot be had; empty where it takes part."""
    rows = some_rows(np.random.default_rng(20), sizes.window_rows)
    features = pa.table({name: rows[name] for name in ("score", "latency", *FLOATS, *WHOLE, *CATEGORIES)})
    pq.write_table(features, folder / "rows.parquet")
    try:
        python = environment(PEER, REQUIREMENTS[PEER])
        job = {"rows": str(folder / "rows.parquet")}
        contenders[PEER] = stack.enter_context(PeerProcess(python, HERE / "run_whylogs.py", job, folder / "stderr"))
    except PeerUnavailable as reason:
        return str(reason)
    return ""


def _forgetting(work: Callable[[], object]) -> Callable[[], None]:
    def once() -> None:
        work()

    return once
