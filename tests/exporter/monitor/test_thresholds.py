"""Thresholds: what a monitor says, and the z-score that its budget of false alarms buys."""

from __future__ import annotations

import pytest
from scipy.stats import norm

from exporter.monitor.thresholds import thresholds
from tests.support.golden_monitors import BINARY, MULTICLASS, REGRESSION, golden_monitor


def test_they_are_what_the_monitor_says_by_the_names_that_alerts_read() -> None:
    values = thresholds(golden_monitor(BINARY))
    assert values.pop("drift_zscore") > 0
    assert values == pytest.approx(
        {
            "drift_psi": 0.1,
            "drift_rows": 200.0,
            "drift_model_share": 0.3,
            "drift_model_excess": 0.05,
            "invalid_ratio": 0.01,
            "missing_increase": 0.05,
            "rejected_ratio": 0.01,
            "quality_rows": 50.0,
            "reference_age_seconds": 90 * 86_400.0,
            "performance_rows": 100.0,
            "performance_zscore": norm.ppf(0.975),
            "performance_auc_minimum": 0.75,
            "performance_log_loss_maximum": 0.6,
        }
    )


def test_what_a_monitor_does_not_ask_for_has_no_threshold_and_what_it_asks_for_has() -> None:
    asked = {
        "label_coverage": 0.8,
        "traffic_zscore": 4.0,
        "traffic_change": 0.5,
        "traffic_rows": 100.0,
        "memory_bytes": 2.0 * 2**30,
        "cpu": 1.5,
        "open_files": 0.8,
    }
    assert thresholds(golden_monitor(MULTICLASS)).items() >= asked.items()
    assert not asked.keys() & thresholds(golden_monitor(BINARY)).keys()


def test_an_objective_for_one_class_has_a_threshold_of_its_own() -> None:
    objectives = [{"metric": "recall", "class": "returns", "minimum": 0.8}, {"metric": "recall", "minimum": 0.7}]
    values = thresholds(golden_monitor(MULTICLASS, performance={"objectives": objectives}))
    assert (values["performance_recall_minimum:returns"], values["performance_recall_minimum"]) == (0.8, 0.7)


def test_both_bounds_of_one_metric_have_a_threshold() -> None:
    values = thresholds(golden_monitor(REGRESSION))
    assert (values["performance_bias_minimum"], values["performance_bias_maximum"]) == (-5.0, 5.0)


def test_the_zscore_is_the_normal_quantile_of_false_alarms_over_verdicts() -> None:
    """Five features, the prediction and all features together, 720 windows of an hour in 30 days: 5040 verdicts."""
    values = thresholds(golden_monitor(BINARY, drift={"window": "1h", "false_alarms_per_month": 1}))
    assert values["drift_zscore"] == pytest.approx(norm.isf(1 / (3 * 5040)))


def test_every_window_adds_its_verdicts() -> None:
    values = thresholds(golden_monitor(BINARY, drift={"window": ["1h", "1d"], "false_alarms_per_month": 2}))
    assert values["drift_zscore"] == pytest.approx(norm.isf(2 / (3 * 7 * (720 + 30))))


def test_whoever_bears_an_alarm_at_every_verdict_needs_no_significance() -> None:
    assert thresholds(golden_monitor(BINARY, drift={"false_alarms_per_month": 1e9}))["drift_zscore"] == 0


def test_every_comparison_is_a_verdict_on_each_feature_and_the_prediction() -> None:
    """Two features and the prediction, against two periods and two other versions; no reference, so no more."""
    drift = {"window": "1h", "previous": ["1d", "7d"], "versions": {"stable": "v1"}, "comparison_threshold": 0.2}
    monitor = golden_monitor(REGRESSION, drift=drift, model={"versions": ["v1", "v2", "v3"]})
    values = thresholds(monitor)
    assert values["drift_zscore"] == pytest.approx(norm.isf(1 / (3 * 3 * 4 * 720)))
    assert (values["period_drift_psi"], values["version_drift_psi"]) == (0.2, 0.2)


def test_versions_that_nobody_has_named_yet_are_one_comparison_beside_the_reference() -> None:
    drift = {"window": "1h", "versions": {"stable": "v1"}}
    values = thresholds(golden_monitor(BINARY, drift=drift, model={"versions": ["v1"]}))
    assert values["drift_zscore"] == pytest.approx(norm.isf(1 / (3 * (6 * 2 + 1) * 720)))


def test_what_is_not_compared_has_no_threshold() -> None:
    values = thresholds(golden_monitor(REGRESSION, drift={"previous": []}))
    assert not values.keys() & {"drift_model_share", "drift_model_excess", "period_drift_psi", "version_drift_psi"}
