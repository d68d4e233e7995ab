"""InfranautModelDrift fires when many features drifted, or all of them a little, and names those furthest away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from exporter.drift.comparison import compare
from exporter.drift.expected_psi import expected_psi
from exporter.drift.psi import psi
from exporter.drift.significance import zscore
from exporter.monitor.spec import Monitor
from rules import names
from rules.links import Links
from rules.names import MODEL_DRIFT
from rules.rendering import monitor_groups
from tests.support.golden_monitors import BINARY, golden_monitor
from tests.support.promtool import RuleTest

LABELS = {"job": "ml", "instance": "a", "monitor": BINARY}
AT, WINDOW = "40m", "20m"
DEFF, CORRELATION = 1.5, 0.2
SHARE_PATH, EXCESS_PATH = 0.4, 0.05
REFERENCE_ROWS = 100_000

Rates = Mapping[str, tuple[float, float]]
"""Feature → rows a minute in each of its two bins, which are even in the reference."""
UNDRIFTED: Rates = dict.fromkeys(("age", "debt", "income", "ratio", "region", "__prediction__"), (50, 50))


def a_monitor() -> Monitor:
    drift = {"window": WINDOW, "measures": ["psi"], "design_effect": DEFF, "feature_correlation": CORRELATION}
    return golden_monitor(BINARY, drift=drift)


def a_test(rates: Rates, scale: float = 1, replicas: int = 1) -> RuleTest:
    test = RuleTest([a_monitor()])
    checks = {
        "drift_psi": 0.1,
        "drift_zscore": 3.5,
        "drift_rows": 200,
        "drift_model_share": SHARE_PATH,
        "drift_model_excess": EXCESS_PATH,
    }
    for check, value in checks.items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x60", **LABELS, check=check)
    for feature, bins in rates.items():
        of_feature = {"reference": "r1", "feature": feature}
        test.series("infranaut_reference_observations", f"{REFERENCE_ROWS}x60", **LABELS, **of_feature)
        for index, rate in enumerate(bins):
            name = {"bin": f"q{index:02d}"}
            test.series("infranaut_reference_bin_ratio", "0.5x60", **LABELS, **of_feature, **name)
            for replica in range(replicas):
                labels = LABELS | of_feature | name | {"instance": f"replica-{replica}", "model_version": "v1"}
                test.series("infranaut_feature_bin_total", f"0+{rate * scale}x60", **labels)
    return test


def drifted(**rates: tuple[float, float]) -> Rates:
    return {**UNDRIFTED, **rates}


def test_it_fires_and_names_the_features_that_are_furthest_away(tmp_path: Path) -> None:
    labels = {
        "job": "ml",
        "monitor": BINARY,
        "model_version": "v1",
        "reference": "r1",
        "severity": "critical",
        "kind": "drift",
        "team": "risk",
        "tier": "1",
        "window": WINDOW,
    }
    texts = {
        "summary": "credit-default: the features of version v1 have drifted together",
        "description": "Over 20m, 40% of the features of model credit-default (version v1) have drifted. All features "
        "together are 13.2 standard deviations from the reference, with a mean PSI of 0.213 above chance. Largest PSI: "
        "income 0.878, region 0.169, debt 0.014, age 0.006, ratio 0.002.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautModelDrift.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-model-credit-default"
        "?var-monitor=credit-default&var-job=ml&var-model_version=v1",
    }
    rates = drifted(
        income=(10, 90), region=(30, 70), debt=(44, 56), age=(46, 54), ratio=(48, 52), __prediction__=(1, 99)
    )
    a_test(rates).expect_alerts(MODEL_DRIFT, AT, (labels, texts)).run(tmp_path)


def test_what_is_recorded_equals_numpy(tmp_path: Path) -> None:
    rates = drifted(income=(10, 90), region=(30, 70), __prediction__=(1, 99))
    reference = np.full(2, REFERENCE_ROWS / 2 - 0.25)
    found = [
        compare(20.0 * np.array(bins), reference * 1.0, None)
        for name, bins in rates.items()
        if name != "__prediction__"
    ]
    values, expected = np.array([psi(each) for each in found]), np.array([expected_psi(each, DEFF) for each in found])
    scores = np.array([zscore(each, DEFF) for each in found])
    deviation = np.sqrt(len(scores) + len(scores) * (len(scores) - 1) * CORRELATION)
    test = a_test(rates)
    near = "abs({} - {!r}) < bool 1e-4"
    for record, value in {
        names.stouffer(WINDOW): float(scores.sum() / deviation),
        names.excess_psi(WINDOW): float((values - expected).mean()),
        names.features_drifted_ratio(WINDOW): 0.4,
    }.items():
        test.expect_value(near.format(record, value), AT, 1)
    test.run(tmp_path)


def test_it_fires_when_no_feature_drifts_by_itself_and_all_of_them_move_a_little(tmp_path: Path) -> None:
    rates = dict.fromkeys(UNDRIFTED, (36.5, 63.5))
    test = a_test(rates).expect_value(names.features_drifted_ratio(WINDOW), AT, 0)
    test.expect_firing(MODEL_DRIFT, AT).run(tmp_path)


def test_one_feature_of_five_is_not_the_model(tmp_path: Path) -> None:
    test = a_test(drifted(income=(34, 66)))
    test.expect_value(names.features_drifted_ratio(WINDOW), AT, 0.2).expect_silence(MODEL_DRIFT, AT).run(tmp_path)


def test_the_prediction_is_no_feature(tmp_path: Path) -> None:
    test = a_test(drifted(__prediction__=(1, 99)))
    test.expect_value(names.features_drifted_ratio(WINDOW), AT, 0).expect_silence(MODEL_DRIFT, AT).run(tmp_path)


@pytest.mark.parametrize("scale", [0.2, 1, 10_000])
def test_it_is_silent_without_drift_at_any_traffic(scale: float, tmp_path: Path) -> None:
    """At the highest everything is significant, and nothing matters."""
    test = a_test(dict.fromkeys(UNDRIFTED, (49, 51)), scale)
    test.expect_value(f"{names.stouffer(WINDOW)} > bool 3.5", AT, float(scale > 1))
    test.expect_silence(MODEL_DRIFT, AT).run(tmp_path)


def test_it_is_silent_on_too_few_rows_however_different(tmp_path: Path) -> None:
    test = a_test(dict.fromkeys(UNDRIFTED, (0, 9)))
    test.expect_value(f"{names.stouffer(WINDOW)} > bool 3.5", AT, 1).expect_silence(MODEL_DRIFT, AT).run(tmp_path)


def test_it_fires_through_a_counter_reset_and_on_the_replica_that_is_left(tmp_path: Path) -> None:
    test = a_test(dict.fromkeys(UNDRIFTED, (10, 90)), replicas=2)
    for series in test.inputs:
        if "replica-0" in series["series"]:
            series["values"] = series["values"].replace("x60", "x30 ") + series["values"].replace("x60", "x30")
        if "replica-1" in series["series"]:
            series["values"] = series["values"].replace("x60", "x25 _x35")
    test.expect_firing(MODEL_DRIFT, AT).run(tmp_path)


def test_it_is_silent_through_a_counter_reset_and_the_loss_of_a_replica_without_drift(tmp_path: Path) -> None:
    test = a_test(UNDRIFTED, replicas=2)
    for series in test.inputs:
        if "replica-0" in series["series"]:
            series["values"] = series["values"].replace("x60", "x30 ") + series["values"].replace("x60", "x30")
        if "replica-1" in series["series"]:
            series["values"] = series["values"].replace("x60", "x25 _x35")
    for minute in range(25, 41, 5):
        test.expect_silence(MODEL_DRIFT, f"{minute}m")
    test.run(tmp_path)


def test_a_monitor_without_a_reference_or_with_one_feature_only_has_none() -> None:
    spec = a_monitor().spec
    first = dict([next(iter(spec.features.items()))])
    for part in ({"reference": None}, {"features": first}):
        monitor = a_monitor().model_copy(update={"spec": spec.model_copy(update=part)})
        groups = monitor_groups(monitor, Links())
        assert names.stouffer(WINDOW) not in {getattr(rule, "record", None) for group in groups for rule in group.rules}
