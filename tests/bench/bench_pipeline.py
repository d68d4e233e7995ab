"""The whole data path in one process, without HTTP: against whylogs and evidently, and what each safety costs.

Ours begins with bytes and ends with counts in shared memory: decoding, times, derived features, duplicates by id,
validation, counting. The peers begin with a pandas frame of the same features, all rows in one call; whylogs also with
the lines of JSON.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exporter.archive.dead_letters import DeadLetters
from exporter.clock import SystemClock
from exporter.pipeline import Payload, Pipeline
from exporter.window.shared import SharedMonitor
from tests.bench.harness import BenchRow, Contender, Elapsed, Timing, faster, interleave
from tests.bench.peers import PeerProcess, PeerUnavailable, environment
from tests.bench.workload import (
    ARROW,
    BATCH_ROWS,
    CATEGORIES,
    FLOATS,
    NDJSON,
    WHOLE,
    Workload,
    a_workload,
    as_ndjson,
    some_rows,
    stamp,
)

UNIT = "events / CPU s"
HERE = Path(__file__).parent
REQUIREMENTS = {
    "whylogs": ["whylogs==1.6.4", "numpy<2", "pandas<2.2", "pyarrow<22"],
    "evidently": ["evidently==0.7.23", "pandas<3"],
}
GOALS = {"whylogs, from NDJSON": 6.0, "whylogs, from Arrow": 15.0, "evidently, from NDJSON": 20.0}
REJECTED_RATIO = 0.01


@dataclass(frozen=True, slots=True)
class PipelineSizes:
    """Rows of a batch, batches of a round, and whether peers take part."""

    rows: int = BATCH_ROWS
    batches: int = 20
    rounds: int = 5
    has_peers: bool = True


def run(sizes: PipelineSizes | None = None) -> list[BenchRow]:
    sizes = sizes or PipelineSizes()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        at = Path(folder)
        plain, derived = a_workload(at, sizes.rows), a_workload(at, sizes.rows, is_derived=True)
        contenders: dict[str, Contender] = {
            "NDJSON": PipelineRounds(plain, NDJSON, at, sizes),
            "Arrow": PipelineRounds(plain, ARROW, at, sizes),
            "NDJSON, SQL": PipelineRounds(derived, NDJSON, at, sizes),
            "Arrow, SQL": PipelineRounds(derived, ARROW, at, sizes),
            "NDJSON, rejects": PipelineRounds(_with_rejects(plain), NDJSON, at, sizes, rejected=_rejected(sizes)),
        }
        ours = list(contenders)
        missing = _add_peers(contenders, at, sizes, stack) if sizes.has_peers else {}
        timings = interleave(contenders, sizes.rounds)
        peers = {name: timing for name, timing in timings.items() if name not in ours}
        shares = [row for media in (NDJSON, ARROW) for row in stage_shares(derived, media, at, sizes)]
    return [*_against_peers(timings, peers, missing, sizes), *_alone(timings, sizes), *shares]


class PipelineRounds:
    """A contender: batches into a pipeline of its own, which must accept every row not made to be rejected."""

    def __init__(
        self, workload: Workload, media_type: str, folder: Path, sizes: PipelineSizes, rejected: int = 0
    ) -> None:
        self._body, self._media_type = workload.body(media_type), media_type
        self._accepted = workload.rows - rejected
        self._batches = sizes.batches
        self._numbers = count()
        clock = SystemClock()
        shared = SharedMonitor(workload.monitor, workload.reference, slots=1)
        self.pipeline = Pipeline(shared, 0, clock, DeadLetters(folder, clock), body_limit_bytes=1 << 30)

    def __call__(self) -> Elapsed:
        bodies = [stamp(self._body, next(self._numbers)) for _ in range(self._batches)]
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        for body in bodies:
            receipt = self.pipeline.take_predictions(Payload(body, self._media_type))
            assert receipt.accepted == self._accepted, receipt
        self.pipeline.count_pending()
        return Elapsed(time.process_time() - cpu_s, time.perf_counter() - wall_s)


def stage_shares(workload: Workload, media_type: str, folder: Path, sizes: PipelineSizes) -> list[BenchRow]:
    """What part of the path's time each stage takes, with two derived features and a rule in SQL."""
    rounds = PipelineRounds(workload, media_type, folder, sizes)
    rounds()
    with _stopwatch(rounds.pipeline) as taken_s:
        whole_s = rounds().wall_s
    taken_s["the rest"] = whole_s - sum(taken_s.values())
    what = "NDJSON" if media_type == NDJSON else "Arrow"
    return [
        BenchRow(f"{what}: {stage}", 100 * seconds / whole_s, None, "% of the path, with SQL", None)
        for stage, seconds in taken_s.items()
    ]


@contextmanager
def _stopwatch(pipeline: Any) -> Iterator[dict[str, float]]:
    """Adds up the seconds in each stage of a pipeline."""
    places = (
        ("decode", pipeline, "_decode"),
        ("derive", pipeline._deriver, "derive"),
        ("remember", pipeline._join, "remember"),
        ("validate", pipeline._queue._features, "check"),
        ("count", pipeline._queue._pending, "take"),
        ("count", pipeline._queue._counter, "count"),
    )
    taken_s = {stage: 0.0 for stage, _, _ in places}
    for stage, owner, name in places:
        setattr(owner, name, _timed(getattr(owner, name), stage, taken_s))
    try:
        yield taken_s
    finally:
        for _, owner, name in places:
            delattr(owner, name)


def _timed(work: Callable[..., Any], stage: str, taken_s: dict[str, float]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        started_s = time.perf_counter()
        try:
            return work(*arguments)
        finally:
            taken_s[stage] += time.perf_counter() - started_s

    return timed


def _with_rejects(workload: Workload) -> Workload:
    """One row in a hundred is a number instead of an event."""
    lines = workload.ndjson.splitlines(keepends=True)
    step = int(1 / REJECTED_RATIO)
    lines[::step] = [b"7\n"] * len(lines[::step])
    return Workload(workload.monitor, workload.reference, b"".join(lines), workload.arrow, workload.rows)


def _rejected(sizes: PipelineSizes) -> int:
    return len(range(0, sizes.rows, int(1 / REJECTED_RATIO)))


def _add_peers(
    contenders: dict[str, Contender], folder: Path, sizes: PipelineSizes, stack: ExitStack
) -> dict[str, str]:
    """Starts the peers that can be had; for the others, why not."""
    rows = some_rows(np.random.default_rng(20), sizes.rows * sizes.batches)
    features = pa.table({name: rows[name] for name in ("score", "latency", *FLOATS, *WHOLE, *CATEGORIES)})
    pq.write_table(features, folder / "rows.parquet")
    (folder / "rows.ndjson").write_bytes(as_ndjson(rows))
    job = {"rows": str(folder / "rows.parquet"), "reference": str(folder / "reference.parquet")}
    job_of: dict[str, tuple[str, dict[str, object]]] = {
        "whylogs": ("whylogs", {**job}),
        "whylogs, JSON parsed too": ("whylogs", {**job, "lines": str(folder / "rows.ndjson")}),
        "evidently": (
            "evidently",
            {**job, "numbers": ["score", "latency", *FLOATS, *WHOLE], "categories": [*CATEGORIES]},
        ),
    }
    missing: dict[str, str] = {}
    for name, (package, its_job) in job_of.items():
        try:
            python = environment(package, REQUIREMENTS[package])
            log = folder / f"{name}.stderr"
            contenders[name] = stack.enter_context(PeerProcess(python, HERE / f"run_{package}.py", its_job, log))
        except PeerUnavailable as reason:
            missing[name] = str(reason)
    return missing


def _against_peers(
    timings: dict[str, Timing], peers: dict[str, Timing], missing: dict[str, str], sizes: PipelineSizes
) -> list[BenchRow]:
    rows = []
    for ours, peer in (
        ("NDJSON", "whylogs"),
        ("Arrow", "whylogs"),
        ("NDJSON", "whylogs, JSON parsed too"),
        ("NDJSON", "evidently"),
        ("Arrow", "evidently"),
    ):
        items = (sizes.rows * sizes.batches,) * 2
        note = missing.get(peer) or REQUIREMENTS[peer.partition(",")[0]][0]
        goal = GOALS.get(f"{peer}, from {ours}")
        name = f"{peer}, from {ours}"
        rows.append(faster(name, timings[ours], peers.get(peer), items=items, unit=UNIT, goal=goal, note=note))
    return rows if sizes.has_peers else []


def _alone(timings: dict[str, Timing], sizes: PipelineSizes) -> list[BenchRow]:
    events = sizes.rows * sizes.batches
    notes = {"NDJSON, SQL": "two derived features, one rule", "Arrow, SQL": "two derived features, one rule"}
    notes["NDJSON, rejects"] = f"{REJECTED_RATIO:.0%} of the rows to the dead letters"
    return [
        BenchRow(name, events / timings[name].cpu_s, None, UNIT, None, note=notes.get(name, "no HTTP"))
        for name in ("NDJSON", "Arrow", "NDJSON, SQL", "Arrow, SQL", "NDJSON, rejects")
    ]
