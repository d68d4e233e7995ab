import numpy as np
import pytest

from exporter.cli.demo.model import (
    features_by_importance,
    performance_of,
    performance_on,
    prediction_loss,
    train_boosted,
    train_linear,
)
from exporter.cli.demo.rows import LabelledRows
from tests.support.demonstrations import labelled_rows


def test_a_binary_model_predicts_scores_and_learns() -> None:
    model = train_linear(labelled_rows(), "binary")
    unseen = labelled_rows(seed=4)
    scores = model.predict(unseen)
    assert scores.dtype == np.float64
    assert scores.min() >= 0
    assert scores.max() <= 1
    assert performance_on(model, unseen) > 0.9


def test_a_multiclass_model_predicts_names() -> None:
    rows = labelled_rows()
    three = LabelledRows({"heat": np.nan_to_num(rows.columns["heat"])}, rows.columns["colour"])
    model = train_boosted(three, "multiclass")
    assert set(model.predict(three)) <= {"red", "green", "blue"}


def test_a_regression_predicts_numbers_and_is_judged_by_rmse() -> None:
    rows = labelled_rows()
    heat = np.nan_to_num(rows.columns["heat"])
    model = train_boosted(LabelledRows({"heat": heat}, heat * 2), "regression")
    judged = LabelledRows({"heat": heat}, heat * 2 + 3)
    assert performance_on(model, judged) == pytest.approx(3.0, abs=0.5)


def test_categories_and_values_never_seen_in_training_do_no_harm() -> None:
    model = train_linear(labelled_rows(), "binary")
    strange = LabelledRows(
        {"heat": np.array([np.nan, 1e9]), "colour": np.array(["violet", None], dtype=object)},
        np.array(["UP", "UP"], dtype=object),
    )
    assert np.isfinite(model.predict(strange)).all()


def test_the_feature_that_decides_is_the_most_important() -> None:
    rows = labelled_rows()
    model = train_linear(rows, "binary")
    assert features_by_importance(model, rows, np.random.default_rng(1)) == ["heat", "colour"]


def test_losses_worked_by_hand() -> None:
    labels = np.array(["UP", "DOWN", "UP"], dtype=object)
    assert list(prediction_loss("binary", np.array([0.5, 0.5, 0.4]), labels, "UP")) == [0.0, 1.0, 1.0]
    assert list(prediction_loss("multiclass", np.array(["UP", "UP", "x"], dtype=object), labels)) == [0.0, 1.0, 1.0]
    assert list(prediction_loss("regression", np.array([1.0, 4.0]), np.array([3.0, 4.0]))) == [4.0, 0.0]
    assert performance_of("binary", 0.25) == 0.75
    assert performance_of("regression", 9.0) == 3.0
