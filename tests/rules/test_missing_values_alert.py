"""InfranautMissingValues fires when a feature is missing more often than in its reference, and than chance explains."""

from __future__ import annotations

from pathlib import Path

from exporter.monitor.thresholds import thresholds
from rules.names import MISSING_VALUES
from tests.support.golden_monitors import BINARY, REGRESSION, golden_monitor
from tests.support.promtool import RuleTest

VERSION = {"model_version": "v1"}


def a_test(*, missing: str, rows: str = "0+100x130", usual: float | None = 0.1) -> RuleTest:
    """A feature that `usual`ly misses that share; None: a monitor without a reference. 5 % more are allowed."""
    name, feature = (REGRESSION, "humidity") if usual is None else (BINARY, "income")
    monitor = golden_monitor(name, quality={"window": "1h"}, drift={"measures": ["psi"]})
    test = RuleTest([monitor])
    for check, value in thresholds(monitor).items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **of(name, "a"), check=check)
    of_reference = {"reference": "none" if usual is None else "abc", "feature": feature, "bin": "missing"}
    if usual is not None:
        for instance in ("a", "b"):
            test.series("infranaut_reference_bin_ratio", f"{usual}x200", **of(name, instance), **of_reference)
    return with_rows(test, "a", name, rows, missing, of_reference)


def with_rows(
    test: RuleTest, instance: str, name: str, rows: str, missing: str, of_reference: dict[str, str]
) -> RuleTest:
    test.series("infranaut_predictions_total", rows, **of(name, instance), **VERSION)
    return test.series("infranaut_feature_bin_total", missing, **of(name, instance), **VERSION, **of_reference)


def of(monitor: str, instance: str) -> dict[str, str]:
    return {"job": "ml", "instance": instance, "monitor": monitor}


def test_it_fires_and_says_which_feature_and_how_many(tmp_path: Path) -> None:
    labels = {"job": "ml", "monitor": BINARY, **VERSION, "reference": "abc", "feature": "income", "window": "1h"}
    alert = {"severity": "critical", "kind": "quality", "team": "risk", "tier": "1"}
    texts = {
        "summary": "credit-default: feature income is missing in 20% of predictions",
        "description": "Over 1h, feature income was missing in 20% of 6k predictions of model credit-default "
        "(version v1). Chance aside, it is at least 7.357% more than in the reference; 5% more are allowed.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautMissingValues.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-feature-credit-default"
        "?var-monitor=credit-default&var-job=ml&var-model_version=v1&var-feature=income",
    }
    a_test(missing="0+20x130").expect_alerts(MISSING_VALUES, "90m", (labels | alert, texts)).run(tmp_path)


def test_it_is_silent_at_the_usual_share_and_a_little_above_at_low_and_high_traffic(tmp_path: Path) -> None:
    for rate in (1, 1000):
        test = a_test(missing=f"0+{14 * rate}x130", rows=f"0+{100 * rate}x130")
        test.expect_silence(MISSING_VALUES, "90m").run(tmp_path)


def test_it_is_silent_where_chance_explains_it_and_fires_on_more_rows(tmp_path: Path) -> None:
    a_test(missing="0+0.4x130", rows="0+2x130").expect_silence(MISSING_VALUES, "90m").run(tmp_path)
    a_test(missing="0+40x130", rows="0+200x130").expect_firing(MISSING_VALUES, "90m").run(tmp_path)


def test_it_is_silent_on_too_few_rows_even_if_all_are_missing(tmp_path: Path) -> None:
    a_test(missing="0+0.7x130", rows="0+0.7x130").expect_silence(MISSING_VALUES, "90m").run(tmp_path)
    a_test(missing="0+1x130", rows="0+1x130").expect_firing(MISSING_VALUES, "90m").run(tmp_path)


def test_it_is_silent_without_predictions(tmp_path: Path) -> None:
    a_test(missing="0x130", rows="0x130").expect_silence(MISSING_VALUES, "90m").run(tmp_path)


def test_without_a_reference_the_share_itself_is_judged(tmp_path: Path) -> None:
    a_test(missing="0+20x130", usual=None).expect_firing(MISSING_VALUES, "90m").run(tmp_path)
    a_test(missing="0+4x130", usual=None).expect_silence(MISSING_VALUES, "90m").run(tmp_path)


def test_it_fires_through_a_counter_reset(tmp_path: Path) -> None:
    test = a_test(missing="0+20x70 0+20x60", rows="0+100x70 0+100x60")
    test.expect_firing(MISSING_VALUES, "75m").expect_firing(MISSING_VALUES, "110m").run(tmp_path)


def test_replicas_are_judged_together_and_on_what_is_left_when_one_goes_missing(tmp_path: Path) -> None:
    test = a_test(missing="0+40x60 _x70", rows="0+100x60 _x70")
    of_reference = {"reference": "abc", "feature": "income", "bin": "missing"}
    with_rows(test, "b", BINARY, "0+100x130", "0+4x130", of_reference)
    test.expect_firing(MISSING_VALUES, "60m").expect_silence(MISSING_VALUES, "129m").run(tmp_path)
