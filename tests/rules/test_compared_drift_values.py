"""Drift between two samples of the stream equals NumPy on the counts, and is absent where they cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from exporter.batch import Floats
from exporter.monitor.spec import Monitor
from rules import names
from rules.names import Comparison
from tests.support.golden_monitors import REGRESSION, golden_monitor
from tests.support.pooled import two_sample_drift
from tests.support.promtool import RuleTest

WINDOW, AT = "20m", "60m"
DEFF = 2.0
LABELS = {"job": "ml", "monitor": REGRESSION, "reference": "bins-1", "feature": "humidity"}
BEFORE = np.array([20.0, 0, 400, 60, 0, 0, 20])
NOW = np.array([900.0, 40, 20, 0, 0, 0, 60])
"""Multiples of the minutes that they are counted in, so that no counter falls by a rounding error."""


def a_monitor(**drift: object) -> Monitor:
    """A monitor without a reference."""
    event = {"model_version": "version"}
    return golden_monitor(REGRESSION, events=event, drift={"window": WINDOW, "design_effect": DEFF, **drift})


def counters(before: float, now: float) -> str:
    """A counter that grows by `before` in the first 20 minutes and by `now` in the third 20."""
    return f"0+{before / 20!r}x20 {before!r}x18 {before!r}+{now / 20!r}x20"


def add_bins(test: RuleTest, before: Floats, now: Floats, instance: str = "a", **labels: str) -> None:
    for index, (first, last) in enumerate(zip(before.tolist(), now.tolist(), strict=True)):
        of_bin = {**LABELS, "instance": instance, **labels, "bin": f"q{index:02d}"}
        test.series("infranaut_feature_bin_total", counters(first, last), **of_bin)


def expect_drift(test: RuleTest, kind: Comparison, expected: Mapping[str, Floats], rows: float) -> RuleTest:
    test.expect_value(names.compared_psi(kind, WINDOW), AT, float(expected["psi"]))
    test.expect_value(names.compared_expected_psi(kind, WINDOW), AT, float(expected["expected"]))
    test.expect_value(names.compared_zscore(kind, WINDOW), AT, float(expected["zscore"]))
    test.expect_value(names.compared_degrees_of_freedom(kind, WINDOW), AT, float(expected["df"]))
    return test.expect_value(names.compared_rows(kind, WINDOW), AT, rows)


def expect_none(test: RuleTest, kind: Comparison) -> RuleTest:
    for record in (names.compared_psi, names.compared_zscore, names.compared_rows, names.compared_expected_psi):
        test.expect_nothing(record(kind, WINDOW), AT)
    return test


@pytest.mark.parametrize("scale", [1.0, 50.0], ids=["alike many rows", "fifty times the rows"])
def test_a_window_against_that_of_a_period_before_equals_numpy_over_two_replicas(scale: float, tmp_path: Path) -> None:
    test = RuleTest([a_monitor(previous="40m")])
    for instance in "ab":
        add_bins(test, BEFORE / 2, NOW * scale / 2, instance, model_version="v1")
    expected = two_sample_drift(NOW * scale, BEFORE, DEFF)
    expect_drift(test, "period", expected, BEFORE.sum())
    test.expect_value(f'count({names.compared_psi("period", WINDOW)}{{previous="40m"}})', AT, 1).run(tmp_path)


def test_each_period_is_a_series_of_its_own(tmp_path: Path) -> None:
    test = RuleTest([a_monitor(previous=["20m", "40m"])])
    add_bins(test, BEFORE, NOW, model_version="v1")
    expected = two_sample_drift(NOW, BEFORE, DEFF)
    test.expect_value(names.compared_psi("period", WINDOW), AT, float(expected["psi"]))
    test.expect_nothing(f'{names.compared_psi("period", WINDOW)}{{previous="20m"}}', AT).run(tmp_path)


def test_a_version_against_the_stable_one_equals_numpy_and_the_stable_one_has_none(tmp_path: Path) -> None:
    test = RuleTest([a_monitor(previous=[], versions={"stable": "v1"})])
    add_bins(test, 0 * BEFORE, BEFORE * 40, model_version="v1")
    add_bins(test, 0 * NOW, NOW, model_version="v2")
    expect_drift(test, "version", two_sample_drift(NOW, BEFORE * 40, DEFF), BEFORE.sum() * 40)
    compared = f'{names.compared_psi("version", WINDOW)}{{stable="v1",model_version="v2"}}'
    test.expect_value(f"count({compared})", AT, 1).run(tmp_path)


def test_both_samples_smoothed_shares_add_up_to_one(tmp_path: Path) -> None:
    test = RuleTest([a_monitor(previous="40m")])
    add_bins(test, BEFORE, NOW, model_version="v1")
    for record in (names.compared_bin_ratio, names.compared_bin_baseline_ratio):
        test.expect_value(f"sum({record('period', WINDOW)})", AT, 1)
    test.run(tmp_path)


def test_samples_in_one_and_the_same_bin_do_not_differ(tmp_path: Path) -> None:
    test = RuleTest([a_monitor(previous="40m")])
    add_bins(test, np.array([300.0, 0]), np.array([900.0, 0]), model_version="v1")
    test.expect_value(names.compared_psi("period", WINDOW), AT, 0).run(tmp_path)


def test_a_period_that_was_counted_in_other_bins_is_not_compared(tmp_path: Path) -> None:
    test = RuleTest([a_monitor(previous="40m")])
    add_bins(test, BEFORE, 0 * BEFORE, model_version="v1", reference="bins-0")
    add_bins(test, 0 * NOW, NOW, model_version="v1")
    test.expect_nothing(names.compared_psi("period", WINDOW), AT).run(tmp_path)


def test_versions_that_are_counted_in_different_bins_are_not_compared(tmp_path: Path) -> None:
    """One replica has the new file already, the other not yet."""
    test = RuleTest([a_monitor(previous=[], versions={"stable": "v1"})])
    add_bins(test, BEFORE, BEFORE, model_version="v1", reference="bins-0")
    add_bins(test, NOW, NOW, model_version="v2")
    expect_none(test, "version").run(tmp_path)


def test_a_bin_that_only_one_sample_has_ends_the_comparison(tmp_path: Path) -> None:
    test = RuleTest([a_monitor(previous=[], versions={"stable": "v1"})])
    add_bins(test, BEFORE, BEFORE, model_version="v1")
    add_bins(test, NOW[:-1], NOW[:-1], model_version="v2")
    expect_none(test, "version").run(tmp_path)


def test_a_stream_without_a_past_has_no_drift_from_it(tmp_path: Path) -> None:
    test = RuleTest([a_monitor(previous="1d")])
    add_bins(test, BEFORE, NOW, model_version="v1")
    expect_none(test, "period").run(tmp_path)


@pytest.mark.parametrize(
    "shares",
    [
        pytest.param(np.full(12, 1 / 12), id="even bins"),
        pytest.param(np.array([0.9, 0.05, 0.02, 0.02, 0.01]), id="few rare categories"),
        pytest.param(0.8 ** np.arange(30) * 0.2 / (1 - 0.8**30), id="a long tail"),
        pytest.param(np.r_[np.zeros(20), 0.001, 0.01, 0.289, 0.4, 0.3], id="a ladder that is mostly empty"),
    ],
)
@pytest.mark.parametrize("other_rows", [200, 20_000])
def test_chance_does_not_look_like_drift_however_unequal_the_samples_are(shares: Floats, other_rows: int) -> None:
    """Of 20,000 pairs without drift at most 1.5 % pass z > 2.33 (nominal 1 %), and at most 0.06 % z > 3.5 (0.02 %)."""
    rng = np.random.default_rng(7)
    n, o = (rng.multinomial(rows, shares, 20_000).astype(np.float64) for rows in (200, other_rows))
    zscores = two_sample_drift(n, o, 1.0)["zscore"]
    assert (zscores > 2.33).mean() < 0.015
    assert (zscores > 3.5).mean() < 0.0006
