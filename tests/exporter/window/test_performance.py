"""Performance of profiles, against scikit-learn on the raw rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from exporter.monitor.spec import Monitor
from exporter.window.performance import labels_of, performance_of
from exporter.window.profile import EMPTY
from tests.support.archives import predictions
from tests.support.batches import START_S, a_monitor
from tests.support.labelled import binary_performance, multiclass_performance, regression_performance
from tests.support.profiled import profile_of, with_labels

ROWS = 800


def a_labelled_monitor(task: str, **model: Any) -> Monitor:
    document = a_monitor(task=task).model_dump(mode="json", exclude_none=True)
    document["spec"]["labels"] = {"join": "id"}
    document["spec"]["model"] |= model
    return Monitor.model_validate(document)


def labelled(predicted: Any, actual: Any) -> Any:
    rows = predictions([f"p{row}" for row in range(len(predicted))], prediction=list(predicted))
    return with_labels(rows, list(actual), [START_S + 1] * len(predicted))


def test_binary_metrics_equal_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(ROWS).round(6)
    actual = (rng.random(ROWS) < scores).astype(np.int64)
    profile = profile_of(labelled(scores.tolist(), actual.astype(float).tolist()), a_labelled_monitor("binary"))
    expected = binary_performance(actual, scores, np.ones(ROWS), np.arange(1, 20) / 20)
    found = performance_of(profile, "binary")
    assert dict(found) == pytest.approx({name: expected[name] for name in found}, rel=1e-9)
    assert set(found) == {"accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece"}
    assert labels_of(profile) == ROWS


def test_macro_averages_equal_scikit_learn_and_unknown_classes_stay_out() -> None:
    rng = np.random.default_rng(2)
    names = ["cat", "dog", "hen", "cow"]
    actual = rng.choice(names, ROWS).tolist()
    predicted = [name if rng.random() < 0.6 else str(rng.choice(names)) for name in actual]
    monitor = a_labelled_monitor("multiclass", classes=["cat", "dog", "hen", "owl"])
    profile = profile_of(labelled(predicted, actual), monitor)
    found = performance_of(profile, "multiclass")
    known = [name if name != "cow" else "__other__" for name in predicted]
    both_unknown = [p == "__other__" and a == "cow" for p, a in zip(known, actual, strict=True)]
    kept = [index for index, is_unknown in enumerate(both_unknown) if not is_unknown]
    expected, _ = multiclass_performance(
        [actual[index] for index in kept], [known[index] for index in kept], np.ones(len(kept)), ["cat", "dog", "hen"]
    )
    assert dict(found) == pytest.approx(dict(expected), rel=1e-9)


def test_regression_metrics_equal_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    predicted, actual = rng.normal(size=(2, ROWS)).round(6)
    profile = profile_of(labelled(predicted.tolist(), actual.tolist()), a_labelled_monitor("regression"))
    expected = regression_performance(actual, predicted, np.ones(ROWS))
    assert dict(performance_of(profile, "regression")) == pytest.approx(dict(expected), rel=1e-9)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_without_labels_nothing_is_told(task: Any) -> None:
    prediction: list[Any] = ["cat"] if task == "multiclass" else [0.5]
    profile = profile_of(predictions(["a"], prediction=prediction), a_labelled_monitor(task))
    assert performance_of(profile, task) == {}
    assert performance_of(EMPTY, task) == {}


def test_a_metric_that_would_rest_on_nothing_is_left_out() -> None:
    profile = profile_of(labelled([0.1, 0.2], [0.0, 0.0]), a_labelled_monitor("binary"))
    found = performance_of(profile, "binary")
    assert found["accuracy"] == 1.0
    assert not {"precision", "recall", "f1", "auc"} & set(found)
