"""InfranautVersionDrift fires when a version sees, or predicts, something else than the stable one at the same time."""

from __future__ import annotations

from pathlib import Path

from rules.names import VERSION_DRIFT
from tests.support.golden_monitors import REGRESSION, golden_monitor
from tests.support.promtool import RuleTest

LABELS = {"job": "ml", "instance": "a", "monitor": REGRESSION}
FEATURE = {"reference": "bins-1", "feature": "humidity"}
AT = "40m"
EVEN = ("0+450x40", "0+450x40")
UNEVEN = ("0+10x40", "0+90x40")


def a_test(versions: dict[str, tuple[str, str]], stable: str = "v1", instance: str = "a") -> RuleTest:
    """A window of 20 minutes over two bins of one feature, given for each version."""
    drift = {"window": "20m", "versions": {"stable": stable}, "previous": []}
    test = RuleTest([golden_monitor(REGRESSION, events={"model_version": "version"}, drift=drift)])
    for check, value in {"version_drift_psi": "0.1", "drift_zscore": "3.5", "drift_rows": "200"}.items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **LABELS, check=check)
    for version, bins in versions.items():
        add_replica(test, version, bins, instance)
    return test


def add_replica(test: RuleTest, version: str, bins: tuple[str, str], instance: str) -> None:
    for index, text in enumerate(bins):
        labels = LABELS | FEATURE | {"instance": instance, "model_version": version, "bin": f"q{index:02d}"}
        test.series("infranaut_feature_bin_total", text, **labels)


def test_it_fires_for_the_other_version_and_says_how_far_how_sure_and_on_how_many_rows(tmp_path: Path) -> None:
    labels = {
        "job": "ml",
        "monitor": REGRESSION,
        **FEATURE,
        "model_version": "v2",
        "severity": "info",
        "kind": "drift",
        "window": "20m",
        "stable": "v1",
    }
    texts = {
        "summary": "bike-demand: feature humidity differs from the stable version v1",
        "description": "Over 20m, feature humidity of model bike-demand (version v2) differs from the stable version "
        "v1 by a PSI of 0.878 (threshold 0.1). That is 23.1 standard deviations above chance, on 2k rows against 18k.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautVersionDrift.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-feature-bike-demand"
        "?var-monitor=bike-demand&var-job=ml&var-model_version=v2&var-feature=humidity",
    }
    a_test({"v1": EVEN, "v2": UNEVEN}).expect_alerts(VERSION_DRIFT, AT, (labels, texts)).run(tmp_path)


def test_it_is_for_each_version_that_differs(tmp_path: Path) -> None:
    versions = {"v1": EVEN, "v2": UNEVEN, "v3": ("0+50x40", "0+50x40"), "v4": UNEVEN}
    test = a_test(versions).expect_firing(VERSION_DRIFT, AT, count=2)
    test.expect_value('count(ALERTS{alertstate="firing",model_version=~"v2|v4"})', AT, 2).run(tmp_path)


def test_a_canary_of_few_rows_beside_many_is_silent_where_it_is_alike(tmp_path: Path) -> None:
    a_test({"v1": ("0+49000x40", "0+1000x40"), "v2": ("0+12x40", "0x40")}).expect_silence(VERSION_DRIFT, AT).run(
        tmp_path
    )


def test_it_is_silent_on_a_true_but_small_difference(tmp_path: Path) -> None:
    test = a_test({"v1": ("0+53000x40", "0+47000x40"), "v2": ("0+50000x40", "0+50000x40")})
    test.expect_value("feature:infranaut_version_drift_psi:zscore20m > bool 3.5", AT, 1)
    test.expect_silence(VERSION_DRIFT, AT).run(tmp_path)


def test_it_is_silent_on_too_few_rows_of_either_version(tmp_path: Path) -> None:
    few = ("0x40", "0+9x40")
    for name, versions in {"other": {"v1": EVEN, "v2": few}, "stable": {"v1": few, "v2": ("0+90x40", "0x40")}}.items():
        folder = tmp_path / name
        folder.mkdir()
        test = a_test(versions)
        test.expect_value("feature:infranaut_version_drift_psi:zscore20m > bool 3.5", AT, 1)
        test.expect_silence(VERSION_DRIFT, AT).run(folder)


def test_it_is_silent_without_the_stable_version_or_another_one(tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        folder = tmp_path / version
        folder.mkdir()
        a_test({version: UNEVEN}).expect_silence(VERSION_DRIFT, AT).run(folder)


def test_it_fires_through_a_counter_reset_and_on_the_replica_that_is_left(tmp_path: Path) -> None:
    test = a_test({"v1": EVEN, "v2": ("0+10x30 0+10x10", "0+90x30 0+90x10")})
    add_replica(test, "v1", ("0+450x15 _x25", "0+450x15 _x25"), "b")
    test.expect_firing(VERSION_DRIFT, AT).run(tmp_path)


def test_it_is_silent_through_a_counter_reset_and_the_loss_of_a_replica_without_drift(tmp_path: Path) -> None:
    test = a_test({"v1": EVEN, "v2": ("0+50x30 0+50x10", "0+50x30 0+50x10")})
    add_replica(test, "v2", ("0+50x25 _x15", "0+50x25 _x15"), "b")
    for minute in range(25, 41, 5):
        test.expect_silence(VERSION_DRIFT, f"{minute}m")
    test.run(tmp_path)


def test_a_version_may_be_called_anything(tmp_path: Path) -> None:
    text = RuleTest(
        [
            golden_monitor(
                REGRESSION,
                events={"model_version": "version"},
                drift={"previous": [], "versions": {"stable": '{{ "v" }}'}},
            )
        ]
    )
    text.expect_silence(VERSION_DRIFT, "1m").run(tmp_path)
