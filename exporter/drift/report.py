"""The drift of a monitor's features, as the landing page, the API and the demo tell it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from exporter.batch import Floats, Integers
from exporter.catalog import INVALID_BIN, MISSING_BIN, PREDICTION_FEATURE
from exporter.drift.chi2 import chi2
from exporter.drift.comparison import Comparison, compare
from exporter.drift.expected_psi import expected_psi
from exporter.drift.hellinger import hellinger
from exporter.drift.js import js
from exporter.drift.kl import kl
from exporter.drift.ks import ks
from exporter.drift.psi import psi
from exporter.drift.significance import p_value, zscore
from exporter.drift.tv import tv
from exporter.drift.wasserstein import wasserstein
from exporter.monitor.drift import NUMBERS_ONLY, DriftMeasure
from exporter.reference.document import FeatureReference, NumberReference, Reference

MEASURES: dict[DriftMeasure, Callable[[Comparison], Floats]] = {
    "psi": psi,
    "kl": kl,
    "js": js,
    "hellinger": hellinger,
    "tv": tv,
    "chi2": chi2,
    "ks": ks,
    "wasserstein": wasserstein,
}
"""Every measure by the name that a monitor gives it."""


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How far one feature is from its reference, how sure that is, and how much data says so.

    observations  : N, rows in the window, those with a missing or invalid value included.
    measures      : by name; without ks and wasserstein for categories. NaN when there are no observations.
    expected_psi  : PSI without drift, for so many rows; NaN when there are none.
    zscore        : of the PSI; NaN when there are no observations.
    p_value       : of the z-score, in [0, 1].
    missing_ratio : share of the rows without a value, in [0, 1]; NaN when there are no rows.
    invalid_ratio : share of the rows whose value broke a rule.
    """

    feature: str
    observations: int
    measures: Mapping[DriftMeasure, float]
    expected_psi: float
    zscore: float
    p_value: float
    missing_ratio: float
    invalid_ratio: float


def drift_report(
    counts_by_feature: Mapping[str, Integers],
    reference: Reference,
    design_effect: float = 1.0,
    *,
    most_significant_first: bool = False,
) -> tuple[FeatureDrift, ...]:
    """The drift of every feature that has counts, in their order, or by z-score with NaN last.

    counts_by_feature: int64[B] by feature, in the order of its reference's `bin_names()`; `__prediction__` for the
    prediction. Features with the same bins are computed in one call. ValueError when a feature is not in the reference,
    its bins are not the reference's, or a count is negative.
    """
    references = {PREDICTION_FEATURE: reference.prediction, **reference.features}
    alike: dict[tuple[int, bool], list[str]] = {}
    for feature, counts in counts_by_feature.items():
        known = _reference_of(feature, references)
        _check_bins(feature, counts, known)
        alike.setdefault((len(counts), isinstance(known, NumberReference)), []).append(feature)
    drifts = {
        drift.feature: drift
        for features in alike.values()
        for drift in _measure(
            features,
            [counts_by_feature[feature] for feature in features],
            [references[feature] for feature in features],
            design_effect,
        )
    }
    report = tuple(drifts[feature] for feature in counts_by_feature)
    return tuple(sorted(report, key=_least_significant)) if most_significant_first else report


def feature_drift(
    feature: str, counts: Integers, reference: FeatureReference, design_effect: float = 1.0
) -> FeatureDrift:
    """The drift of one feature: counts int64[B] in the order of `reference.bin_names()`; errors as `drift_report`."""
    _check_bins(feature, counts, reference)
    return _measure([feature], [counts], [reference], design_effect)[0]


def _reference_of(feature: str, references: Mapping[str, FeatureReference]) -> FeatureReference:
    if feature not in references:
        raise ValueError(f"feature {feature!r} is not in the reference, which has {', '.join(map(repr, references))}")
    return references[feature]


def _check_bins(feature: str, counts: Integers, reference: FeatureReference) -> None:
    expected = (len(reference.bin_names()),)
    if np.shape(counts) != expected:
        raise ValueError(
            f"feature {feature!r}: counts of shape {np.shape(counts)}, its reference has {expected[0]} bins"
        )


def _measure(
    features: Sequence[str],
    counts: Sequence[Integers],
    references: Sequence[FeatureReference],
    design_effect: float,
) -> list[FeatureDrift]:
    """The drift of features that have the same number of bins and are all numbers or all categories."""
    spacings = [reference.spacing() for reference in references if isinstance(reference, NumberReference)]
    comparison = compare(
        np.stack(counts),
        np.stack([reference.bin_counts() for reference in references]),
        np.stack(spacings) if spacings else None,
    )
    measures = {name: measure(comparison) for name, measure in MEASURES.items() if spacings or name not in NUMBERS_ONLY}
    expected, scores = expected_psi(comparison, design_effect), zscore(comparison, design_effect)
    probabilities = p_value(scores)
    ratios = comparison.counts / comparison.observations
    bin_names = references[0].bin_names()
    missing, invalid = bin_names.index(MISSING_BIN), bin_names.index(INVALID_BIN)
    return [
        FeatureDrift(
            feature=feature,
            observations=int(counts[row].sum()),
            measures={name: float(values[row]) for name, values in measures.items()},
            expected_psi=float(expected[row]),
            zscore=float(scores[row]),
            p_value=float(probabilities[row]),
            missing_ratio=float(ratios[row, missing]),
            invalid_ratio=float(ratios[row, invalid]),
        )
        for row, feature in enumerate(features)
    ]


def _least_significant(drift: FeatureDrift) -> float:
    return math.inf if math.isnan(drift.zscore) else -drift.zscore
