"""InfranautPerformanceLow fires when the whole confidence interval of a metric misses its objective."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from exporter.monitor.spec import PerformanceMetric
from exporter.monitor.thresholds import thresholds
from rules.alert_text import METRICS
from rules.names import PERFORMANCE_LOW
from tests.support.golden_monitors import BINARY, MULTICLASS, golden_monitor
from tests.support.promtool import RuleTest

LABELS = {"job": "ml", "instance": "a", "monitor": BINARY}
VERSION = {"model_version": "v1"}
AUC = f'model:infranaut_score_bin:auc1h{{monitor="{BINARY}"}}'


def a_test(*, right: str, wrong: str, zscore: float = 1.96) -> RuleTest:
    """Two score bins: `right` is the count of each class where it belongs, `wrong` where it does not."""
    objectives = {"objectives": [{"metric": "auc", "minimum": 0.75}], "hold": "5m"}
    test = RuleTest([golden_monitor(BINARY, performance=objectives, drift={"window": "1h", "measures": ["psi"]})])
    for check, value in {
        "performance_auc_minimum": 0.75,
        "performance_rows": 100,
        "performance_zscore": zscore,
    }.items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **LABELS, check=check)
    for actual, name, values in (("0", "s00", right), ("1", "s01", right), ("0", "s01", wrong), ("1", "s00", wrong)):
        test.series("infranaut_score_bin_total", values, **LABELS, **VERSION, actual=actual, bin=name)
        test.series("infranaut_labels_total", values, **LABELS | {"instance": f"{actual}{name}"}, **VERSION)
    return test


def test_it_fires_and_says_which_metric_how_far_and_on_how_many_labels(tmp_path: Path) -> None:
    of_objective = {"metric": "auc", "bound": "minimum", "window": "1h"}
    labels = {
        "job": "ml",
        "monitor": BINARY,
        **VERSION,
        "severity": "critical",
        "kind": "performance",
        "team": "risk",
        "tier": "1",
    } | of_objective
    texts = {
        "summary": "credit-default: AUC of version v1 misses its objective",
        "description": "Over 1h, AUC of model credit-default (version v1) is 0.6 "
        "(confidence interval 0.5542 to 0.6441); its minimum is 0.75. It rests on 600 labels. "
        "Features that drifted over 1h: none.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautPerformanceLow.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-model-credit-default"
        "?var-monitor=credit-default&var-job=ml&var-model_version=v1",
    }
    a_test(right="0+3x120", wrong="0+2x120").expect_alerts(PERFORMANCE_LOW, "90m", (labels, texts)).run(tmp_path)


def test_it_fires_through_a_counter_reset(tmp_path: Path) -> None:
    test = a_test(right="0+3x70 0+3x60", wrong="0+2x70 0+2x60")
    test.expect_firing(PERFORMANCE_LOW, "75m").expect_firing(PERFORMANCE_LOW, "100m").run(tmp_path)


def test_it_is_silent_where_the_objective_is_met(tmp_path: Path) -> None:
    test = a_test(right="0+4x120", wrong="0+1x120")
    test.expect_value(AUC, "90m", 0.8).expect_silence(PERFORMANCE_LOW, "90m").run(tmp_path)


def test_it_is_silent_on_too_few_labels(tmp_path: Path) -> None:
    test = a_test(right="0+0.2x120", wrong="0+0.2x120")
    test.expect_value(AUC, "90m", 0.5).expect_silence(PERFORMANCE_LOW, "90m").run(tmp_path)


def test_it_is_silent_where_there_are_no_labels_at_all(tmp_path: Path) -> None:
    test = a_test(right="0x120", wrong="0x120")
    test.expect_nothing(AUC, "90m").expect_silence(PERFORMANCE_LOW, "90m").run(tmp_path)


def test_it_is_silent_below_the_objective_as_long_as_the_interval_reaches_it(tmp_path: Path) -> None:
    test = a_test(right="0+0.88x120", wrong="0+0.37x120")
    test.expect_value(f"{AUC} < bool 0.75", "90m", 1).expect_silence(PERFORMANCE_LOW, "90m").run(tmp_path)


def test_it_fires_on_ten_times_the_labels_that_leave_no_doubt(tmp_path: Path) -> None:
    a_test(right="0+8.8x120", wrong="0+3.7x120").expect_firing(PERFORMANCE_LOW, "90m").run(tmp_path)


def test_a_confidence_that_the_exporter_reloads_counts_without_new_rules(tmp_path: Path) -> None:
    test = a_test(right="0+0.88x120", wrong="0+0.37x120", zscore=0.1)
    test.expect_firing(PERFORMANCE_LOW, "90m").run(tmp_path)


def test_it_goes_on_firing_on_what_is_left_when_a_replica_goes_missing(tmp_path: Path) -> None:
    test = a_test(right="0+3x60 _x60", wrong="0+2x120")
    for actual, name in (("0", "s00"), ("1", "s01")):
        labels = {**LABELS, "instance": "b", **VERSION}
        test.series("infranaut_score_bin_total", "0x60 0+3x60", **labels, actual=actual, bin=name)
    for minute in ("58m", "75m", "110m"):
        test.expect_firing(PERFORMANCE_LOW, minute)
    test.run(tmp_path)


def test_it_judges_one_class_by_an_objective_of_its_own(tmp_path: Path) -> None:
    """Half of the returns are missed; of the average over the classes nobody asked anything."""
    objectives = [{"metric": "recall", "class": "returns", "minimum": 0.8}]
    monitor = golden_monitor(
        MULTICLASS, performance={"window": "1h", "objectives": objectives}, segments=None, labels={"join": "id"}
    )
    labels = {"job": "ml", "instance": "a", "monitor": MULTICLASS}
    test = RuleTest([monitor])
    for check, value in thresholds(monitor).items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **labels, check=check)
    test.series("infranaut_labels_total", "0+4x120", **labels, **VERSION)
    cells = {("returns", "returns"): 1, ("returns", "billing"): 1, ("billing", "billing"): 2}
    for (actual, predicted), rate in cells.items():
        own = {"actual": actual, "predicted": predicted}
        test.series("infranaut_outcomes_total", f"0+{rate}x120", **labels, **VERSION, **own)
    texts = {
        "summary": "ticket-router: recall of class returns of version v1 misses its objective",
        "description": "Over 1h, recall of class returns of model ticket {{ router }} (version v1) is 0.5 "
        "(confidence interval 0.4119 to 0.5881); its minimum is 0.8. It rests on 240 labels. "
        "Most mistakes: returns taken for billing (60). Features that drifted over 1h: none.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautPerformanceLow.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-model-ticket-router"
        "?var-monitor=ticket-router&var-job=ml&var-model_version=v1",
    }
    alert = {"severity": "warning", "kind": "performance", "team": 'support "{{ tools }}"', "window": "1h"}
    of_class = {"metric": "recall", "bound": "minimum", "class": "returns"}
    series = {"job": "ml", "monitor": MULTICLASS, **VERSION}
    test.expect_alerts(PERFORMANCE_LOW, "90m", (series | alert | of_class, texts)).run(tmp_path)


def test_it_tells_which_segment_and_judges_all_segments_together_too(tmp_path: Path) -> None:
    """Both segments are all wrong; one has too few labels for a verdict of its own."""
    labels = {"job": "ml", "instance": "a", "monitor": MULTICLASS}
    monitor = golden_monitor(MULTICLASS, performance={"window": "1h", "minimum_labels": 100})
    test = RuleTest([monitor])
    for check, value in {"performance_f1_minimum": 0.6, "performance_rows": 100, "performance_zscore": 1.96}.items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **labels, check=check)
    for segment, wrong in (("channel=mail", "0+1x120"), ("channel=chat", "0+0.3x120")):
        own = {**VERSION, "segment": segment}
        for actual, predicted in (("billing", "returns"), ("returns", "billing")):
            test.series("infranaut_outcomes_total", wrong, **labels, **own, actual=actual, predicted=predicted)
            test.series("infranaut_outcomes_total", "0x120", **labels, **own, actual=actual, predicted=actual)
            test.series("infranaut_labels_total", wrong, **labels | {"instance": actual}, **own)
    firing = f'ALERTS{{alertname="{PERFORMANCE_LOW}",alertstate="firing"'
    test.expect_value(f'count({firing},segment="channel=mail"}})', "90m", 1)
    test.expect_value(f'count({firing},segment=""}})', "90m", 1)
    test.expect_nothing(f'{firing},segment="channel=chat"}}', "90m").run(tmp_path)


def test_every_metric_has_words() -> None:
    assert set(METRICS) == set(get_args(PerformanceMetric))
