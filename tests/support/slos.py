"""A small monitor with one service level objective, and counters of what it judges."""

from __future__ import annotations

from typing import Any

from exporter.monitor.spec import Monitor
from tests.support.promtool import RuleTest

NAME = "credit"
LABELS = {"job": "ml", "instance": "a", "monitor": NAME}
VERSION = {"model_version": "v1"}


def slo_monitor(*slos: dict[str, Any], task: str = "binary", **spec: Any) -> Monitor:
    """A monitor whose events carry everything that an objective may need, and nothing else."""
    return Monitor.model_validate(
        {
            "apiVersion": "infranaut.io/v1",
            "kind": "Monitor",
            "metadata": {"name": NAME},
            "spec": {
                "model": {"name": NAME, "task": task},
                "events": {
                    "id": "id", "timestamp": "ts", "prediction": "score", "latency_seconds": "latency", "error": "error"
                },
                "features": {"age": {"type": "number"}},
                "labels": {"join": "id"},
                "slos": list(slos),
                **spec,
            },
        }
    )  # fmt: skip


def availability_test(predictions: str, errors: str, **slo: Any) -> RuleTest:
    """Predictions and failures as counters of one replica; the objective is 0.99 over 30 days."""
    objective = {"name": "availability", "objective": 0.99} | slo
    return add_replica(RuleTest([slo_monitor(objective)]), "a", predictions, errors)


def add_replica(test: RuleTest, instance: str, predictions: str, errors: str, version: str = "v1") -> RuleTest:
    """Another replica, or the same with another version."""
    labels = LABELS | {"instance": instance, "model_version": version}
    test.series("infranaut_predictions_total", predictions, **labels)
    return test.series("infranaut_prediction_errors_total", errors, **labels, reason="timeout")
