"""Confidence intervals of performance, against the equations they solve and against what random draws do."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from exporter.batch import Floats
from exporter.monitor.spec import PerformanceMetric
from exporter.monitor.thresholds import thresholds
from rules import names
from tests.support.golden_monitors import BINARY, MULTICLASS, REGRESSION, golden_monitor
from tests.support.labelled_counters import Sums, confusion, score_bin_sums, with_outcomes, with_sums
from tests.support.promtool import RuleTest

WINDOW, AT = "1h", "60m"
ROWS = 400
DEFFS = (1, 2.5)
Z = NormalDist().inv_cdf(0.95)
CLASSES = ("billing", "returns", "other tickets")
Interval = tuple[float, float]


@pytest.mark.parametrize("deff", DEFFS)
def test_the_intervals_of_a_binary_model(deff: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    scores = (rng.integers(0, 20, ROWS) + 0.5) / 20
    actual = (rng.random(ROWS) < scores).astype(np.int64)
    called = scores >= 0.5
    hits, occurred, predicted = (actual & called).sum(), actual.sum(), called.sum()
    either = score_interval(hits, occurred + predicted - hits, deff)
    losses = -np.log(np.where(actual == 1, scores, 1 - scores))
    expected: dict[PerformanceMetric, Interval] = {
        "accuracy": score_interval((actual == called).sum(), ROWS, deff),
        "precision": score_interval(hits, predicted, deff),
        "recall": score_interval(hits, occurred, deff),
        "f1": (2 * either[0] / (1 + either[0]), 2 * either[1] / (1 + either[1])),
        "auc": area_interval(actual, scores, deff),
        "log_loss": mean_interval(losses, deff),
        "brier": mean_interval((scores - actual) ** 2, deff),
        "ece": calibration_interval(actual, scores, deff),
    }
    test = a_test(BINARY, deff, drift={"measures": ["psi"]})
    with_outcomes(test, BINARY, ("0", "1"), confusion(actual, called.astype(np.int64), 2))
    sums: Sums = {
        ("infranaut_labels_total", ()): ROWS,
        ("infranaut_log_loss_total", ()): losses.sum(),
        ("infranaut_log_loss_squares_total", ()): (losses**2).sum(),
        ("infranaut_brier_score_total", ()): ((scores - actual) ** 2).sum(),
        ("infranaut_brier_score_squares_total", ()): ((scores - actual) ** 4).sum(),
    }
    with_sums(test, BINARY, sums | score_bin_sums(actual, scores))
    for metric, interval in expected.items():
        expect_interval(test, metric, interval)
    test.run(tmp_path)


@pytest.mark.parametrize("deff", DEFFS)
def test_the_intervals_of_a_multiclass_model_and_of_its_classes(deff: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    actual = rng.choice(3, size=ROWS, p=[0.6, 0.3, 0.1])
    predicted = np.where(rng.random(ROWS) < 0.7, actual, rng.choice(3, size=ROWS))
    matrix = confusion(actual, predicted, 3)
    hits, occurred, called = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    recalls = np.array([score_interval(*pair, deff) for pair in zip(hits, occurred, strict=True)])
    shares = np.array([score_interval(*pair, deff) for pair in zip(hits, occurred + called - hits, strict=True)])
    f1s = 2 * shares / (1 + shares)
    test = a_test(MULTICLASS, deff, model={"classes": list(CLASSES)}, segments=None)
    with_outcomes(test, MULTICLASS, CLASSES, matrix)
    with_sums(test, MULTICLASS, {("infranaut_labels_total", ()): ROWS})
    expect_interval(test, "accuracy", score_interval(hits.sum(), ROWS, deff))
    values = hits / occurred
    spread = np.sqrt(((recalls - values[:, None]) ** 2).sum(axis=0)) / 3
    expect_interval(test, "recall", (values.mean() - spread[0], values.mean() + spread[1]))
    expect_interval(test, "f1", (f1s[:, 0].mean(), f1s[:, 1].mean()))
    test.expect_value(
        f'{names.class_performance_bound("recall", "lower", WINDOW)}{{class="returns"}}', AT, recalls[1, 0]
    )
    test.expect_value(f'{names.class_performance_bound("f1", "upper", WINDOW)}{{class="returns"}}', AT, f1s[1, 1])
    test.run(tmp_path)


@pytest.mark.parametrize("deff", DEFFS)
def test_the_intervals_of_a_regression_model(deff: float, tmp_path: Path) -> None:
    errors = np.random.default_rng(4).normal(2, 5, ROWS)
    squares = mean_interval(errors**2, deff)
    test = a_test(REGRESSION, deff)
    sums: Sums = {
        ("infranaut_labels_total", ()): ROWS,
        ("infranaut_error_absolute_total", ()): np.abs(errors).sum(),
        ("infranaut_error_squared_total", ()): (errors**2).sum(),
        ("infranaut_error_squared_squares_total", ()): (errors**4).sum(),
        ("infranaut_error_signed_total", (("sign", "positive"),)): np.maximum(errors, 0).sum(),
        ("infranaut_error_signed_total", (("sign", "negative"),)): np.maximum(-errors, 0).sum(),
    }
    with_sums(test, REGRESSION, sums)
    expect_interval(test, "mae", mean_interval(np.abs(errors), deff))
    expect_interval(test, "bias", mean_interval(errors, deff))
    expect_interval(test, "rmse", (math.sqrt(squares[0]), math.sqrt(squares[1])))
    test.run(tmp_path)


def test_a_share_of_all_rows_still_has_an_interval_and_a_share_of_none_has_not(tmp_path: Path) -> None:
    test = a_test(BINARY, drift={"measures": ["psi"]})
    with_outcomes(test, BINARY, ("0", "1"), np.array([[20.0, 0.0], [0.0, 0.0]]))
    with_sums(test, BINARY, {("infranaut_labels_total", ()): 20})
    expect_interval(test, "accuracy", (20 / (20 + Z**2), 1.0))
    test.expect_nothing(names.performance_bound("recall", "lower", WINDOW), AT).run(tmp_path)


def test_without_the_exporters_threshold_there_is_no_interval(tmp_path: Path) -> None:
    test = RuleTest([golden_monitor(REGRESSION, performance={"window": WINDOW})])
    sums: Sums = {("infranaut_labels_total", ()): ROWS, ("infranaut_error_absolute_total", ()): 50}
    with_sums(test, REGRESSION, sums | {("infranaut_error_squared_total", ()): 60})
    test.expect_value(names.performance("mae", WINDOW), AT, 50 / ROWS)
    test.expect_nothing(names.performance_bound("mae", "lower", WINDOW), AT).run(tmp_path)


@pytest.mark.parametrize(
    ("confidence", "zscore"), [(0.95, 1.959963984540054), (0.9, 1.6448536269514722), (0.5, 0.6745)]
)
def test_the_confidence_of_a_monitor_is_a_threshold(confidence: float, zscore: float) -> None:
    monitor = golden_monitor(BINARY, performance={"confidence": confidence})
    assert thresholds(monitor)["performance_zscore"] == pytest.approx(zscore, abs=1e-4)


def test_with_no_more_rows_than_one_row_is_worth_a_mean_has_no_interval(tmp_path: Path) -> None:
    test = a_test(REGRESSION, ROWS)
    sums: Sums = {("infranaut_labels_total", ()): ROWS, ("infranaut_error_absolute_total", ()): 50}
    with_sums(test, REGRESSION, sums | {("infranaut_error_squared_total", ()): 60})
    test.expect_value(names.performance("mae", WINDOW), AT, 50 / ROWS)
    test.expect_nothing(names.performance_bound("mae", "upper", WINDOW), AT).run(tmp_path)


@pytest.mark.parametrize(("deff", "expected"), [(1, 0.48), (5, 0.12)])
def test_a_share_of_repeated_rows_misses_its_interval_less_often_with_their_design_effect(
    deff: int, expected: float
) -> None:
    """Of 90 %: 80 rows, each five times; Wilson's interval of so few misses a little more than stated."""
    rng = np.random.default_rng(7)
    hits = 5 * rng.binomial(80, 0.8, 2000)
    missed = sum(not lower <= 0.8 <= upper for lower, upper in (score_interval(hit, 400, deff) for hit in hits))
    assert missed / 2000 == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("positives", "negatives"), [(10, 300), (300, 10), (150, 150)])
def test_an_auc_misses_its_interval_no_more_often_than_stated_whichever_class_is_rare(
    positives: int, negatives: int
) -> None:
    rng = np.random.default_rng(6)
    truth = NormalDist().cdf(1.2 / math.sqrt(2))
    actual = np.repeat([1, 0], [positives, negatives])
    missed = 0
    for _ in range(400):
        lower, upper = area_interval(actual, rng.normal(1.2 * actual, 1))
        missed += not lower <= truth <= upper
    assert missed / 400 < 0.13


def a_test(name: str, deff: float = 1, **parts: object) -> RuleTest:
    """90 % sure, so z is 1.645."""
    test = RuleTest([golden_monitor(name, performance={"window": WINDOW, "design_effect": deff}, **parts)])
    for instance in ("a", "b"):
        labels = {"job": "ml", "instance": instance, "monitor": name, "check": "performance_zscore"}
        test.series("infranaut_monitor_threshold_ratio", f"{Z!r}x70", **labels)
    return test


def expect_interval(test: RuleTest, metric: PerformanceMetric, interval: Interval) -> None:
    test.expect_value(names.performance_bound(metric, "lower", WINDOW), AT, float(interval[0]))
    test.expect_value(names.performance_bound(metric, "upper", WINDOW), AT, float(interval[1]))


def score_interval(hits: float, counted: float, deff: float = 1) -> Interval:
    """The shares p that a test at z does not reject: the roots of (p̂ - p)² n = z² p (1 - p), n = counted / DEFF."""
    share, rows = hits / counted, counted / deff
    lower, upper = np.sort(np.roots([rows + Z**2, -(2 * rows * share + Z**2), rows * share**2]).real)
    return float(lower), float(upper)


def mean_interval(values: Floats, deff: float = 1) -> Interval:
    error = values.std(ddof=0) / math.sqrt(len(values) / deff - 1)
    return float(values.mean() - Z * error), float(values.mean() + Z * error)


def area_interval(actual: np.typing.NDArray[np.int64], scores: Floats, deff: float = 1) -> Interval:
    """From the pairs one by one: Newcombe's variance, and the share of so many rows as have it."""
    up, down = scores[actual == 1], scores[actual == 0]
    area = float(np.mean((up[:, None] > down) + 0.5 * (up[:, None] == down)))
    positives, negatives = len(up) / deff, len(down) / deff
    middle = (positives + negatives) / 2 - 1
    unit = 1 + middle * ((1 - area) / (2 - area) + area / (1 + area))
    rows = positives * negatives / unit
    return score_interval(area * rows, rows)


def calibration_interval(actual: np.typing.NDArray[np.int64], scores: Floats, deff: float = 1) -> Interval:
    """The error, less and more what chance alone makes of the gaps of all bins, each that of n / DEFF rows."""
    gaps, sds = [], []
    for score in np.unique(scores):
        rows = actual[scores == score]
        share = (rows.sum() + 0.5) / (len(rows) + 1)
        gaps.append(abs(rows.sum() - score * len(rows)) / deff)
        sds.append(math.sqrt(len(rows) / deff * share * (1 - share)))
    noise = math.sqrt(2 / math.pi) * sum(sds) + Z * math.sqrt((1 - 2 / math.pi) * float(np.square(sds).sum()))
    total = len(actual) / deff
    return max(0.0, (sum(gaps) - noise) / total), (sum(gaps) + noise) / total
