"""InfranautPeriodDrift fires when a window differs from the one a period before, and on nothing less."""

from __future__ import annotations

from pathlib import Path

from rules.names import PERIOD_DRIFT
from tests.support.golden_monitors import REGRESSION, golden_monitor
from tests.support.promtool import RuleTest

LABELS = {"job": "ml", "instance": "a", "monitor": REGRESSION}
VERSION = {"model_version": "v1", "reference": "bins-1", "feature": "humidity"}
AT = "60m"
"""The window of 20 minutes up to it is compared with that of 40 minutes before: minutes 0 to 20."""


def a_test(replicas: dict[str, tuple[str, str]], thresholds_at: str = "0.1") -> RuleTest:
    """Two bins of one feature, given for each replica; a monitor without a reference."""
    drift = {"window": "20m", "previous": "40m", "design_effect": 2}
    test = RuleTest([golden_monitor(REGRESSION, drift=drift)])
    for check, value in {"period_drift_psi": thresholds_at, "drift_zscore": "3.5", "drift_rows": "200"}.items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **LABELS, check=check)
    for instance, bins in replicas.items():
        for index, text in enumerate(bins):
            labels = LABELS | VERSION | {"instance": instance, "bin": f"q{index:02d}"}
            test.series("infranaut_feature_bin_total", text, **labels)
    return test


def test_it_fires_and_says_how_far_how_sure_and_on_how_many_rows(tmp_path: Path) -> None:
    labels = {
        "job": "ml",
        "monitor": REGRESSION,
        **VERSION,
        "severity": "info",
        "kind": "drift",
        "window": "20m",
        "previous": "40m",
    }
    texts = {
        "summary": "bike-demand: feature humidity differs from 40m before",
        "description": "Over 20m, feature humidity of model bike-demand (version v1) differs from 40m before by a PSI "
        "of 0.878 (threshold 0.1). That is 14.5 standard deviations above chance, on 2k rows against 2k.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautPeriodDrift.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-feature-bike-demand"
        "?var-monitor=bike-demand&var-job=ml&var-model_version=v1&var-feature=humidity",
    }
    test = a_test({"a": ("0+50x30 1500+10x30", "0+50x30 1500+90x30")})
    test.expect_alerts(PERIOD_DRIFT, AT, (labels, texts)).run(tmp_path)


def test_it_is_silent_where_the_present_is_like_the_past_at_low_and_at_high_traffic(tmp_path: Path) -> None:
    for rows in (1, 50_000):
        folder = tmp_path / str(rows)
        folder.mkdir()
        test = a_test(
            {
                "a": (
                    f"0+{53 * rows}x30 {53 * 30 * rows}+{50 * rows}x30",
                    f"0+{47 * rows}x30 {47 * 30 * rows}+{50 * rows}x30",
                )
            }
        )
        test.expect_silence(PERIOD_DRIFT, AT).run(folder)


def test_it_is_silent_on_a_true_but_small_difference(tmp_path: Path) -> None:
    test = a_test({"a": ("0+53000x30 1590000+50000x30", "0+47000x30 1410000+50000x30")})
    test.expect_value("feature:infranaut_period_drift_psi:zscore20m > bool 3.5", AT, 1)
    test.expect_silence(PERIOD_DRIFT, AT).run(tmp_path)


def test_it_is_silent_on_too_few_rows_now_however_different(tmp_path: Path) -> None:
    test = a_test({"a": ("0+50x30 1500x30", "0+50x30 1500+9x30")})
    test.expect_value("feature:infranaut_period_drift_psi:zscore20m > bool 3.5", AT, 1)
    test.expect_silence(PERIOD_DRIFT, AT).run(tmp_path)


def test_it_is_silent_on_too_few_rows_then_however_different(tmp_path: Path) -> None:
    test = a_test({"a": ("0x30 0+90x30", "0+9x30 270x30")})
    test.expect_value("feature:infranaut_period_drift_psi:zscore20m > bool 3.5", AT, 1)
    test.expect_silence(PERIOD_DRIFT, AT).run(tmp_path)


def test_it_is_silent_while_there_is_no_past(tmp_path: Path) -> None:
    a_test({"a": ("0+10x60", "0+90x60")}).expect_silence(PERIOD_DRIFT, "35m").run(tmp_path)


def test_it_fires_through_a_counter_reset_and_on_the_replica_that_is_left(tmp_path: Path) -> None:
    test = a_test(
        {
            "a": ("0+50x30 1500+10x15 0+10x15", "0+50x30 1500+90x15 0+90x15"),
            "b": ("0+50x30 _x30", "0+50x30 _x30"),
        }
    )
    test.expect_firing(PERIOD_DRIFT, AT).run(tmp_path)


def test_it_is_silent_through_a_counter_reset_and_the_loss_of_a_replica_without_drift(tmp_path: Path) -> None:
    test = a_test(
        {
            "a": ("0+50x25 0+50x35", "0+50x25 0+50x35"),
            "b": ("0+50x45 _x15", "0+50x45 _x15"),
        }
    )
    for minute in range(40, 61, 5):
        test.expect_silence(PERIOD_DRIFT, f"{minute}m")
    test.run(tmp_path)


def test_it_is_silent_after_the_bins_have_changed(tmp_path: Path) -> None:
    test = a_test({"a": ("0+50x30 _x30", "0+50x30 _x30")})
    for index, rate in enumerate((10, 90)):
        labels = LABELS | VERSION | {"reference": "bins-2", "bin": f"q{index:02d}"}
        test.series("infranaut_feature_bin_total", f"_x30 0+{rate}x30", **labels)
    test.expect_silence(PERIOD_DRIFT, AT).run(tmp_path)


def test_its_threshold_is_that_which_the_exporter_exposes(tmp_path: Path) -> None:
    drifted = {"a": ("0+50x30 1500+10x30", "0+50x30 1500+90x30")}
    a_test(drifted, thresholds_at="0.9").expect_silence(PERIOD_DRIFT, AT).run(tmp_path)
