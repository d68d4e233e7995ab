"""Counters of labelled predictions as two replicas expose them, one of which restarts, as series of a rule test."""

from __future__ import annotations

import numpy as np
from sklearn import metrics

from exporter.batch import Floats, Integers
from tests.support.counters import replicas_of
from tests.support.promtool import RuleTest

Sums = dict[tuple[str, tuple[tuple[str, str], ...]], float]
"""What a counter, with these labels beside those of its model, counts in the hour."""


def confusion(actual: Integers, predicted: Integers, classes: int) -> Floats:
    matrix: Floats = metrics.confusion_matrix(actual, predicted, labels=range(classes)).astype(np.float64)
    return matrix


def with_outcomes(test: RuleTest, monitor: str, classes: tuple[str, ...], matrix: Floats) -> RuleTest:
    escaped = [name.replace('"', '\\"') for name in classes]
    cells: Sums = {
        ("infranaut_outcomes_total", (("actual", a), ("predicted", p))): matrix[row, column]
        for row, a in enumerate(escaped)
        for column, p in enumerate(escaped)
    }
    return with_sums(test, monitor, cells)


def score_bin_sums(actual: Integers, scores: Floats) -> Sums:
    """Rows and scores in each bin of a binary model, where all scores of a bin are equal and no bin is empty."""
    sums: Sums = {}
    for index, score in enumerate(np.unique(scores)):
        for outcome in (0, 1):
            rows = (scores == score) & (actual == outcome)
            labels = (("actual", str(outcome)), ("bin", f"s{index:02d}"))
            sums["infranaut_score_bin_total", labels] = float(rows.sum())
            sums["infranaut_score_bin_score_sum_total", labels] = scores[rows].sum()
    return sums


def with_sums(test: RuleTest, monitor: str, sums: Sums) -> RuleTest:
    """Counters of two replicas that together grow by these sums within the hour."""
    totals = np.array(list(sums.values()), dtype=np.float64)
    for instance, counters in replicas_of(totals, np.random.default_rng(5)).items():
        for index, (name, labels) in enumerate(sums):
            replica = {"job": "ml", "instance": instance, "monitor": monitor, "model_version": "v1"}
            test.series(name, counters[:, index].tolist(), **replica, **dict(labels))
    return test
