"""Monitors with given features and rules, and batches of predictions for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from exporter.batch import ID, PREDICTION, TIMESTAMP, Batch, Booleans
from exporter.monitor.spec import Monitor

START_S = 1_750_000_000.0
"""Timestamp of a batch's first row: 2025-06-15T15:06:40Z."""


def a_monitor(
    features: Mapping[str, Mapping[str, Any]] | None = None,
    rules: Mapping[str, str] | None = None,
    task: str = "binary",
    **events: Any,
) -> Monitor:
    """The monitor `credit`; `rules` by name, `events` beside `id`, `ts` and `score`."""
    spec: dict[str, Any] = {
        "model": {"name": "credit", "task": task},
        "events": {"id": "id", "timestamp": "ts", "prediction": "score", **events},
        "features": dict(features or {"age": {"type": "number"}}),
        "rules": [{"name": name, "sql": sql} for name, sql in (rules or {}).items()],
    }
    return Monitor.model_validate(
        {"apiVersion": "infranaut.io/v1", "kind": "Monitor", "metadata": {"name": "credit"}, "spec": spec}
    )


def a_batch(mistyped: Mapping[str, Booleans] | None = None, /, **columns: Sequence[Any]) -> Batch:
    """Rows with the given columns (numbers with None become NaN), one second apart, ids `p0`, `p1`, …"""
    rows = len(next(iter(columns.values())))
    given = {name: _column(values) for name, values in columns.items()}
    standard = {
        ID: pa.array([f"p{row}" for row in range(rows)]),
        TIMESTAMP: pa.array(START_S + np.arange(rows)),
        PREDICTION: pa.array(np.full(rows, 0.5)),
    }
    return Batch(pa.RecordBatch.from_pydict({**standard, **given}), np.arange(rows), dict(mistyped or {}))


def _column(values: Sequence[Any]) -> Any:
    if isinstance(values, pa.Array):
        return values
    if all(value is None or isinstance(value, int | float) for value in values):
        return pa.array(np.array([np.nan if value is None else value for value in values], dtype=np.float64))
    return pa.array(values, type=pa.string())
