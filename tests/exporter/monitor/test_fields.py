"""Which fields of a payload a monitor reads."""

from __future__ import annotations

from exporter.monitor.fields import carried_features, derived_features, event_fields, feature_fields, payload_fields
from tests.support.batches import a_monitor

MONITOR = a_monitor(
    {
        "age": {"type": "number", "field": "AGE"},
        "decade": {"type": "number", "sql": "age / 10"},
        "region": {"type": "category"},
    },
    latency_seconds="took",
)


def test_only_roles_that_are_given_are_read() -> None:
    assert event_fields(MONITOR) == {"id": "id", "timestamp": "ts", "prediction": "score", "latency_seconds": "took"}


def test_derived_features_are_read_from_no_field() -> None:
    assert list(carried_features(MONITOR)) == ["age", "region"]
    assert list(derived_features(MONITOR)) == ["decade"]
    assert feature_fields(MONITOR) == {"age": "AGE", "region": "region"}


def test_each_field_is_named_once() -> None:
    twice = a_monitor({"score": {"type": "number"}, "a": {"type": "number", "field": "x"}, "x": {"type": "category"}})
    assert payload_fields(twice) == ("id", "ts", "score", "x")
