"""The performance group gives the numbers of scikit-learn on the pooled rows of two replicas, one of which restarted.

`increase` does not extrapolate here: the window begins and ends with a scrape. Only rounding errors are left, far below
the relative 1e-9 that is asked for. AUC and calibration error are those of scores rounded to their bins.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from exporter.batch import Floats, Integers
from exporter.monitor.spec import PerformanceMetric
from rules import names
from tests.support.golden_monitors import BINARY, MULTICLASS, REGRESSION, golden_monitor
from tests.support.labelled_counters import Sums, confusion, score_bin_sums, with_outcomes, with_sums
from tests.support.promtool import RuleTest

WINDOW, AT = "1h", "60m"
ROWS = 900
Expected = dict[PerformanceMetric, float]
CLASSES = ("billing", "returns", 'other "tickets"')


def test_the_metrics_of_a_binary_model_equal_scikit_learn(tmp_path: Path) -> None:
    actual, scores = binary_rows(score_bins=20)
    predicted = (scores >= 0.5).astype(np.int64)
    expected: Expected = {
        "accuracy": metrics.accuracy_score(actual, predicted),
        "precision": metrics.precision_score(actual, predicted),
        "recall": metrics.recall_score(actual, predicted),
        "f1": metrics.f1_score(actual, predicted),
        "auc": metrics.roc_auc_score(actual, scores),
        "log_loss": metrics.log_loss(actual, scores),
        "brier": metrics.brier_score_loss(actual, scores),
        "ece": calibration_error(actual, scores),
    }
    a_binary_test(actual, scores, expected).run(tmp_path)


@pytest.mark.parametrize("score_bins", [2, 30])
def test_the_auc_is_exact_for_as_many_score_bins_as_there_are(score_bins: int, tmp_path: Path) -> None:
    actual, scores = binary_rows(score_bins)
    expected: Expected = {"auc": metrics.roc_auc_score(actual, scores), "ece": calibration_error(actual, scores)}
    a_binary_test(actual, scores, expected).run(tmp_path)


def test_a_class_that_does_not_occur_gives_no_value_rather_than_a_false_one(tmp_path: Path) -> None:
    _, scores = binary_rows(score_bins=20)
    test = a_binary_test(np.zeros(ROWS, dtype=np.int64), np.minimum(scores, 0.475), {"accuracy": 1.0})
    for metric in ("auc", "precision", "recall", "f1"):
        test.expect_nothing(names.performance(metric, WINDOW), AT)
    test.run(tmp_path)


def test_the_metrics_of_a_multiclass_model_equal_scikit_learn(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    actual = rng.choice(3, size=ROWS, p=[0.6, 0.3, 0.1])
    predicted = np.where(rng.random(ROWS) < 0.7, actual, rng.choice(3, size=ROWS))
    test = a_multiclass_test(actual, predicted)
    test.expect_value(names.performance("accuracy", WINDOW), AT, metrics.accuracy_score(actual, predicted))
    of_classes = metrics.precision_recall_fscore_support(actual, predicted)
    of_metric: tuple[PerformanceMetric, ...] = ("precision", "recall", "f1")
    for metric, values in zip(of_metric, of_classes, strict=False):
        test.expect_value(names.performance(metric, WINDOW), AT, float(np.mean(values)))
        by_class = f'{names.class_performance(metric, WINDOW)}{{class="returns"}}'
        test.expect_value(by_class, AT, float(values[1]))
    test.run(tmp_path)


def test_a_class_that_is_never_predicted_has_no_precision_and_an_f1_of_zero(tmp_path: Path) -> None:
    actual = np.array([0, 0, 1, 1, 2, 2])
    predicted = np.array([0, 0, 1, 0, 1, 0])
    test = a_multiclass_test(actual, predicted)
    test.expect_nothing(f'{names.class_performance("precision", WINDOW)}{{class=~"other.*"}}', AT)
    test.expect_value(names.performance("precision", WINDOW), AT, (2 / 4 + 1 / 2) / 2)
    test.expect_value(names.performance("f1", WINDOW), AT, metrics.f1_score(actual, predicted, average="macro"))
    test.run(tmp_path)


def test_an_unknown_class_predicted_for_an_unknown_class_counts_nowhere(tmp_path: Path) -> None:
    test = RuleTest([golden_monitor(MULTICLASS, performance={"window": WINDOW})])
    with_outcomes(test, MULTICLASS, ("billing", "__other__"), np.array([[3.0, 1.0], [2.0, 50.0]]))
    test.expect_value(names.outcomes_total(WINDOW), AT, 6).expect_value(names.performance("accuracy", WINDOW), AT, 0.5)
    test.expect_value(names.performance("recall", WINDOW), AT, 3 / 4).run(tmp_path)


def test_the_metrics_of_a_regression_model_equal_scikit_learn(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    actual = rng.normal(100, 20, ROWS)
    predicted = actual + rng.normal(2, 5, ROWS)
    errors = predicted - actual
    test = RuleTest([golden_monitor(REGRESSION, performance={"window": WINDOW})])
    sums: Sums = {
        ("infranaut_labels_total", ()): ROWS,
        ("infranaut_error_absolute_total", ()): np.abs(errors).sum(),
        ("infranaut_error_squared_total", ()): (errors**2).sum(),
        ("infranaut_error_signed_total", (("sign", "positive"),)): np.maximum(errors, 0).sum(),
        ("infranaut_error_signed_total", (("sign", "negative"),)): np.maximum(-errors, 0).sum(),
    }
    with_sums(test, REGRESSION, sums)
    test.expect_value(names.performance("mae", WINDOW), AT, metrics.mean_absolute_error(actual, predicted))
    test.expect_value(names.performance("rmse", WINDOW), AT, metrics.root_mean_squared_error(actual, predicted))
    test.expect_value(names.performance("bias", WINDOW), AT, float(errors.mean())).run(tmp_path)


def test_without_labels_there_is_no_error_rather_than_none(tmp_path: Path) -> None:
    test = RuleTest([golden_monitor(REGRESSION, performance={"window": WINDOW})])
    for name in ("labels", "error_absolute", "error_squared"):
        test.series(f"infranaut_{name}_total", "0x70", job="ml", monitor=REGRESSION, model_version="v1")
    test.expect_nothing(names.performance("mae", WINDOW), AT)
    test.expect_nothing(names.performance("rmse", WINDOW), AT).run(tmp_path)


def test_coverage_is_the_share_of_settled_predictions_that_got_a_label(tmp_path: Path) -> None:
    test = RuleTest([golden_monitor(REGRESSION, performance={"window": WINDOW})])
    with_sums(test, REGRESSION, {("infranaut_labels_total", ()): 90, ("infranaut_labels_expired_total", ()): 10})
    test.expect_value(names.label_coverage(WINDOW), AT, 0.9).run(tmp_path)


def binary_rows(score_bins: int) -> tuple[Integers, Floats]:
    """Actual classes and scores, all scores of a bin being its middle."""
    rng = np.random.default_rng(score_bins)
    scores = (rng.integers(0, score_bins, ROWS) + 0.5) / score_bins
    return (rng.random(ROWS) < scores * 0.8 + 0.1).astype(np.int64), scores


def calibration_error(actual: Integers, scores: Floats) -> float:
    """Σ over bins of the share of rows · |share of positives - mean score|, each distinct score being a bin."""
    each = [scores == score for score in np.unique(scores)]
    return float(sum(rows.mean() * abs(actual[rows].mean() - scores[rows].mean()) for rows in each))


def a_binary_test(actual: Integers, scores: Floats, expected: Expected) -> RuleTest:
    test = RuleTest([golden_monitor(BINARY, performance={"window": WINDOW}, drift={"measures": ["psi"]})])
    predicted = (scores >= 0.5).astype(np.int64)
    with_outcomes(test, BINARY, ("0", "1"), confusion(actual, predicted, 2))
    losses = -np.log(np.where(actual == 1, scores, 1 - scores))
    sums: Sums = {
        ("infranaut_labels_total", ()): float(len(actual)),
        ("infranaut_log_loss_total", ()): losses.sum(),
        ("infranaut_brier_score_total", ()): ((scores - actual) ** 2).sum(),
    }
    with_sums(test, BINARY, sums | score_bin_sums(actual, scores))
    for metric, value in expected.items():
        test.expect_value(names.performance(metric, WINDOW), AT, float(value))
    return test


def a_multiclass_test(actual: Integers, predicted: Integers) -> RuleTest:
    model = {"classes": list(CLASSES)}
    test = RuleTest([golden_monitor(MULTICLASS, performance={"window": WINDOW}, model=model, segments=None)])
    return with_outcomes(test, MULTICLASS, CLASSES, confusion(actual, predicted, len(CLASSES)))
