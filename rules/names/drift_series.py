"""Series of drift."""

from __future__ import annotations

from typing import Literal

from exporter.monitor.spec import DriftMeasure
from rules.names.windows import LONG_WINDOW_STEP

Comparison = Literal["period", "version"]
"""Two samples of the stream that are compared without a reference."""

_DRIFT_OPERATIONS: dict[DriftMeasure, str] = {
    "psi": "sum",
    "kl": "sum",
    "js": "sqrt",
    "hellinger": "sqrt",
    "tv": "sum",
    "chi2": "sum",
    "ks": "max",
    "wasserstein": "sum",
}


def bin_increase(window: str) -> str:
    """n: values in each bin."""
    return f"feature_bin:infranaut_feature_bin:increase{window}"


def feature_increase(window: str) -> str:
    """N: values in all bins."""
    return f"feature:infranaut_feature_bin:increase{window}"


def bin_ratio(window: str) -> str:
    """p: smoothed share of each bin."""
    return f"feature_bin:infranaut_feature_bin:ratio{window}"


def reference_bin_ratio(window: str) -> str:
    """a: smoothed share of each bin in the reference, for each model version."""
    return f"feature_bin:infranaut_reference_bin:ratio{window}"


def reference_observations(window: str) -> str:
    """M: rows of the reference, for each model version."""
    return f"feature:infranaut_reference_observations:max{window}"


def degrees_of_freedom(window: str) -> str:
    """k: bins less one."""
    return f"feature:infranaut_feature_bin:df{window}"


def expected_psi(window: str) -> str:
    """E: what PSI would be on average without drift."""
    return f"feature:infranaut_drift_psi:expected{window}"


def drift_zscore(window: str) -> str:
    """z: significance of PSI, in standard deviations."""
    return f"feature:infranaut_drift_psi:zscore{window}"


def drift_measure(measure: DriftMeasure, window: str) -> str:
    """The value of a measure of drift."""
    return f"feature:infranaut_drift_{measure}:{_DRIFT_OPERATIONS[measure]}{window}"


def quantile_bin_difference(window: str) -> str:
    """d: share of each quantile bin less that of the reference."""
    return f"feature_bin:infranaut_drift_difference:ratio{window}"


def quantile_bin_running_difference(window: str) -> str:
    """D: d, summed over the bins up to each."""
    return f"feature_bin:infranaut_drift_difference:running_sum{window}"


def bin_step_increase() -> str:
    """Values in each bin in the last step: what long windows are summed from."""
    return f"feature_bin:infranaut_feature_bin:step_increase{LONG_WINDOW_STEP}"


def compared_rows(comparison: Comparison, window: str) -> str:
    """M: rows of the previous period or of the stable version; absent where it was counted in other bins."""
    return f"feature:infranaut_{comparison}_rows:increase{window}"


def compared_bin_pooled_ratio(comparison: Comparison, window: str) -> str:
    """m: share of each bin in both samples together; only bins that hold anything."""
    return f"feature_bin:infranaut_{comparison}_bin:pooled_ratio{window}"


def compared_bin_ratio(comparison: Comparison, window: str) -> str:
    """p: smoothed share of each bin."""
    return f"feature_bin:infranaut_{comparison}_bin:ratio{window}"


def compared_bin_baseline_ratio(comparison: Comparison, window: str) -> str:
    """a: smoothed share of each bin in the previous period or the stable version."""
    return f"feature_bin:infranaut_{comparison}_bin:baseline_ratio{window}"


def compared_degrees_of_freedom(comparison: Comparison, window: str) -> str:
    """k: bins that hold anything less one."""
    return f"feature:infranaut_{comparison}_bin:df{window}"


def compared_expected_psi(comparison: Comparison, window: str) -> str:
    """E: what PSI between the two samples would be on average if they came from one distribution."""
    return f"feature:infranaut_{comparison}_drift_psi:expected{window}"


def compared_psi(comparison: Comparison, window: str) -> str:
    """PSI between a window and the previous period (label `previous`), or a version and the stable one (`stable`)."""
    return f"feature:infranaut_{comparison}_drift_psi:sum{window}"


def compared_zscore(comparison: Comparison, window: str) -> str:
    """z: significance of that PSI, in standard deviations."""
    return f"feature:infranaut_{comparison}_drift_psi:zscore{window}"


def stouffer(window: str) -> str:
    """Z: significance of the drift of all features together, in standard deviations."""
    return f"model:infranaut_drift:stouffer{window}"


def features_drifted_ratio(window: str) -> str:
    """Share of the features that drifted: by effect, significance and rows."""
    return f"model:infranaut_drift:features_drifted_ratio{window}"


def excess_psi(window: str) -> str:
    """Mean PSI of the features above what chance gives."""
    return f"model:infranaut_drift_psi:excess{window}"
