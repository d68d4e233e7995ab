"""InfranautLabelCoverageLow fires when too few of enough settled predictions got their label."""

from __future__ import annotations

from pathlib import Path

from exporter.monitor.thresholds import thresholds
from rules import names
from rules.links import Links
from rules.names import LABEL_COVERAGE_LOW
from rules.rendering import monitor_groups
from tests.support.golden_monitors import REGRESSION, golden_monitor
from tests.support.promtool import RuleTest

VERSION = {"model_version": "v1"}


def a_test(*, joined: str, expired: str) -> RuleTest:
    """At least 80 % of the predictions should get a label within the default 7 days."""
    monitor = golden_monitor(
        REGRESSION, performance={"window": "1h", "objectives": []}, labels={"join": "id", "minimum_coverage": 0.8}
    )
    test = RuleTest([monitor])
    for check, value in thresholds(monitor).items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **of("a"), check=check)
    return with_labels(test, "a", joined, expired)


def with_labels(test: RuleTest, instance: str, joined: str, expired: str) -> RuleTest:
    test.series("infranaut_labels_total", joined, **of(instance), **VERSION)
    return test.series("infranaut_labels_expired_total", expired, **of(instance), **VERSION)


def of(instance: str) -> dict[str, str]:
    return {"job": "ml", "instance": instance, "monitor": REGRESSION}


def test_it_fires_and_says_how_many_of_how_many(tmp_path: Path) -> None:
    labels = {"job": "ml", "monitor": REGRESSION, **VERSION, "severity": "info", "kind": "labels", "window": "1h"}
    texts = {
        "summary": "bike-demand: only 50% of predictions get their label",
        "description": "Over 1h, 50% of 1.2k predictions of model bike-demand (version v1) whose label was due got it "
        "(chance aside, at most 52.82%); at least 80% should. The others were given up after 7d.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautLabelCoverageLow.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-labels"
        "?var-monitor=bike-demand&var-job=ml&var-model_version=v1",
    }
    test = a_test(joined="0+10x120", expired="0+10x120")
    test.expect_alerts(LABEL_COVERAGE_LOW, "90m", (labels, texts)).run(tmp_path)


def test_it_fires_through_a_counter_reset(tmp_path: Path) -> None:
    test = a_test(joined="0+10x70 0+10x60", expired="0+10x70 0+10x60")
    test.expect_firing(LABEL_COVERAGE_LOW, "75m").expect_firing(LABEL_COVERAGE_LOW, "110m").run(tmp_path)


def test_it_fires_on_what_is_left_when_a_replica_goes_missing(tmp_path: Path) -> None:
    test = a_test(joined="0+10x60 _x60", expired="0+10x60 _x60")
    with_labels(test, "b", "0+10x120", "0+10x120").expect_firing(LABEL_COVERAGE_LOW, "110m").run(tmp_path)


def test_it_is_silent_at_low_and_high_traffic_with_enough_labels(tmp_path: Path) -> None:
    for rate in (1, 1000):
        test = a_test(joined=f"0+{9 * rate}x120", expired=f"0+{rate}x120")
        test.expect_value(names.label_coverage("1h"), "90m", 0.9)
        test.expect_silence(LABEL_COVERAGE_LOW, "90m").run(tmp_path)


def test_it_is_silent_a_little_below_the_minimum_on_few_predictions_and_fires_on_many(tmp_path: Path) -> None:
    a_test(joined="0+2.33x120", expired="0+0.67x120").expect_silence(LABEL_COVERAGE_LOW, "90m").run(tmp_path)
    a_test(joined="0+233x120", expired="0+67x120").expect_firing(LABEL_COVERAGE_LOW, "90m").run(tmp_path)


def test_it_is_silent_on_too_few_predictions_or_none(tmp_path: Path) -> None:
    for rate in (0.5, 0):
        test = a_test(joined="0x120", expired=f"0+{rate}x120")
        test.expect_silence(LABEL_COVERAGE_LOW, "90m").run(tmp_path)


def test_a_monitor_that_asks_for_no_coverage_has_no_such_alert() -> None:
    groups = monitor_groups(golden_monitor(REGRESSION), Links())
    assert not [rule for group in groups for rule in group.rules if getattr(rule, "alert", "") == LABEL_COVERAGE_LOW]


def test_the_delay_of_labels_is_told_by_quantiles_over_all_replicas(tmp_path: Path) -> None:
    """Half of the labels of both replicas take a minute, half five; the median is the bound between them."""
    test = a_test(joined="0+10x120", expired="0x120")
    for instance, below in (("a", "0+10x120"), ("b", "0x120")):
        for bound, values in {"60.0": below, "300.0": "0+10x120", "+Inf": "0+10x120"}.items():
            test.series("infranaut_label_delay_seconds_bucket", values, **of(instance), **VERSION, le=bound)
    test.expect_value(f'{names.label_delay_quantile("1h")}{{quantile="0.5"}}', "90m", 60).run(tmp_path)
