"""Two bins, 9 rows on each side: p = (0.95, 0.05) and a = (0.45, 0.55), so each value can be worked out on paper."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from exporter.drift.chi2 import chi2, chi2_test
from exporter.drift.comparison import Comparison, compare
from exporter.drift.expected_psi import expected_psi
from exporter.drift.hellinger import hellinger
from exporter.drift.js import js
from exporter.drift.kl import kl
from exporter.drift.ks import ks
from exporter.drift.psi import psi
from exporter.drift.report import MEASURES
from exporter.drift.significance import p_value, zscore
from exporter.drift.tv import tv
from exporter.drift.wasserstein import wasserstein
from exporter.monitor.drift import NUMBERS_ONLY

LN_19_9, LN_11 = 0.7472144018, 2.3978952728  # ln(0.95 / 0.45), -ln(0.05 / 0.55)


def nine_rows() -> Comparison:
    return compare([9, 0], [4, 5], spacing=[2.0, 0.0])


def test_psi_by_hand() -> None:
    assert psi(nine_rows()) == pytest.approx(0.5 * LN_19_9 + 0.5 * LN_11, abs=1e-9)


def test_kl_by_hand() -> None:
    assert kl(nine_rows()) == pytest.approx(0.95 * LN_19_9 - 0.05 * LN_11, abs=1e-9)


def test_js_by_hand() -> None:
    # m = (0.7, 0.3): (0.2005246 + 0.1345500) / 2 nats = 0.2417053 bits
    assert js(nine_rows()) == pytest.approx(math.sqrt(0.2417053), abs=1e-6)


def test_hellinger_by_hand() -> None:
    # (0.9746794 - 0.6708204)^2 + (0.2236068 - 0.7416198)^2 = 0.3606678
    assert hellinger(nine_rows()) == pytest.approx(math.sqrt(0.3606678 / 2), abs=1e-6)


def test_tv_by_hand() -> None:
    assert tv(nine_rows()) == pytest.approx(0.5, abs=1e-12)


def test_chi2_by_hand() -> None:
    # 0.55^2 / (9/81 + 0.45/9) + 0.55^2 / (0.55/9)
    assert chi2(nine_rows()) == pytest.approx(0.3025 / (1 / 9 + 0.05) + 4.95, abs=1e-9)


def test_ks_by_hand() -> None:
    assert ks(nine_rows()) == pytest.approx(0.5, abs=1e-12)


def test_wasserstein_by_hand_is_the_share_moved_times_how_far() -> None:
    assert wasserstein(nine_rows()) == pytest.approx(0.5 * 2.0, abs=1e-12)


def test_expected_psi_by_hand() -> None:
    assert expected_psi(nine_rows(), design_effect=3) == pytest.approx(1 * (3 / 9 + 1 / 9), abs=1e-12)


def test_zscore_by_hand() -> None:
    # psi / E = 1.5725548 / (2/9) = 7.0764968, its cube root 1.9198770
    assert zscore(nine_rows()) == pytest.approx((1.9198770 - 7 / 9) / 0.4714045, abs=1e-5)


def test_p_value_of_the_normal_quantiles() -> None:
    np.testing.assert_allclose(p_value(np.array([0.0, 1.6448536, 3.0902323])), [0.5, 0.05, 0.001], rtol=1e-6)


def test_the_chi2_test_by_hand() -> None:
    # 2 x 2 table (30, 10; 20, 20): 80 (30*20 - 10*20)^2 / (40*40*50*30) = 5.3333
    statistic, degrees, probability = chi2_test(compare([30, 10], [20, 20]))
    assert statistic == pytest.approx(16 / 3)
    assert degrees == 1
    assert probability == pytest.approx(0.0209213, abs=1e-6)


def test_the_chi2_test_pools_thin_bins() -> None:
    statistic, degrees, _ = chi2_test(compare([30, 10, 0, 0], [20, 17, 1, 2]))
    pooled, _, _ = chi2_test(compare([30, 10, 0], [20, 17, 3]))
    assert degrees == 2
    assert statistic == pytest.approx(pooled)


def test_the_chi2_test_says_nothing_of_rows_that_are_all_in_one_bin() -> None:
    statistic, degrees, probability = chi2_test(compare([50, 0], [70, 0]))
    assert statistic == 0
    assert degrees == 0
    assert probability == 1


def test_missing_values_do_not_move_the_measures_of_order() -> None:
    few = compare([10, 20, 30, 0, 0], [20, 20, 20, 0, 0], spacing=[1.0, 1.0, 0.0])
    many = compare([10, 20, 30, 900, 40], [20, 20, 20, 0, 0], spacing=[1.0, 1.0, 0.0])
    assert ks(many) == pytest.approx(ks(few), rel=1e-12)
    assert wasserstein(many) == pytest.approx(wasserstein(few), rel=1e-12)
    assert psi(many) > 10 * psi(few)


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize(("counts", "reference"), [([0, 0, 0], [5, 5, 1]), ([5, 5, 1], [0, 0, 0]), ([0] * 3, [0] * 3)])
def test_an_empty_side_gives_nan_without_a_warning(name: str, counts: list[int], reference: list[int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        comparison = compare(counts, reference, spacing=[1.0, 0.0])
        values = [
            MEASURES[name](comparison),  # type: ignore[index]  # a parameter is no literal
            expected_psi(comparison),
            zscore(comparison),
            p_value(zscore(comparison)),
            chi2_test(comparison)[2],
        ]
    assert np.isnan(values).all()


def test_an_empty_window_costs_its_neighbours_nothing() -> None:
    reference = [10, 10, 10]
    np.testing.assert_array_equal(np.isnan(psi(compare([[5, 5, 5], [0, 0, 0]], reference))), [False, True])


def test_one_bin_cannot_drift() -> None:
    comparison = compare([7], [9])
    assert psi(comparison) == 0
    assert np.isnan(zscore(comparison))


@pytest.mark.parametrize("name", sorted(NUMBERS_ONLY))
def test_categories_have_no_measures_of_order(name: str) -> None:
    with pytest.raises(ValueError, match="this measure is for numbers only"):
        MEASURES[name](compare([1, 2], [1, 2]))  # type: ignore[index]  # a parameter is no literal


@pytest.mark.parametrize("design_effect", [0.5, 0.0, -1.0, math.nan, math.inf])
def test_a_design_effect_below_one_is_refused(design_effect: float) -> None:
    for measure in (expected_psi, zscore, chi2_test):
        with pytest.raises(ValueError, match="expected 1 \\(independent rows\\) or more"):
            measure(nine_rows(), design_effect)
