"""Every recorded metric of the performance group over a live scrape of two exporters, against scikit-learn on the rows.

Tolerance: scikit-learn is given the weights that `increase` gives to the rows of each replica
(`tests.support.evaluations`); then both sides add up the same few thousand terms in doubles: 1e-9, relative (absolute
below 1). Without weights the share of a replica is off by less than 0.01, and so is a mean of what lies between 0 and
1. The AUC of at most 30 score bins differs from that of the scores by at most half the share of the pairs that fall
into one bin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from exporter.batch import Floats
from exporter.monitor.spec import METRICS_BY_TASK
from rules import names
from tests.support.evaluations import RuleEvaluation, an_evaluation
from tests.support.fleet import Fleet
from tests.support.labelled import (
    Measured,
    binary_performance,
    multiclass_performance,
    regression_performance,
    ties_of_bins,
)

EXACT = 1e-9
WINDOWS = {"credit": "24h", "tickets": "6h", "demand": "24h"}

Slice = tuple[str, str]
"""Model version and segment; an empty one stands for all segments."""

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class WeightedRows:
    """Predictions with their ground truth and the weight of each row."""

    predicted: Sequence[Any]
    actual: Sequence[Any]
    weights: Floats


@pytest.mark.parametrize("name", ["credit", "tickets", "demand"])
def test_every_metric_equals_scikit_learn_on_the_pooled_rows(fleet: Fleet, name: str) -> None:
    evaluation, record = evaluated(fleet, name), names.labels_increase(WINDOWS[name])
    slices = labelled_rows(fleet, name, evaluation)
    measured = {key: measure(fleet, name, rows) for key, rows in slices.items()}
    for metric in METRICS_BY_TASK[fleet.models[name].monitor["spec"]["model"]["task"]]:
        expected = {key: values[metric] for key, values in measured.items() if metric in values}
        assert recorded(fleet, name, evaluation, metric) == pytest.approx(expected, rel=EXACT, abs=EXACT), metric
    labels = {key: rows.weights.sum() for key, rows in slices.items()}
    found = evaluation.read(fleet.prometheus, record, name, "model_version", "segment")
    assert {key: value for key, value in found.items() if value} == pytest.approx(labels, rel=EXACT, abs=EXACT)


@pytest.mark.parametrize("name", ["credit", "tickets"])
def test_extrapolation_moves_no_metric_far_from_that_of_the_plain_rows(fleet: Fleet, name: str) -> None:
    evaluation = evaluated(fleet, name)
    slices = labelled_rows(fleet, name, RuleEvaluation(evaluation.at_s, dict.fromkeys(evaluation.weights, 1.0)))
    measured = {key: measure(fleet, name, rows) for key, rows in slices.items()}
    for metric in ("accuracy", "precision", "recall", "f1"):
        expected = {key: values[metric] for key, values in measured.items() if metric in values}
        assert recorded(fleet, name, evaluation, metric) == pytest.approx(expected, abs=0.01), metric


def test_the_area_under_the_curve_of_score_bins_is_close_to_that_of_the_scores(fleet: Fleet) -> None:
    evaluation = evaluated(fleet, "credit")
    areas = recorded(fleet, "credit", evaluation, "auc")
    rows = labelled_rows(fleet, "credit", evaluation)["v1", ""]
    truth = measure(fleet, "credit", rows)["auc_of_scores"]
    bound = ties_of_bins(np.array(rows.actual), np.array(rows.predicted), rows.weights, score_edges(fleet))
    assert 0 < abs(areas["v1", ""] - truth) <= bound < 0.02


def test_every_class_of_a_multiclass_model_equals_scikit_learn(fleet: Fleet) -> None:
    evaluation = evaluated(fleet, "tickets")
    rows = labelled_rows(fleet, "tickets", evaluation)["r1", ""]
    _, of_classes = multiclass_performance(rows.actual, rows.predicted, rows.weights, classes(fleet))
    found = {
        (metric, *key): value
        for metric in METRICS_BY_TASK["multiclass"]
        if metric != "accuracy"
        for key, value in evaluation.read(
            fleet.prometheus, names.class_performance(metric, WINDOWS["tickets"]), "tickets", "class"
        ).items()
    }
    assert found == pytest.approx(of_classes, rel=EXACT, abs=EXACT)


def evaluated(fleet: Fleet, name: str) -> RuleEvaluation:
    return an_evaluation(fleet.prometheus, name, names.labels_pending(), fleet.settled_at_s)


def recorded(fleet: Fleet, name: str, evaluation: RuleEvaluation, metric: Any) -> Mapping[tuple[str, ...], float]:
    record = names.performance(metric, WINDOWS[name])
    return evaluation.read(fleet.prometheus, record, name, "model_version", "segment")


def labelled_rows(fleet: Fleet, name: str, evaluation: RuleEvaluation) -> Mapping[Slice, WeightedRows]:
    """The labelled rows of both replicas for each version, and for each segment of it where there are segments."""
    gathered: dict[Slice, list[tuple[Any, Any, float]]] = {}
    model = fleet.models[name]
    for part in fleet.sent_to(name):
        for event, truth in part.labelled:
            version, segment = model.version_of(event), model.segment_of(event)
            row = (event[model.events["prediction"]], truth, evaluation.weights[part.instance, version, segment])
            for key in {(version, ""), (version, segment)}:
                gathered.setdefault(key, []).append(row)
    return {key: as_rows(rows) for key, rows in gathered.items()}


def as_rows(rows: Sequence[tuple[Any, Any, float]]) -> WeightedRows:
    predicted, actual, weights = zip(*rows, strict=True)
    return WeightedRows(predicted, actual, np.array(weights))


def measure(fleet: Fleet, name: str, rows: WeightedRows) -> Measured:
    if name == "tickets":
        return multiclass_performance(rows.actual, rows.predicted, rows.weights, classes(fleet))[0]
    actual, predicted = np.array(rows.actual), np.array(rows.predicted)
    if name == "demand":
        return regression_performance(actual, predicted, rows.weights)
    return binary_performance(actual, predicted, rows.weights, score_edges(fleet))


def classes(fleet: Fleet) -> Sequence[str]:
    listed: Sequence[str] = fleet.models["tickets"].monitor["spec"]["model"]["classes"]
    return listed


def score_edges(fleet: Fleet) -> Floats:
    """Of thirty bins that share out the scores of the reference evenly."""
    scores = np.array([event["score"] for event in fleet.training["credit"]])
    edges: Floats = np.unique(np.quantile(scores, np.arange(1, 30) / 30))
    return edges[(edges > 0) & (edges < 1)]
