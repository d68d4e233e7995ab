"""Bodies of 5,000 events of 20 features to canonical columns, against other ways to read the same NDJSON.

pyarrow.json is given the types and stops at its own table; orjson reads line by line and one array is made of each
column. Neither sets a bad record aside, reads times, or checks ids and predictions, which ours does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.json

from exporter.decode import Decoders, prediction_projection
from tests.bench.harness import BenchRow, faster, interleave
from tests.bench.workload import ARROW, NDJSON, a_workload

ROUNDS = 15
BODIES = 10
"""Bodies in a round, as a busy server sees them: one after the other."""
UNIT = "events / CPU s"
GOALS = {NDJSON: 1 / 1.7e-6, ARROW: 1 / 0.15e-6}
"""Decoding's share of the whole path's 350,000 and 1,200,000 events a second."""


def run() -> list[BenchRow]:
    with TemporaryDirectory() as folder:
        workload = a_workload(Path(folder))
    decoders = Decoders(prediction_projection(workload.monitor))
    schema = pa.json.read_json(pa.BufferReader(workload.ndjson)).schema
    assert len(decoders.decode(workload.ndjson, NDJSON).batch) == workload.rows
    timings = interleave(
        {
            "ndjson": _bodies(lambda: decoders.decode(workload.ndjson, NDJSON)),
            "arrow": _bodies(lambda: decoders.decode(workload.arrow, ARROW)),
            "pyarrow.json": _bodies(lambda: read_with_pyarrow(workload.ndjson, schema)),
            "orjson": _bodies(lambda: read_with_orjson(workload.ndjson, schema)),
        },
        ROUNDS,
    )
    rows = BODIES * workload.rows
    items = (rows, rows)
    ours = timings["ndjson"]
    return [
        faster("NDJSON", ours, timings["pyarrow.json"], items=items, unit=UNIT, note=f"pyarrow.json {pa.__version__}"),
        faster("NDJSON", ours, timings["orjson"], items=items, unit=UNIT, note=f"orjson {orjson.__version__}, by line"),
        _absolute("NDJSON", rows / ours.cpu_s, GOALS[NDJSON]),
        _absolute("Arrow IPC", rows / timings["arrow"].cpu_s, GOALS[ARROW]),
    ]


def read_with_pyarrow(body: bytes, schema: pa.Schema) -> object:
    """One thread, the types known, one block."""
    return pa.json.read_json(
        pa.BufferReader(body),
        read_options=pa.json.ReadOptions(use_threads=False, block_size=len(body)),
        parse_options=pa.json.ParseOptions(explicit_schema=schema),
    )


def read_with_orjson(body: bytes, schema: pa.Schema) -> list[object]:
    """An object for each event; numbers as NumPy arrays, text as Arrow arrays."""
    events = [orjson.loads(line) for line in body.splitlines()]
    return [
        pa.array([event[field.name] for event in events], field.type)
        if pa.types.is_string(field.type)
        else np.array([event[field.name] for event in events], dtype=np.float64)
        for field in schema
    ]


def _absolute(name: str, rate: float, goal: float) -> BenchRow:
    return BenchRow(name, rate, None, UNIT, None, goal, rate >= goal, "decoding alone")


def _bodies(work: Callable[[], object]) -> Callable[[], None]:
    def one_round() -> None:
        for _ in range(BODIES):
            work()

    return one_round
