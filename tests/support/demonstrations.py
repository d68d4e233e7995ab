"""Small rows, models and files for the tests of the demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from exporter.cli.demo.fault import CalibrationShift, FaultPlan
from exporter.cli.demo.model import performance_on, train_linear
from exporter.cli.demo.rows import LabelledRows, ResampledRows
from exporter.cli.demo.scenario import Scenario

COLOURS = ("red", "green", "blue")


def labelled_rows(rows: int = 600, seed: int = 3) -> LabelledRows:
    """`heat` decides between UP and DOWN, `colour` tells nothing, every tenth `heat` is missing."""
    rng = np.random.default_rng(seed)
    heat = rng.normal(20.0, 5.0, rows)
    labels = np.where(heat > 20.0, "UP", "DOWN").astype(object)
    heat[::10] = np.nan
    return LabelledRows({"heat": heat, "colour": rng.choice(np.array(COLOURS, dtype=object), rows)}, labels)


def a_scenario(rows: int = 600) -> Scenario:
    """A model of `labelled_rows` whose sensor of heat can fail."""
    trained = labelled_rows(rows)
    model = train_linear(trained, "binary")
    return Scenario(
        name="oven",
        story="an oven",
        model=model,
        reference=trained,
        baseline=performance_on(model, trained),
        source=ResampledRows(trained, np.random.default_rng(5)),
        plans=(FaultPlan("a cable breaks", (CalibrationShift("heat", 1.0, 15.0),)),),
        is_drift_free=True,
    )


def own_columns(rows: int = 600, **columns: Any) -> dict[str, Any]:
    """Columns of a person's file: `size`, `colour` and, last, the target `sold`; `columns` stand before it."""
    rng = np.random.default_rng(11)
    size = rng.normal(10.0, 2.0, rows)
    return {
        "size": size,
        "colour": rng.choice(COLOURS, rows),
        **columns,
        "sold": np.where(size + rng.normal(0, 0.5, rows) > 10.0, "yes", "no"),
    }


def a_parquet_file(folder: Path, columns: dict[str, Any], name: str = "My Sales 2024.parquet") -> Path:
    path = folder / name
    pa.parquet.write_table(pa.table(columns), path)
    return path
