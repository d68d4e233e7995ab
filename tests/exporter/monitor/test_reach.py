"""Limits that data can reach, and those that it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np
import pytest

from exporter.drift.comparison import compare
from exporter.drift.report import MEASURES
from exporter.monitor.drift import DriftMeasure
from exporter.monitor.performance import Bound, PerformanceMetric
from exporter.monitor.reach import METRICS, bound_mistakes, threshold_mistake

ROWS = 10**9


@pytest.mark.parametrize("measure", get_args(DriftMeasure))
def test_a_threshold_is_refused_where_two_samples_with_nothing_in_common_do_not_pass_it(measure: DriftMeasure) -> None:
    apart = compare(np.array([[ROWS, 0]]), np.array([0, ROWS]), spacing=np.array([3.0, 0.0]))
    highest = float(MEASURES[measure](apart)[0])
    assert threshold_mistake(measure, highest * 0.99) is None
    is_bounded = highest < 1 + 1e-6
    assert (threshold_mistake(measure, 1) is not None) == is_bounded


@pytest.mark.parametrize("metric", get_args(PerformanceMetric))
def test_a_bound_between_the_worst_and_the_best_is_none(metric: PerformanceMetric) -> None:
    assert metric in METRICS
    assert list(bound_mistakes(metric, 0.5, None)) == list(bound_mistakes(metric, None, 0.5)) == []


@pytest.mark.parametrize(
    ("metric", "bounds", "told"),
    [
        ("accuracy", {"minimum": 0}, "this could never alert"),
        ("accuracy", {"minimum": 1}, None),
        ("accuracy", {"minimum": 1.01}, "this would always alert"),
        ("ece", {"maximum": 0}, None),
        ("ece", {"maximum": -0.01}, "this would always alert"),
        ("ece", {"maximum": 1}, "this could never alert"),
        ("rmse", {"maximum": 1_000}, None),
        ("rmse", {"minimum": 0}, "this could never alert"),
        ("bias", {"minimum": -3}, None),
        ("bias", {"maximum": 0}, None),
    ],
)
def test_a_bound_that_decides_before_any_data_is_refused(
    metric: PerformanceMetric, bounds: Mapping[Bound, float], told: str | None
) -> None:
    mistakes = list(bound_mistakes(metric, bounds.get("minimum"), bounds.get("maximum")))
    assert [bound for bound, _ in mistakes] == ([] if told is None else list(bounds))
    assert all(message.endswith(told or "") for _, message in mistakes)
