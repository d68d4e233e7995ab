from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest

from exporter.batch import Integers
from exporter.catalog import PREDICTION_FEATURE
from exporter.drift.comparison import compare
from exporter.drift.report import MEASURES, drift_report, feature_drift
from exporter.drift.significance import p_value, zscore
from exporter.monitor.drift import NUMBERS_ONLY
from exporter.monitor.spec import DriftMeasure
from tests.support.histograms import a_category_reference, a_number_reference, a_reference

AGE = a_number_reference()
REGION = a_category_reference(north=600, south=400)
REFERENCE = a_reference({"age": AGE, "region": REGION, "income": a_number_reference(rows=4000)})


def rows(*counts: int) -> Integers:
    return np.array(counts, dtype=np.int64)


STABLE_AGE = rows(50, 50, 50, 50, 0, 0)
OLDER_AGE = rows(20, 30, 50, 90, 6, 4)
REGION_COUNTS = rows(100, 80, 20, 0, 0)


def test_every_measure_that_a_monitor_may_name_is_in_the_table() -> None:
    assert set(MEASURES) == set(get_args(DriftMeasure))


def test_a_number_has_every_measure_with_its_size_and_significance() -> None:
    drift = feature_drift("age", OLDER_AGE, AGE, design_effect=2)
    comparison = compare(OLDER_AGE, AGE.bin_counts(), AGE.spacing())
    assert drift.feature == "age"
    assert drift.observations == 200
    assert drift.measures == {name: float(measure(comparison)) for name, measure in MEASURES.items()}
    assert drift.expected_psi == pytest.approx(5 * (2 / 200 + 1 / 1000))
    assert drift.zscore == float(zscore(comparison, 2))
    assert drift.p_value == float(p_value(zscore(comparison, 2)))
    assert drift.missing_ratio == pytest.approx(0.03)
    assert drift.invalid_ratio == pytest.approx(0.02)


def test_wasserstein_is_in_standard_deviations_of_the_reference() -> None:
    everyone_up_one_bin = rows(0, 250_000, 250_000, 500_000, 0, 0)
    drift = feature_drift("age", everyone_up_one_bin, a_number_reference(rows=1_000_000))
    assert drift.measures["wasserstein"] == pytest.approx(0.75 * 1.0 / 2.0, abs=1e-4)


def test_a_category_has_no_measure_of_order() -> None:
    drift = feature_drift("region", REGION_COUNTS, REGION)
    assert set(drift.measures) == set(MEASURES) - NUMBERS_ONLY
    assert all(value > 0 for value in drift.measures.values())


def test_an_empty_window_is_told_as_no_observations_and_nan() -> None:
    drift = feature_drift("age", rows(0, 0, 0, 0, 0, 0), AGE)
    assert drift.observations == 0
    numbers = [*drift.measures.values(), drift.expected_psi, drift.zscore, drift.p_value]
    assert all(math.isnan(value) for value in [*numbers, drift.missing_ratio, drift.invalid_ratio])
    assert set(drift.measures) == set(MEASURES)


def test_a_report_of_many_equals_the_report_of_each() -> None:
    counts = {
        "income": OLDER_AGE,
        "region": REGION_COUNTS,
        PREDICTION_FEATURE: STABLE_AGE,
        "age": OLDER_AGE,
    }
    report = drift_report(counts, REFERENCE, design_effect=1.5)
    assert [drift.feature for drift in report] == list(counts)
    for drift in report:
        known = REFERENCE.prediction if drift.feature == PREDICTION_FEATURE else REFERENCE.features[drift.feature]
        alone = feature_drift(drift.feature, counts[drift.feature], known, design_effect=1.5)
        assert drift.measures == pytest.approx(alone.measures, rel=1e-12)
        assert drift.zscore == pytest.approx(alone.zscore, rel=1e-12)


def test_a_number_and_a_category_with_as_many_bins_are_not_mixed_up() -> None:
    four_regions = a_category_reference(north=300, south=300, west=400)
    reference = a_reference({"age": AGE, "region": four_regions})
    assert len(AGE.bin_names()) == len(four_regions.bin_names())
    age, region = drift_report({"age": OLDER_AGE, "region": rows(50, 50, 60, 0, 0, 0)}, reference)
    assert "ks" in age.measures
    assert "ks" not in region.measures


def test_the_most_significant_can_come_first_and_the_unknown_last() -> None:
    counts = {"income": rows(0, 0, 0, 0, 0, 0), PREDICTION_FEATURE: STABLE_AGE, "age": OLDER_AGE}
    report = drift_report(counts, REFERENCE, most_significant_first=True)
    assert [drift.feature for drift in report] == ["age", PREDICTION_FEATURE, "income"]


def test_no_features_make_an_empty_report() -> None:
    assert drift_report({}, REFERENCE) == ()


def test_a_feature_that_the_reference_does_not_know_is_named() -> None:
    with pytest.raises(ValueError, match="feature 'agee' is not in the reference, which has '__prediction__', 'age'"):
        drift_report({"agee": STABLE_AGE}, REFERENCE)


def test_counts_of_other_bins_name_their_feature() -> None:
    with pytest.raises(ValueError, match=r"feature 'region': counts of shape \(6,\), its reference has 5 bins"):
        drift_report({"region": STABLE_AGE}, REFERENCE)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="counts hold -1"):
        drift_report({"age": rows(1, 2, 3, 4, -1, 0)}, REFERENCE)
