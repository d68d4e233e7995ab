"""What PSI, its expected value and its z-score are without drift: seeded draws of windows and references alike.

Measured over 20,000 pairs for each case. Where all bins are in use, the mean PSI is within 3 % of E from 200 rows up.
Bins that nothing falls into (`missing`, `invalid`, rare tails) take a part of E without filling it, or, for a window
with far fewer rows than its reference, fill more than their part: 0.5 to 1.45 times E. The z-score stays below its
nominal tail in either case, because such bins add no variance.
"""

from __future__ import annotations

import numpy as np
import pytest

from exporter.batch import Floats
from exporter.drift.chi2 import chi2_test
from exporter.drift.comparison import Comparison, compare
from exporter.drift.expected_psi import expected_psi
from exporter.drift.psi import psi
from exporter.drift.significance import p_value, zscore
from tests.support.histograms import number_shares

DRAWS = 20_000
Z_OF_ONE_PERCENT = 2.3263
Z_OF_ONE_ALARM_A_MONTH = 4.19
"""One-sided: one false alarm a month for 100 features and the prediction, in windows of an hour."""

EQUAL = np.full(10, 0.1)
NUMBER = number_shares()
NUMBER_WITH_MISSING = number_shares(missing=0.04, invalid=0.01)
CATEGORY = np.array([0.4, 0.3, 0.2, 0.1, 0.0, 0.0, 0.0])

SHAPES = pytest.mark.parametrize(
    "shares", [EQUAL, NUMBER, NUMBER_WITH_MISSING, CATEGORY], ids=["equal", "number", "missing", "category"]
)
WINDOW_ROWS = pytest.mark.parametrize("rows", [200, 1000, 10_000])
REFERENCE_ROWS = pytest.mark.parametrize("reference_rows", [1000, 10_000])


def without_drift(shares: Floats, rows: int, reference_rows: int, draws: int = DRAWS) -> Comparison:
    rng = np.random.default_rng([rows, reference_rows, len(shares)])
    return compare(rng.multinomial(rows, shares, draws), rng.multinomial(reference_rows, shares, draws))


@WINDOW_ROWS
@REFERENCE_ROWS
def test_expected_psi_is_the_mean_psi_without_drift_where_bins_are_in_use(rows: int, reference_rows: int) -> None:
    comparison = without_drift(EQUAL, rows, reference_rows)
    assert psi(comparison).mean() == pytest.approx(expected_psi(comparison).mean(), rel=0.03)


@SHAPES
@WINDOW_ROWS
@REFERENCE_ROWS
def test_expected_psi_is_of_the_right_size_with_empty_bins(shares: Floats, rows: int, reference_rows: int) -> None:
    comparison = without_drift(shares, rows, reference_rows)
    assert 0.45 < psi(comparison).mean() / expected_psi(comparison).mean() < 1.5


@SHAPES
@WINDOW_ROWS
@REFERENCE_ROWS
def test_the_zscore_keeps_its_nominal_tail(shares: Floats, rows: int, reference_rows: int) -> None:
    """At most 1.2 % where 1 % is nominal: two standard errors of 20,000 draws are 0.14 %."""
    scores = zscore(without_drift(shares, rows, reference_rows))
    assert (scores > Z_OF_ONE_PERCENT).mean() <= 0.012
    assert (p_value(scores) < 0.01).mean() == (scores > Z_OF_ONE_PERCENT).mean()


@WINDOW_ROWS
@REFERENCE_ROWS
def test_the_zscore_is_not_asleep(rows: int, reference_rows: int) -> None:
    scores = zscore(without_drift(EQUAL, rows, reference_rows))
    assert (scores > Z_OF_ONE_PERCENT).mean() >= 0.008


@SHAPES
@WINDOW_ROWS
@REFERENCE_ROWS
def test_the_chi2_test_keeps_its_nominal_tail(shares: Floats, rows: int, reference_rows: int) -> None:
    """Also with empty bins and with a window of more rows than its reference; 1.5 % at 200 rows against 10,000."""
    _, _, probability = chi2_test(without_drift(shares, rows, reference_rows))
    assert (probability < 0.01).mean() <= (0.017 if rows < 1000 else 0.013)


@pytest.mark.parametrize(("rows", "least_false_alarms"), [(50, 0.9), (200, 0.05)])
def test_a_fixed_threshold_alarms_on_few_rows_where_the_zscore_does_not(rows: int, least_false_alarms: float) -> None:
    comparison = without_drift(NUMBER, rows, 10_000)
    assert (psi(comparison) > 0.1).mean() >= least_false_alarms
    assert (zscore(comparison) > Z_OF_ONE_ALARM_A_MONTH).mean() <= 1e-4


def test_a_small_drift_of_many_rows_is_significant_though_below_a_fixed_threshold() -> None:
    rng = np.random.default_rng(5)
    shifted = np.concatenate([NUMBER[:6] * 0.85, NUMBER[6:] * 1.15])
    comparison = compare(rng.multinomial(10_000, shifted, 1000), rng.multinomial(10_000, NUMBER, 1000))
    assert (psi(comparison) < 0.1).all()
    assert (zscore(comparison) > Z_OF_ONE_ALARM_A_MONTH).mean() > 0.99


def test_the_design_effect_calibrates_correlated_rows() -> None:
    """Each row comes five times, so 1,000 rows say as much as 200: 87 % of windows would alarm at a nominal 1 %."""
    rng = np.random.default_rng(6)
    comparison = compare(5 * rng.multinomial(200, EQUAL, DRAWS), rng.multinomial(10_000, EQUAL, DRAWS))
    assert (zscore(comparison) > Z_OF_ONE_PERCENT).mean() > 0.8
    assert 0.007 <= (zscore(comparison, design_effect=5) > Z_OF_ONE_PERCENT).mean() <= 0.017
    assert (chi2_test(comparison)[2] < 0.01).mean() > 0.8
    assert 0.007 <= (chi2_test(comparison, design_effect=5)[2] < 0.01).mean() <= 0.013
