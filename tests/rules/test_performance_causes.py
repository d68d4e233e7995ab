"""What InfranautPerformanceLow names as its causes: segments, classes, mistakes and features that drifted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.monitor.spec import Monitor
from exporter.monitor.thresholds import thresholds
from rules import names
from rules.names import PERFORMANCE_LOW
from rules.performance_causes import performance_causes
from tests.support.golden_monitors import BINARY, MULTICLASS, REGRESSION, golden_monitor
from tests.support.promtool import Labels, RuleTest

AT = "90m"
RUNBOOK = "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautPerformanceLow.md"
DASHBOARD = "http://localhost:3000/d/infranaut-model-{0}?var-monitor={0}&var-job=ml&var-model_version=v1"
OF_MODEL = {"job": "ml", "model_version": "v1"}
CREDIT = {"severity": "critical", "kind": "performance", "team": "risk", "tier": "1"}
ROUTER = {"severity": "warning", "kind": "performance", "team": 'support "{{ tools }}"'}
NO_DRIFT = "Features that drifted over 1h: none."


def a_test(monitor: Monitor) -> RuleTest:
    test = RuleTest([monitor])
    for check, value in thresholds(monitor).items():
        labels = {"job": "ml", "instance": "a", "monitor": monitor.name, "check": check}
        test.series("infranaut_monitor_threshold_ratio", f"{value}x120", **labels)
    return test


def outcomes(test: RuleTest, each_minute: dict[tuple[str, str], int], **labels: str) -> None:
    """Labelled predictions by (actual, predicted)."""
    own = {**OF_MODEL, "instance": "a", "monitor": test.monitors[0].name, **labels}
    test.series("infranaut_labels_total", f"0+{sum(each_minute.values())}x120", **own)
    for (actual, predicted), rate in each_minute.items():
        test.series("infranaut_outcomes_total", f"0+{rate}x120", **own, actual=actual, predicted=predicted)


def an_alert(monitor: Monitor, summary: str, description: str, **labels: str) -> tuple[Labels, Labels]:
    segment = f"&var-segment={labels['segment'].replace('=', '%3D')}" if "segment" in labels else ""
    texts = {
        "summary": f"{monitor.name}: {summary}",
        "description": f"Over 1h, {description}",
        "runbook_url": RUNBOOK,
        "dashboard_url": DASHBOARD.format(monitor.name) + segment,
    }
    return {**OF_MODEL, "monitor": monitor.name, "bound": "minimum", "window": "1h", **labels}, texts


def test_features_that_drifted_are_named_the_furthest_first(tmp_path: Path) -> None:
    """By effect, significance and rows, as for their own alert; the prediction is no feature."""
    monitor = golden_monitor(BINARY, performance={"objectives": [{"metric": "accuracy", "minimum": 0.9}], "hold": "5m"})
    test = a_test(monitor)
    outcomes(test, {("1", "0"): 9, ("0", "1"): 9, ("1", "1"): 0})
    measured = {
        "age": (0.25, 9, 5000),
        "income": (0.5, 9, 5000),
        "__prediction__": (0.9, 9, 5000),
        "region": (0.01, 9, 5000),
        "ratio": (0.6, 1, 5000),
        "debt": (0.7, 9, 5),
    }
    series = (names.drift_measure("psi", "1h"), names.drift_zscore("1h"), names.feature_increase("1h"))
    for feature, values in measured.items():
        for name, value in zip(series, values, strict=True):
            own = {**OF_MODEL, "monitor": BINARY, "reference": "r", "feature": feature}
            test.series(name, f"{value}x120", **own)
    alert = an_alert(
        monitor,
        "accuracy of version v1 misses its objective",
        "accuracy of model credit-default (version v1) is 0 (confidence interval 0 to 0.003544); its minimum is 0.9. "
        "It rests on 1.08k labels. Features that drifted over 1h: income (PSI 0.500), age (PSI 0.250).",
        **{"metric": "accuracy", **CREDIT},
    )
    test.expect_alerts(PERFORMANCE_LOW, AT, alert).run(tmp_path)


def a_segmented_test(**objective: Any) -> tuple[Monitor, RuleTest]:
    """Mail is half wrong about bills, chat is all wrong on too few labels for a verdict, phone is right."""
    performance = {"window": "1h", "hold": "5m", "minimum_labels": 200, "objectives": [objective]}
    monitor = golden_monitor(MULTICLASS, performance=performance, labels={"join": "id"}, drift={"window": "1h"})
    test = a_test(monitor)
    bill, back = "billing", "returns"
    outcomes(test, {(bill, bill): 1, (bill, back): 1, (back, back): 2}, segment="channel=mail")
    outcomes(test, {(bill, bill): 2, (back, back): 2}, segment="channel=phone")
    outcomes(test, {(bill, back): 1, (back, bill): 1}, segment="channel=chat")
    return monitor, test


def test_the_worst_segments_and_classes_are_named(tmp_path: Path) -> None:
    monitor, test = a_segmented_test(metric="recall", minimum=0.85)
    segments = "Worst segments: channel=mail 0.75, channel=phone 1."
    whole = an_alert(
        monitor,
        "recall of version v1 misses its objective",
        "recall of model ticket {{ router }} (version v1) is 0.7 (confidence interval 0.6627 to 0.7339); its minimum "
        f"is 0.85. It rests on 600 labels. {segments} Worst classes: billing 0.6, returns 0.8. {NO_DRIFT}",
        **{"metric": "recall", **ROUTER},
    )
    mail = an_alert(
        monitor,
        "recall of version v1, segment channel=mail misses its objective",
        "recall of model ticket {{ router }} (version v1, segment channel=mail) is 0.75 (confidence interval "
        "0.7033 to 0.794); its minimum is 0.85. It rests on 240 labels. "
        f"{segments} Worst classes: billing 0.5, returns 1. {NO_DRIFT}",
        **{"metric": "recall", "segment": "channel=mail", **ROUTER},
    )
    test.expect_alerts(PERFORMANCE_LOW, AT, whole, mail).run(tmp_path)


def test_of_a_class_its_worst_segments_are_named_and_what_it_is_mistaken_for(tmp_path: Path) -> None:
    monitor, test = a_segmented_test(**{"metric": "recall", "class": "billing", "minimum": 0.7})
    segments, of_class = "Worst segments: channel=mail 0.5, channel=phone 1.", {"metric": "recall", "class": "billing"}
    whole = an_alert(
        monitor,
        "recall of class billing of version v1 misses its objective",
        "recall of class billing of model ticket {{ router }} (version v1) is 0.6 (confidence interval 0.5436 to "
        f"0.6538); its minimum is 0.7. It rests on 600 labels. {segments} Most mistakes: billing taken for returns "
        f"(120), returns taken for billing (60). {NO_DRIFT}",
        **{**of_class, **ROUTER},
    )
    mail = an_alert(
        monitor,
        "recall of class billing of version v1, segment channel=mail misses its objective",
        "recall of class billing of model ticket {{ router }} (version v1, segment channel=mail) is 0.5 (confidence "
        "interval 0.4119 to 0.5881); its minimum is 0.7. It rests on 240 labels. "
        f"{segments} Most mistakes: billing taken for returns (60). {NO_DRIFT}",
        **{**of_class, "segment": "channel=mail", **ROUTER},
    )
    test.expect_alerts(PERFORMANCE_LOW, AT, whole, mail).run(tmp_path)


@pytest.mark.parametrize(
    ("name", "objective", "ranked"),
    [
        (REGRESSION, {"metric": "mae", "maximum": 3}, "sort_desc(topk(5, model:infranaut_error_absolute:mean6h{"),
        (MULTICLASS, {"metric": "accuracy", "minimum": 0.5}, "sort(bottomk(5, class:infranaut_outcomes:recall6h{"),
    ],
    ids=["a loss is worst where it is largest", "accuracy within a class is its recall"],
)
def test_what_is_worst_depends_on_the_metric(name: str, objective: dict[str, Any], ranked: str) -> None:
    segments = {"by": list(golden_monitor(name).spec.features)[:1]}
    monitor = golden_monitor(name, performance={"objectives": [objective], "window": "6h"}, segments=segments)
    assert ranked in " ".join(performance_causes(monitor, monitor.spec.performance.objectives[0]))


def test_a_monitor_without_segments_classes_and_reference_names_nothing() -> None:
    monitor = golden_monitor(BINARY, reference=None)
    assert not list(performance_causes(monitor, monitor.spec.performance.objectives[0]))
