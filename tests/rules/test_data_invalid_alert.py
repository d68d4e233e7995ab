"""InfranautDataInvalid fires when more predictions are invalid than allowed, and more than chance explains."""

from __future__ import annotations

import math
from pathlib import Path

from rules import names
from rules.names import DATA_INVALID
from tests.support.golden_monitors import REGRESSION, golden_monitor
from tests.support.promtool import RuleTest

LABELS = {"job": "ml", "instance": "a", "monitor": REGRESSION}
VERSION = {"model_version": "v1"}
RATIO = f'model_rule:infranaut_records_invalid:ratio1h{{monitor="{REGRESSION}",rule="__any__"}}'


def a_test(*, predictions: str, invalid: str) -> RuleTest:
    test = RuleTest([golden_monitor(REGRESSION, quality={"window": "1h"})])
    for check, value in {"invalid_ratio": 0.01, "drift_zscore": 3.5}.items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **LABELS, check=check)
    test.series("infranaut_predictions_total", predictions, **LABELS, **VERSION)
    test.series("infranaut_records_invalid_total", invalid, **LABELS, **VERSION, rule="__any__")
    return test.series("infranaut_records_invalid_total", invalid, **LABELS, **VERSION, rule="adult_income")


def test_it_fires_and_says_how_many(tmp_path: Path) -> None:
    labels = {"job": "ml", "monitor": REGRESSION, **VERSION, "severity": "info", "kind": "quality", "window": "1h"}
    texts = {
        "summary": "bike-demand: 5% of predictions rest on invalid data",
        "description": "Over 1h, 5% of 6k predictions of model bike-demand (version v1) broke at least one rule: "
        "19.1 standard deviations above the 1% that are allowed. Broken most often: adult_income (300), "
        "range of temperature (120), finite of the prediction (60).",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautDataInvalid.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-model-bike-demand"
        "?var-monitor=bike-demand&var-job=ml&var-model_version=v1",
    }
    test = a_test(predictions="0+100x120", invalid="0+5x120")
    for feature, rule, values in (
        ("__prediction__", "finite", "0+1x120"),
        ("temperature", "range", "0+2x120"),
        ("humidity", "range", "0x120"),
    ):
        test.series("infranaut_feature_violations_total", values, **LABELS, **VERSION, feature=feature, rule=rule)
    test.series(
        "infranaut_feature_violations_total", "0+50x120", **LABELS, model_version="v2", feature="a", rule="type"
    )
    test.expect_value(names.records_invalid_zscore("1h"), "90m", 2 * (math.sqrt(300.375) - math.sqrt(60.375)))
    test.expect_alerts(DATA_INVALID, "90m", (labels, texts)).run(tmp_path)


def test_it_fires_on_a_few_rows_that_are_all_invalid(tmp_path: Path) -> None:
    a_test(predictions="0x30 0+1x12 12x80", invalid="0x30 0+1x12 12x80").expect_firing(DATA_INVALID, "60m").run(
        tmp_path
    )


def test_it_fires_through_a_counter_reset(tmp_path: Path) -> None:
    test = a_test(predictions="0+100x70 0+100x60", invalid="0+5x70 0+5x60")
    test.expect_firing(DATA_INVALID, "72m").expect_firing(DATA_INVALID, "100m").run(tmp_path)


def test_it_is_silent_at_high_traffic_within_the_allowed_share(tmp_path: Path) -> None:
    a_test(predictions="0+10000x120", invalid="0+90x120").expect_silence(DATA_INVALID, "90m").run(tmp_path)


def test_it_is_silent_when_one_of_ten_is_invalid(tmp_path: Path) -> None:
    test = a_test(predictions="0x30 1+1x9 10x80", invalid="0x35 1x90")
    test.expect_value(f"{RATIO} > bool 0.05", "60m", 1).expect_silence(DATA_INVALID, "60m").run(tmp_path)


def test_it_is_silent_without_predictions(tmp_path: Path) -> None:
    test = a_test(predictions="0x120", invalid="0x120")
    test.expect_nothing(RATIO, "90m").expect_silence(DATA_INVALID, "90m").run(tmp_path)
