from __future__ import annotations

import pytest

from exporter.batch import ERROR, ID, LABEL, LATENCY, MODEL_VERSION, PREDICTION, TIMESTAMP
from exporter.decode import label_projection, prediction_projection
from exporter.decode.projection import FieldKind
from exporter.errors import InvalidMonitors
from tests.support.batches import a_monitor
from tests.support.model_monitors import a_bare_monitor, a_model_monitor


def test_a_prediction_is_read_by_the_payloads_names_under_the_canonical_ones() -> None:
    fields = [(field.name, field.column, field.kind) for field in prediction_projection(a_model_monitor()).fields]
    assert fields == [
        ("request_id", ID, FieldKind.ID),
        ("ts", TIMESTAMP, FieldKind.TIMESTAMP),
        ("score", PREDICTION, FieldKind.SCORE),
        ("latency", LATENCY, FieldKind.NUMBER),
        ("version", MODEL_VERSION, FieldKind.CATEGORY),
        ("error", ERROR, FieldKind.CATEGORY),
        ("age", "age", FieldKind.NUMBER),
        ("region", "region", FieldKind.CATEGORY),
    ]


def test_what_a_monitor_does_not_name_is_not_read() -> None:
    columns = [field.column for field in prediction_projection(a_bare_monitor()).fields]
    assert columns == [ID, TIMESTAMP, PREDICTION, "age"]


def test_a_derived_feature_is_not_read_and_a_renamed_one_by_its_field() -> None:
    ratio = {"type": "number", "sql": "age * 2"}
    monitor = a_monitor({"age": {"type": "number", "field": "customer_age"}, "ratio": ratio})
    assert prediction_projection(monitor).names() == ("id", "ts", "score", "customer_age")


@pytest.mark.parametrize(
    ("task", "prediction", "label"),
    [
        ("binary", FieldKind.SCORE, FieldKind.OUTCOME),
        ("multiclass", FieldKind.CATEGORY, FieldKind.CATEGORY),
        ("regression", FieldKind.NUMBER, FieldKind.NUMBER),
    ],
)
def test_the_task_says_what_predictions_and_labels_are(task: str, prediction: FieldKind, label: FieldKind) -> None:
    monitor = a_model_monitor(task)
    read = prediction_projection(monitor).field_of(PREDICTION)
    assert read is not None
    assert read.kind is prediction
    fields = [(field.name, field.column, field.kind) for field in label_projection(monitor).fields]
    assert fields == [("request_id", ID, FieldKind.ID), ("label", LABEL, label)]


def test_the_unit_of_timestamps_is_the_monitors() -> None:
    assert prediction_projection(a_monitor(timestamp_unit="ms")).units_per_second == 1000.0


def test_a_monitor_without_labels_has_none_to_read() -> None:
    with pytest.raises(InvalidMonitors, match=r"'bare' has no labels; add spec\.labels"):
        label_projection(a_bare_monitor())


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb"])
def test_a_field_whose_name_cannot_be_read_is_told(name: str) -> None:
    with pytest.raises(InvalidMonitors, match="cannot be read"):
        prediction_projection(a_monitor({"age": {"type": "number", "field": name}}))
