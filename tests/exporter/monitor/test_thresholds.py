"""Thresholds: what a monitor says, and the z-score that its budget of false alarms buys."""

from __future__ import annotations

import pytest
from scipy.stats import norm

from exporter.monitor.thresholds import thresholds
from tests.support.golden_monitors import BINARY, REGRESSION, golden_monitor


def test_they_are_what_the_monitor_says_by_the_names_that_alerts_read() -> None:
    values = thresholds(golden_monitor(BINARY))
    assert values.pop("drift_zscore") > 0
    assert values == {
        "drift_psi": 0.1,
        "drift_rows": 200.0,
        "invalid_ratio": 0.01,
        "performance_rows": 100.0,
        "performance_auc_minimum": 0.75,
        "performance_log_loss_maximum": 0.6,
    }


def test_both_bounds_of_one_metric_have_a_threshold() -> None:
    values = thresholds(golden_monitor(REGRESSION))
    assert (values["performance_bias_minimum"], values["performance_bias_maximum"]) == (-5.0, 5.0)


def test_the_zscore_is_the_normal_quantile_of_false_alarms_over_verdicts() -> None:
    """Five features and the prediction, 720 windows of an hour in 30 days: 4320 verdicts a month."""
    values = thresholds(golden_monitor(BINARY, drift={"window": "1h", "false_alarms_per_month": 1}))
    assert values["drift_zscore"] == pytest.approx(norm.isf(1 / (3 * 4320)))


def test_every_window_adds_its_verdicts() -> None:
    values = thresholds(golden_monitor(BINARY, drift={"window": ["1h", "1d"], "false_alarms_per_month": 2}))
    assert values["drift_zscore"] == pytest.approx(norm.isf(2 / (3 * 6 * (720 + 30))))


def test_whoever_bears_an_alarm_at_every_verdict_needs_no_significance() -> None:
    assert thresholds(golden_monitor(BINARY, drift={"false_alarms_per_month": 1e9}))["drift_zscore"] == 0
