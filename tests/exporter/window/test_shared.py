"""When a reload may go on counting where the old monitors stopped."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.monitor.spec import Monitor
from exporter.window.shared import SharedMonitor, counting_digest
from tests.support.model_monitors import a_model_monitor


def digest(**spec: Any) -> str:
    return counting_digest(a_model_monitor(**spec), None, 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"drift": {"threshold": 0.5}},
        {"alerts": {"severity": "critical"}},
        {"privacy": {"drop": ["email"]}},
        {"sources": []},
        {"performance": {"window": "1h"}},
        {"limits": {"records_per_second": 1000}},
    ],
)
def test_what_changes_no_count_keeps_the_counts(changed: dict[str, Any]) -> None:
    assert digest(**changed) == digest()


def test_a_first_comparison_without_a_reference_begins_other_counts_and_a_second_one_does_not() -> None:
    compared = digest(reference=None, drift={"previous": "1d"})
    assert compared != digest(reference=None)
    assert compared == digest(reference=None, drift={"previous": ["1d", "7d"], "versions": {"stable": "v1"}})


@pytest.mark.parametrize(
    "changed",
    [
        {"features": {"age": {"type": "number", "min": 19}, "region": {"type": "category", "required": True}}},
        {"rules": []},
        {"labels": None},
        {"slos": [{"name": "latency", "objective": 0.99, "latency_below_seconds": 0.3}]},
        {"slos": [{"name": "label_delay", "objective": 0.99, "labels_younger_than": "2d"}]},
        {"limits": {"series": 10_000}},
    ],
)
def test_what_changes_a_count_begins_anew(changed: dict[str, Any]) -> None:
    assert digest(**changed) != digest()


def test_a_successor_counts_on_in_the_same_memory() -> None:
    monitor: Monitor = a_model_monitor()
    first = SharedMonitor(monitor, None, slots=2)
    writer = first.counts.writer(0)
    with writer.batch():
        writer.model.integers[0, first.layout.predictions.start] = 5
    second = SharedMonitor(a_model_monitor(drift={"threshold": 0.5}), None, 2, predecessor=first)
    assert second.monitor.spec.drift.threshold == 0.5
    assert second.counts.snapshot(1).model.integers[0, second.layout.predictions.start] == 5
