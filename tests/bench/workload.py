"""The stream that benchmarks send: a credit model of 20 features, its monitor, its reference, its rows and payloads.

A payload is encoded once and sent many times: the id of every row holds the same tag, `stamp` puts another in its
place, so that no row is a duplicate and the sender does next to no work.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from exporter.monitor.spec import Monitor
from exporter.reference.build import build_reference
from exporter.reference.data import open_data
from exporter.reference.document import Reference, save_reference

FEATURES = 20
BATCH_ROWS = 5000
REFERENCE_ROWS = 20_000
TAG = b"tag00000"

NDJSON, ARROW = "application/x-ndjson", "application/vnd.apache.arrow.stream"

FLOATS = tuple(f"sum_{number:02d}" for number in range(14))
WHOLE = ("age", "accounts")
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "region": ("north", "south", "east", "west"),
    "channel": ("web", "branch", "phone", "partner", "app"),
    "product": tuple(f"product-{number:02d}" for number in range(12)),
    "housing": ("rent", "own", "mortgage"),
}

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Workload:
    """A monitor, the reference of its features, and one batch of rows in both formats."""

    monitor: Monitor
    reference: Reference
    ndjson: bytes
    arrow: bytes
    rows: int

    def body(self, media_type: str) -> bytes:
        return self.ndjson if media_type == NDJSON else self.arrow


def a_workload(
    folder: Path, rows: int = BATCH_ROWS, *, is_derived: bool = False, missing_ratio: float = 0.0
) -> Workload:
    """Writes the reference's data to `folder` (`reference.parquet`) and builds the reference from it.

    missing_ratio : share of the floats that are missing.
    """
    rng = np.random.default_rng(20)
    data = folder / "reference.parquet"
    pq.write_table(pa.table(some_rows(rng, REFERENCE_ROWS)), data)
    monitor = a_credit_monitor(is_derived=is_derived)
    columns = some_rows(rng, rows, missing_ratio)
    return Workload(monitor, build_reference(monitor, open_data(data)), as_ndjson(columns), as_arrow(columns), rows)


def some_rows(rng: np.random.Generator, rows: int, missing_ratio: float = 0.0) -> Columns:
    """Columns as a payload names them; timestamps are of the last minute."""
    amounts = {name: rng.lognormal(3.0, 1.0, rows).round(4) for name in FLOATS}
    for values in amounts.values():
        values[rng.random(rows) < missing_ratio] = np.nan
    return {
        "request_id": [f"{TAG.decode()}-{row:08x}" for row in range(rows)],
        "ts": (time.time() - 60 * rng.random(rows)).round(3),
        "score": rng.beta(2.0, 5.0, rows).round(6),
        "latency": rng.gamma(2.0, 0.02, rows).round(5),
        **amounts,
        "age": rng.integers(18, 90, rows),
        "accounts": rng.integers(0, 12, rows),
        **{name: rng.choice(values, rows) for name, values in CATEGORIES.items()},
    }


def a_credit_monitor(name: str = "credit", *, is_derived: bool = False) -> Monitor:
    """Ranges on half of the numbers, closed sets on half of the categories, labels awaited."""
    return Monitor.model_validate(monitor_document(name, is_derived=is_derived))


def monitor_document(name: str = "credit", *, is_derived: bool = False) -> dict[str, Any]:
    """The monitor as its file holds it; `is_derived` adds two features in SQL and a rule."""
    features: dict[str, Any] = {name: {"type": "number"} for name in FLOATS}
    features |= {name: {"type": "number", "min": 0} for name in FLOATS[:7]}
    features |= {"age": {"type": "number", "min": 18, "max": 120, "required": True}, "accounts": {"type": "number"}}
    features |= {name: {"type": "category"} for name in CATEGORIES}
    features |= {name: {"type": "category", "values": [*CATEGORIES[name]]} for name in ("region", "product")}
    spec: dict[str, Any] = {
        "model": {"name": name, "task": "binary", "versions": []},
        "events": {"id": "request_id", "timestamp": "ts", "prediction": "score", "latency_seconds": "latency"},
        "features": features,
        "labels": {"join": "request_id"},
        "reference": {"path": "reference.parquet"},
    }
    if is_derived:
        features["ratio"] = {"type": "number", "sql": "sum_00 / nullif(sum_01, 0)"}
        features["band"] = {"type": "category", "sql": "case when age < 30 then 'young' else 'old' end"}
        spec["rules"] = [{"name": "accounts", "sql": "accounts >= 0 or accounts is null"}]
    return {"apiVersion": "infranaut.io/v1", "kind": "Monitor", "metadata": {"name": name}, "spec": spec}


def write_monitors(folder: Path, names: Sequence[str], limits: Mapping[str, int] | None = None) -> None:
    """Monitor files with their references beside them, as `infranaut serve` reads them; one stream fits them all."""
    data = folder / "reference.parquet"
    pq.write_table(pa.table(some_rows(np.random.default_rng(20), REFERENCE_ROWS)), data)
    for name in names:
        document = monitor_document(name)
        document["spec"]["reference"]["path"] = f"{name}.reference.json"
        document["spec"]["limits"] = dict(limits or {})
        reference = build_reference(Monitor.model_validate(document), open_data(data))
        save_reference(reference, folder / f"{name}.reference.json")
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def as_ndjson(columns: Columns) -> bytes:
    """A missing number is null."""
    names = list(columns)
    plain = [[None if value != value else value for value in pa.array(columns[name]).to_pylist()] for name in names]
    lines = [json.dumps(dict(zip(names, row, strict=True)), separators=(",", ":")) for row in zip(*plain, strict=True)]
    return "\n".join(lines).encode() + b"\n"


def as_arrow(columns: Columns) -> bytes:
    """One record batch; categories are plain text, a missing number is NaN."""
    batch = pa.RecordBatch.from_pydict(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return bytes(sink.getvalue())


def stamp(body: bytes, number: int) -> bytes:
    """The body with ids that no other number gives."""
    return body.replace(TAG, b"%08x" % number)
