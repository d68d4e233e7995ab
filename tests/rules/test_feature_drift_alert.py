"""InfranautFeatureDrift fires on effect, significance and enough rows together, and on nothing less."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from exporter.monitor.spec import Monitor
from rules.names import FEATURE_DRIFT
from tests.support.golden_monitors import BINARY, golden_monitor
from tests.support.promtool import RuleTest

LABELS = {"job": "ml", "instance": "a", "monitor": BINARY}
VERSION = {"model_version": "v1", "reference": "r1", "feature": "age"}
EVEN = {"q00": 0.5, "q01": 0.5}
MANY = {f"q{index:02d}": 1 / 14 for index in range(14)}


def a_monitor(**drift: object) -> Monitor:
    return golden_monitor(BINARY, drift={"window": "1h", "measures": ["psi"], **drift})


def a_test(
    bins: Mapping[str, str], reference: Mapping[str, float] = EVEN, replica: Mapping[str, str] | None = None
) -> RuleTest:
    """An hour's window over the bins of one feature, given for a replica and, where there are two, for the other."""
    test = RuleTest([a_monitor()])
    for check, value in {"drift_psi": 0.1, "drift_zscore": 3.5, "drift_rows": 200}.items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **LABELS, check=check)
    of_reference = {"reference": "r1", "feature": "age"}
    test.series("infranaut_reference_observations", "10000x200", **LABELS, **of_reference)
    for name, ratio in reference.items():
        test.series("infranaut_reference_bin_ratio", f"{ratio}x200", **LABELS, **of_reference, bin=name)
    for instance, values in {"a": bins, "b": replica or {}}.items():
        for name, text in values.items():
            test.series("infranaut_feature_bin_total", text, **LABELS | {"instance": instance}, **VERSION, bin=name)
    return test


def test_it_fires_and_says_how_far_how_sure_and_on_how_many_rows(tmp_path: Path) -> None:
    labels = {
        "job": "ml",
        "monitor": BINARY,
        **VERSION,
        "severity": "critical",
        "kind": "drift",
        "team": "risk",
        "tier": "1",
    }
    texts = {
        "summary": "credit-default: feature age has drifted from its reference",
        "description": "Over 1h, feature age of model credit-default (version v1) differs from the reference by a "
        "PSI of 0.878 (threshold 0.1). That is 27.2 standard deviations above chance, on 6k rows.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautFeatureDrift.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-feature-credit-default"
        "?var-monitor=credit-default&var-job=ml&var-model_version=v1&var-feature=age",
    }
    test = a_test({"q00": "0+10x120", "q01": "0+90x120"})
    test.expect_alerts(FEATURE_DRIFT, "100m", ({**labels, "window": "1h"}, texts)).run(tmp_path)


def test_it_waits_for_a_tenth_of_the_window(tmp_path: Path) -> None:
    test = a_test({"q00": "0+50x60 3000+10x120", "q01": "0+50x60 3000+90x120"})
    test.expect_value('feature:infranaut_drift_psi:sum1h{feature="age"} > bool 0.1', "83m", 0)
    test.expect_value('feature:infranaut_drift_psi:sum1h{feature="age"} > bool 0.1', "84m", 1)
    test.expect_silence(FEATURE_DRIFT, "89m").expect_firing(FEATURE_DRIFT, "90m").run(tmp_path)


def test_it_fires_through_a_counter_reset_of_one_replica(tmp_path: Path) -> None:
    steady = {"q00": "0+10x120", "q01": "0+90x120"}
    restarted = {"q00": "0+10x70 0+10x60", "q01": "0+90x70 0+90x60"}
    a_test(steady, replica=restarted).expect_firing(FEATURE_DRIFT, "100m").run(tmp_path)


def test_it_fires_on_the_replica_that_is_left(tmp_path: Path) -> None:
    drifted = {"q00": "0+10x120", "q01": "0+90x120"}
    gone = {"q00": "0+10x50 _x70", "q01": "0+90x50 _x70"}
    a_test(drifted, replica=gone).expect_firing(FEATURE_DRIFT, "120m").run(tmp_path)


def test_it_is_silent_without_drift_at_high_traffic_where_everything_is_significant(tmp_path: Path) -> None:
    test = a_test({"q00": "0+53000x120", "q01": "0+47000x120"})
    significant = 'feature:infranaut_drift_psi:zscore1h{feature="age"} > bool 3.5'
    test.expect_value(significant, "100m", 1).expect_silence(FEATURE_DRIFT, "100m").run(tmp_path)


def test_it_is_silent_on_too_few_rows_however_different(tmp_path: Path) -> None:
    test = a_test({"q00": "0x120", "q01": "0+3x120"})
    significant = 'feature:infranaut_drift_psi:zscore1h{feature="age"} > bool 3.5'
    test.expect_value(significant, "100m", 1).expect_silence(FEATURE_DRIFT, "100m").run(tmp_path)


def test_it_is_silent_when_a_large_psi_is_what_chance_gives_so_many_bins(tmp_path: Path) -> None:
    uneven = {name: f"0+{0.17 if index % 2 else 0.35}x120" for index, name in enumerate(MANY)}
    test = a_test(uneven, reference=MANY)
    effect = 'feature:infranaut_drift_psi:sum1h{feature="age"} > bool 0.1'
    test.expect_value(effect, "100m", 1).expect_silence(FEATURE_DRIFT, "100m").run(tmp_path)


def test_it_is_silent_through_a_counter_reset_without_drift(tmp_path: Path) -> None:
    steady = {"q00": "0+50x120", "q01": "0+50x120"}
    restarted = {"q00": "0+50x70 0+50x60", "q01": "0+50x70 0+50x60"}
    test = a_test(steady, replica=restarted)
    for minute in range(70, 120, 10):
        test.expect_silence(FEATURE_DRIFT, f"{minute}m")
    test.run(tmp_path)


def test_it_is_silent_when_a_drifted_stream_stops(tmp_path: Path) -> None:
    test = a_test({"q00": "0+10x60 600x120", "q01": "0+90x60 5400x120"})
    test.expect_firing(FEATURE_DRIFT, "70m").expect_silence(FEATURE_DRIFT, "125m").run(tmp_path)


def test_it_calls_the_prediction_by_its_name(tmp_path: Path) -> None:
    test = a_test({"q00": "0+10x120", "q01": "0+90x120"})
    for series in test.inputs:
        series["series"] = series["series"].replace('feature="age"', 'feature="__prediction__"')
    summary = 'ALERTS{alertname="InfranautFeatureDrift",alertstate="firing",feature="__prediction__"}'
    test.expect_value(f"count({summary})", "100m", 1).run(tmp_path)
