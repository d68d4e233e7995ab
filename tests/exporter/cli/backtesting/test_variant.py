"""What a monitor that is tried rests on, and how often its rules are evaluated."""

from __future__ import annotations

from pathlib import Path

from exporter.cli.backtesting.variant import Variant
from exporter.monitor.load import LoadedMonitor
from exporter.monitor.spec import Monitor
from tests.support.batches import a_monitor

DAY_S = 86_400


def a_variant(*windows: str) -> Variant:
    document = a_monitor({"age": {"type": "number"}}).model_dump(mode="json")
    document["spec"]["reference"] = {"path": "reference.parquet"}
    document["spec"]["drift"] = {"window": list(windows)}
    return Variant("", LoadedMonitor(Monitor.model_validate(document), Path("credit.yaml"), ""), None)


def test_rules_of_long_windows_keep_the_interval_of_their_group() -> None:
    variant = a_variant("1h", "1d")
    by_name = {rule.record: variant.intervals.get(rule.expr) for rule in variant.recorded}
    assert by_name["feature_bin:infranaut_feature_bin:increase1d"] == 300
    assert by_name["feature:infranaut_drift_psi:sum1d"] == 300
    assert by_name["feature:infranaut_drift_psi:sum1h"] is None


def test_only_what_is_read_over_a_day_begins_a_day_earlier() -> None:
    variant = a_variant("1d")
    by_name = {rule.record: variant.reaches[rule.expr] for rule in variant.recorded}
    assert by_name["feature:infranaut_drift_psi:sum1d"] == 0
    assert by_name["feature_bin:infranaut_feature_bin:increase1d"] == 0
    assert by_name["feature_bin:infranaut_feature_bin:step_increase5m"] > DAY_S - 300
    assert DAY_S < variant.reach_s < DAY_S + 3600


def test_only_families_that_an_alert_rests_on_are_counted() -> None:
    families = a_variant("1h").families
    assert families >= {"infranaut_feature_bin_total", "infranaut_predictions_total", "infranaut_reference_bin_ratio"}
    assert not families & {"infranaut_feature_value_sum_total", "infranaut_prediction_latency_seconds"}
    assert "infranaut_monitor_threshold_ratio" not in families
