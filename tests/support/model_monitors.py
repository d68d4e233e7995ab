"""Monitors of each task with everything that a monitor can ask for, and one with nothing but what it must have."""

from __future__ import annotations

from typing import Any

from exporter.monitor.spec import Monitor


def a_model_monitor(task: str = "binary", name: str = "credit-default", **spec: Any) -> Monitor:
    """Every optional part is there; `spec` replaces parts, None leaves one out."""
    objective = {"metric": "mae", "maximum": 10.0} if task == "regression" else {"metric": "f1", "minimum": 0.75}
    full: dict[str, Any] = {
        "model": {"name": name, "task": task, "versions": ["v1", "v2"]},
        "events": {
            "id": "request_id",
            "timestamp": "ts",
            "prediction": "score",
            "model_version": "version",
            "latency_seconds": "latency",
            "error": "error",
        },
        "features": {"age": {"type": "number", "min": 18}, "region": {"type": "category", "required": True}},
        "rules": [{"name": "adult", "sql": "age >= 18"}],
        "reference": {"path": "reference/credit.parquet"},
        "segments": {"by": ["region"]},
        "labels": {"join": "request_id"},
        "drift": {"window": ["1h", "1d"], "measures": ["psi", "js", "ks"]},
        "performance": {"window": "24h", "objectives": [objective]},
        "slos": [
            {"name": "latency", "objective": 0.99, "latency_below_seconds": 0.25},
            {"name": "availability", "objective": 0.999},
            {"name": "freshness", "objective": 0.99},
        ],
        "sources": [{"file": "predictions.ndjson"}],
        "resources": {"job": "scoring", "maximum_memory": "2GiB", "maximum_cpu": 1.5},
    }
    return _monitor(name, {key: value for key, value in (full | spec).items() if value is not None})


def a_bare_monitor(name: str = "bare") -> Monitor:
    """Only what a monitor must have: no reference, labels, segments, latency or objectives."""
    events = {"id": "id", "timestamp": "ts", "prediction": "score"}
    features = {"age": {"type": "number"}}
    return _monitor(name, {"model": {"name": name, "task": "binary"}, "events": events, "features": features})


def _monitor(name: str, spec: dict[str, Any]) -> Monitor:
    return Monitor.model_validate(
        {"apiVersion": "infranaut.io/v1", "kind": "Monitor", "metadata": {"name": name}, "spec": spec}
    )
