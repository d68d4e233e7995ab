"""Training data in files of each format, and references built from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from exporter.monitor.spec import Monitor
from exporter.reference.build import build_reference
from exporter.reference.data import open_data
from exporter.reference.document import Reference


def a_table(rows: int = 1_000, seed: int = 1, **columns: Any) -> Any:
    """`id`, `ts`, `score`, `age` and `region` of seeded rows; given columns replace or join them."""
    rng = np.random.default_rng(seed)
    standard = {
        "id": [f"p{row}" for row in range(rows)],
        "ts": 1_750_000_000.0 + np.arange(rows),
        "score": rng.random(rows),
        "age": rng.normal(40, 10, rows),
        "region": rng.choice(["north", "south", "east"], rows, p=[0.5, 0.3, 0.2]),
    }
    return pa.table({**standard, **columns})


def write_table(path: Path, table: Any) -> Path:
    """In the format that the path's extension names."""
    if path.suffix == ".parquet":
        pa.parquet.write_table(table, path)
    elif path.suffix == ".csv":
        pa.csv.write_csv(table, path)
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in table.to_pylist()), encoding="utf-8")
    return path


def build_from(folder: Path, monitor: Monitor, table: Any, suffix: str = ".parquet") -> Reference:
    """The reference of a monitor, built from a file of the table."""
    return build_reference(monitor, open_data(write_table(folder / f"train{suffix}", table)))
