"""What counts as an event and as an error, for each kind of objective."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.promtool import RuleTest
from tests.support.slos import LABELS, NAME, VERSION, add_replica, slo_monitor

EVENTS = f'slo:infranaut_slo_events:increase5m{{monitor="{NAME}"}}'
ERRORS = f'slo:infranaut_slo_errors:increase5m{{monitor="{NAME}"}}'
AUC = {"name": "quality", "metric": "auc", "minimum": 0.75, "objective": 0.95}


@pytest.mark.parametrize(
    ("slo", "histogram", "edge", "labels"),
    [
        (
            {"name": "latency", "latency_below_seconds": 0.25},
            "infranaut_prediction_latency_seconds",
            "0.25",
            LABELS | VERSION,
        ),
        ({"name": "freshness", "events_younger_than": "90s"}, "infranaut_ingest_lag_seconds", "90.0", LABELS),
        (
            {"name": "label_delay", "labels_younger_than": "2d"},
            "infranaut_label_delay_seconds",
            "172800.0",
            LABELS | VERSION,
        ),
    ],
)
def test_errors_of_a_histogram_are_the_observations_above_the_limit(
    tmp_path: Path, slo: dict[str, Any], histogram: str, edge: str, labels: dict[str, str]
) -> None:
    test = RuleTest([slo_monitor(slo | {"objective": 0.99})])
    test.series(f"{histogram}_count", "0+100x30", **labels)
    test.series(f"{histogram}_bucket", "0+94x30", **labels, le=edge)
    test.series(f"{histogram}_bucket", "0+100x30", **labels, le="+Inf")
    test.expect_value(EVENTS, "20m", 500).expect_value(ERRORS, "20m", 30).run(tmp_path)


def test_errors_of_validity_are_the_predictions_that_break_any_rule_once_each(tmp_path: Path) -> None:
    test = RuleTest([slo_monitor({"name": "validity", "objective": 0.99})])
    add_replica(test, "a", "0+100x30", "0x30")
    for rule in ("__any__", "required", "range"):
        test.series("infranaut_records_invalid_total", "0+3x30", **LABELS, **VERSION, rule=rule)
    test.expect_value(EVENTS, "20m", 500).expect_value(ERRORS, "20m", 15).run(tmp_path)


def test_versions_and_replicas_are_one_objective(tmp_path: Path) -> None:
    test = RuleTest([slo_monitor({"name": "availability", "objective": 0.99})])
    add_replica(test, "a", "0+100x30", "0+1x30")
    add_replica(test, "b", "0+50x30", "0+2x30", version="v2")
    test.expect_value(EVENTS, "20m", 750).expect_value(ERRORS, "20m", 15).run(tmp_path)


@pytest.mark.parametrize(("right", "bad"), [("0+3x80", 1.0), ("0+9x80", 0.0)])
@pytest.mark.parametrize("slice_", ["1m", "5m"])
def test_a_slice_is_bad_where_the_metric_misses_its_bound(tmp_path: Path, right: str, bad: float, slice_: str) -> None:
    """AUC 0.6 or 0.82 of the single version, judged once for each slice."""
    test = a_quality_test(right, "0+2x80", slice=slice_)
    test.expect_value(f"{ERRORS} / {EVENTS}", "70m", bad)
    test.expect_value(f"{EVENTS} > bool 0", "70m", 1).run(tmp_path)


def test_a_slice_without_enough_labels_is_neither_good_nor_bad(tmp_path: Path) -> None:
    test = a_quality_test("0+0.3x80", "0+0.2x80")
    test.expect_value(f'model:infranaut_score_bin:auc1h{{monitor="{NAME}"}}', "70m", 0.6)
    test.expect_nothing(EVENTS, "70m").expect_nothing(ERRORS, "70m").run(tmp_path)


def a_quality_test(right: str, wrong: str, **slo: str) -> RuleTest:
    """Two score bins: `right` is the count of each class where it belongs, `wrong` where it does not."""
    test = RuleTest([slo_monitor(AUC | slo, performance={"window": "1h"})])
    test.series("infranaut_monitor_threshold_ratio", "100x80", **LABELS, check="performance_rows")
    for actual, name, values in (("0", "s00", right), ("1", "s01", right), ("0", "s01", wrong), ("1", "s00", wrong)):
        test.series("infranaut_score_bin_total", values, **LABELS, **VERSION, actual=actual, bin=name)
        test.series("infranaut_labels_total", values, **LABELS | {"instance": f"{actual}{name}"}, **VERSION)
    return test
