"""Writes the monitor and the data of its reference, as a person would, and builds the reference from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import yaml

from exporter.cli.demo.model import METRICS, THRESHOLD
from exporter.cli.demo.rows import Column, is_number
from exporter.cli.demo.scenario import Scenario
from exporter.derive.sql import check_expressions
from exporter.monitor.duration import Duration
from exporter.monitor.load import LoadedMonitor, load_monitors
from exporter.monitor.spec import API_VERSION
from exporter.reference.build import build_reference
from exporter.reference.data import open_data
from exporter.reference.document import save_reference

MODEL_VERSION = "v1"
DRIFT_WINDOW = Duration("30s")
PERFORMANCE_WINDOW = Duration("20s")
HOLD = Duration("5s")

_MINIMUM_ROWS = 500
_DRIFT_THRESHOLD = 0.2
_WORST_ACCURACY_LOSS = 0.1
_WORST_RMSE_FACTOR = 1.5
_HEADER = """\
# The monitor that `infranaut demo` wrote: an example to copy. Its windows are short, so that an alert takes seconds;
# a model in service wants hours: window 1h, hold 10m, performance.window 24h.
"""


@dataclass(frozen=True, slots=True)
class EventFields:
    """Names of the fields of an event that are no features; they never clash with those."""

    id: str
    timestamp: str
    prediction: str
    model_version: str
    latency: str
    label: str

    @classmethod
    def beside(cls, columns: Mapping[str, Column]) -> EventFields:
        taken = {name.casefold() for name in columns}
        names = ("id", "timestamp", "prediction", "model_version", "latency", "label")
        return cls(*(name if name not in taken else f"event_{name}" for name in names))


@dataclass(frozen=True, slots=True)
class DemoMonitor:
    """The written monitor and how its events look."""

    loaded: LoadedMonitor
    fields: EventFields

    @property
    def name(self) -> str:
        return self.loaded.name


def write_monitor(scenario: Scenario, folder: Path, webhook: str, rows_per_second: float, now: float) -> DemoMonitor:
    """Writes `<name>.yaml`, the reference's data and the built reference; the monitor as `infranaut check` loads it."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = EventFields.beside(scenario.reference.columns)
    data, path = folder / f"{scenario.name}.parquet", folder / f"{scenario.name}.yaml"
    _write_reference_data(scenario, fields, data, now)
    document = _document(scenario, fields, data.name, webhook, rows_per_second)
    path.write_text(_HEADER + yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    loaded = load_monitors([path], check_expressions).monitors[0]
    reference = build_reference(loaded.monitor, open_data(data))
    save_reference(reference, data.with_suffix(".reference.json"))
    return DemoMonitor(loaded, fields)


def _document(
    scenario: Scenario, fields: EventFields, data: str, webhook: str, rows_per_second: float
) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "Monitor",
        "metadata": {"name": scenario.name, "labels": {"team": "demo"}, "description": scenario.story},
        "spec": {
            "model": _model(scenario),
            "events": {
                "id": fields.id,
                "timestamp": fields.timestamp,
                "prediction": fields.prediction,
                "model_version": fields.model_version,
                "latency_seconds": fields.latency,
            },
            "features": {name: _feature(column) for name, column in scenario.reference.columns.items()},
            "reference": {"path": data},
            "labels": {"join": fields.id, "value": fields.label, "maximum_delay": "10m"},
            "drift": _drift(scenario, rows_per_second),
            "performance": {
                "window": str(PERFORMANCE_WINDOW),
                "objectives": [_objective(scenario)],
                "hold": str(HOLD),
            },
            "quality": {"window": "1m"},
            "alerts": {"severity": "critical", "route": {"webhook": webhook}},
        },
    }


def _model(scenario: Scenario) -> dict[str, Any]:
    model = scenario.model
    told: dict[str, Any] = {"name": scenario.name, "task": model.task}
    if model.task == "binary":
        told |= {"threshold": THRESHOLD, "positive": model.classes[-1]}
    elif model.task == "multiclass":
        told["classes"] = sorted({*model.classes, *scenario.reference.labels.tolist()})
    return told | {"versions": [MODEL_VERSION]}


def _feature(column: Column) -> dict[str, Any]:
    return {"type": "number" if is_number(column) else "category"}


def _drift(scenario: Scenario, rows_per_second: float) -> dict[str, Any]:
    """Rows that are streamed again and again tell less than new ones: the design effect says how much less."""
    drift: dict[str, Any] = {
        "window": str(DRIFT_WINDOW),
        "threshold": _DRIFT_THRESHOLD,
        "minimum_rows": _MINIMUM_ROWS,
        "hold": str(HOLD),
    }
    if scenario.distinct_rows is not None:
        drift["design_effect"] = round(max(1.0, rows_per_second * DRIFT_WINDOW.seconds / scenario.distinct_rows), 2)
    return drift


def _objective(scenario: Scenario) -> dict[str, Any]:
    if scenario.model.task == "regression":
        return {"metric": METRICS["regression"], "maximum": float(f"{scenario.baseline * _WORST_RMSE_FACTOR:.4g}")}
    worst = max(scenario.baseline - _WORST_ACCURACY_LOSS, 0.01)
    return {"metric": METRICS[scenario.model.task], "minimum": float(f"{worst:.3g}")}


def _write_reference_data(scenario: Scenario, fields: EventFields, path: Path, now: float) -> None:
    rows = scenario.reference
    columns = {name: pa.array(column, from_pandas=True) for name, column in rows.columns.items()}
    columns[fields.timestamp] = pa.array(now - len(rows) + np.arange(len(rows), dtype=np.float64))
    columns[fields.prediction] = pa.array(scenario.model.predict(rows))
    columns[fields.label] = pa.array(rows.labels)
    pa.parquet.write_table(pa.table(columns), path)
