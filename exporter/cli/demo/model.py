"""A real scikit-learn pipeline: trained, asked for predictions, and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from exporter.cli.demo.rows import Column, LabelledRows, is_number
from exporter.monitor.spec import PerformanceMetric, Task

THRESHOLD = 0.5
METRICS: Mapping[Task, PerformanceMetric] = {"binary": "accuracy", "multiclass": "accuracy", "regression": "rmse"}
"""The metric that is shown for each task."""

_SEED = 7
_CATEGORIES_TOLD_APART = 30
_IMPORTANCE_ROWS = 2000


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A pipeline and what it was trained on; `classes` of a binary model are the negative and the positive one."""

    task: Task
    features: tuple[str, ...]
    classes: tuple[str, ...]
    pipeline: Any

    def predict(self, rows: LabelledRows) -> Column:
        """float64[n]: scores of the positive class, or numbers; object[n]: class names (multiclass)."""
        inputs = _matrix(rows, self.features)
        if self.task == "binary":
            scores: Column = self.pipeline.predict_proba(inputs)[:, 1]
            return scores
        predictions: Column = np.asarray(self.pipeline.predict(inputs))
        return predictions.astype(np.float64 if self.task == "regression" else object)


def train_linear(rows: LabelledRows, task: Task) -> TrainedModel:
    """Logistic regression on scaled numbers and one-hot categories."""
    return _train(rows, task, LogisticRegression(max_iter=1000))


def train_boosted(rows: LabelledRows, task: Task) -> TrainedModel:
    """Gradient-boosted trees: a sound default for data that nobody has looked at."""
    kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    return _train(rows, task, kind(max_iter=100, random_state=_SEED))


def prediction_loss(task: Task, predictions: Column, labels: Column, positive: str = "") -> Column:
    """float64[n]: 1 where the class is wrong, or the squared error."""
    if task == "regression":
        loss: Column = np.square(predictions - labels)
        return loss
    if task == "binary":
        predictions, labels = predictions >= THRESHOLD, labels == positive
    wrong: Column = np.not_equal(predictions, labels).astype(np.float64)
    return wrong


def performance_of(task: Task, mean_loss: float) -> float:
    """Accuracy, or RMSE for a regression."""
    return float(np.sqrt(mean_loss)) if task == "regression" else 1.0 - mean_loss


def performance_on(model: TrainedModel, rows: LabelledRows) -> float:
    """The model's accuracy or RMSE on labelled rows."""
    return performance_of(model.task, _mean_loss(model, rows))


def features_by_importance(model: TrainedModel, rows: LabelledRows, rng: np.random.Generator) -> list[str]:
    """The most important feature first: how much the loss grows when its values are shuffled among the rows.

    Permutation importance, Breiman, Random Forests, 2001.
    """
    sample = rows.take(rng.permutation(len(rows))[:_IMPORTANCE_ROWS])
    growth = {
        name: _mean_loss(model, sample.with_column(name, rng.permutation(sample.columns[name])))
        for name in model.features
    }
    return sorted(model.features, key=lambda name: -growth[name])


def _mean_loss(model: TrainedModel, rows: LabelledRows) -> float:
    positive = model.classes[-1] if model.classes else ""
    return float(prediction_loss(model.task, model.predict(rows), rows.labels, positive).mean())


def _train(rows: LabelledRows, task: Task, estimator: Any) -> TrainedModel:
    features = tuple(rows.columns)
    numbers = [place for place, name in enumerate(features) if is_number(rows.columns[name])]
    categories = [place for place, name in enumerate(features) if place not in set(numbers)]
    encoder = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=_CATEGORIES_TOLD_APART, sparse_output=False
    )
    inputs = ColumnTransformer(
        [("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers), ("categories", encoder, categories)]
    )
    labels = rows.labels if task == "regression" else rows.labels.astype(str)
    pipeline = make_pipeline(inputs, estimator).fit(_matrix(rows, features), labels)
    classes = () if task == "regression" else tuple(str(name) for name in pipeline.classes_)
    return TrainedModel(task, features, classes, pipeline)


def _matrix(rows: LabelledRows, features: tuple[str, ...]) -> Column:
    """object[n, features]: numbers and texts side by side."""
    matrix = np.empty((len(rows), len(features)), dtype=object)
    for place, name in enumerate(features):
        matrix[:, place] = rows.columns[name]
    return matrix
