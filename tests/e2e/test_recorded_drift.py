"""Every recorded series of the drift group over a live scrape of two exporters, against NumPy and SciPy on the rows.

Tolerance: with the weights that `increase` gives to the rows of each replica (`tests.support.evaluations`), both sides
compute the same real numbers in doubles, through a few hundred operations without cancellation beyond that of
p - a, whose terms are larger than 1e-5: so 1e-9, relative (absolute below 1), which leaves two digits to spare. The
weights themselves are between 1 and 1.03, so the plain rows give the same but for a few percent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from exporter.batch import Floats
from rules import names
from tests.support.evaluations import RuleEvaluation, an_evaluation
from tests.support.fleet import Fleet, SentToReplica
from tests.support.models import DESIGN_EFFECT, PREDICTION, Event, WatchedModel
from tests.support.pooled import ReferenceBins, category_bins, drift_measures, number_bins, two_sample_drift

WINDOW = "1h"
EXACT = 1e-9

MEASURES = {
    "expected": names.expected_psi(WINDOW),
    "zscore": names.drift_zscore(WINDOW),
    "psi": names.drift_measure("psi", WINDOW),
    "kl": names.drift_measure("kl", WINDOW),
    "js": names.drift_measure("js", WINDOW),
    "hellinger": names.drift_measure("hellinger", WINDOW),
    "tv": names.drift_measure("tv", WINDOW),
    "chi2": names.drift_measure("chi2", WINDOW),
    "ks": names.drift_measure("ks", WINDOW),
    "wasserstein": names.drift_measure("wasserstein", WINDOW),
}

Counted = Mapping[tuple[str, str], tuple[ReferenceBins, Floats]]
"""(model version, feature) → its bins and the weight of the rows in each."""

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["credit", "tickets", "demand"])
def test_every_series_of_the_drift_group_equals_numpy_and_scipy_on_the_pooled_rows(fleet: Fleet, name: str) -> None:
    evaluation = an_evaluation(fleet.prometheus, name, names.drift_zscore(WINDOW), fleet.settled_at_s)
    counted = count(fleet, name, evaluation)

    def recorded(record: str, *labels: str) -> dict[tuple[str, ...], float]:
        return evaluation.read(fleet.prometheus, record, name, "model_version", "feature", *labels)

    for record, of_bin in bin_series(counted).items():
        assert recorded(record, "bin") == pytest.approx(of_bin, rel=EXACT, abs=EXACT), record
    measured = {key: drift_measures(bins, n, DESIGN_EFFECT) for key, (bins, n) in counted.items()}
    for measure, record in MEASURES.items():
        expected = {key: values[measure] for key, values in measured.items() if measure in values}
        assert recorded(record) == pytest.approx(expected, rel=EXACT, abs=EXACT), record
    assert recorded(names.feature_increase(WINDOW)) == pytest.approx(
        {key: n.sum() for key, (_, n) in counted.items()}, rel=EXACT, abs=EXACT
    )
    rows = {key: bins.counts.sum() for key, (bins, _) in counted.items()}
    assert recorded(names.reference_observations(WINDOW)) == rows
    assert recorded(names.degrees_of_freedom(WINDOW)) == {key: len(n) - 1 for key, (_, n) in counted.items()}
    for record, last in ((names.missing_ratio(WINDOW), -2), (names.invalid_ratio(WINDOW), -1)):
        assert recorded(record) == pytest.approx(
            {key: n[last] / n.sum() for key, (_, n) in counted.items()}, rel=EXACT, abs=EXACT
        )


@pytest.mark.parametrize("name", ["credit", "tickets", "demand"])
def test_extrapolation_moves_no_measure_far_from_that_of_the_plain_rows(fleet: Fleet, name: str) -> None:
    """Measures are at most quadratic in the shares, which the weights move by 3 % at most: 6 %."""
    evaluation = an_evaluation(fleet.prometheus, name, names.drift_zscore(WINDOW), fleet.settled_at_s)
    plain = RuleEvaluation(evaluation.at_s, dict.fromkeys(evaluation.weights, 1.0))
    measured = {key: drift_measures(bins, n, DESIGN_EFFECT) for key, (bins, n) in count(fleet, name, plain).items()}
    for measure in ("psi", "js", "ks"):
        recorded = evaluation.read(fleet.prometheus, MEASURES[measure], name, "model_version", "feature")
        expected = {key: values[measure] for key, values in measured.items() if measure in values}
        assert recorded == pytest.approx(expected, rel=0.06), measure


def test_drift_between_versions_equals_numpy_on_the_pooled_rows_of_both(fleet: Fleet) -> None:
    evaluation = an_evaluation(fleet.prometheus, "credit", names.compared_zscore("version", WINDOW), fleet.settled_at_s)
    counted = count(fleet, "credit", evaluation)
    measured = {
        (version, feature): two_sample_drift(n, counted["v1", feature][1], DESIGN_EFFECT)
        for (version, feature), (_, n) in counted.items()
        if version != "v1"
    }
    assert measured
    for measure, record in {
        "psi": names.compared_psi("version", WINDOW),
        "expected": names.compared_expected_psi("version", WINDOW),
        "zscore": names.compared_zscore("version", WINDOW),
    }.items():
        recorded = evaluation.read(fleet.prometheus, record, "credit", "model_version", "feature")
        expected = {key: float(values[measure]) for key, values in measured.items()}
        assert recorded == pytest.approx(expected, rel=EXACT, abs=EXACT), record


def test_drift_of_all_features_together_is_the_sum_of_their_scores_over_its_standard_deviation(fleet: Fleet) -> None:
    evaluation = an_evaluation(fleet.prometheus, "credit", names.stouffer(WINDOW), fleet.settled_at_s)
    stouffer, excess = {}, {}
    measured = {
        key: drift_measures(bins, n, DESIGN_EFFECT) for key, (bins, n) in count(fleet, "credit", evaluation).items()
    }
    for version in {version for version, _ in measured}:
        own = [each for (its, feature), each in measured.items() if its == version and feature != PREDICTION]
        deviation = np.sqrt(len(own) + len(own) * (len(own) - 1) * 0.2)
        stouffer[(version,)] = sum(each["zscore"] for each in own) / deviation
        excess[(version,)] = np.mean([each["psi"] - each["expected"] for each in own])
    for record, expected in ((names.stouffer(WINDOW), stouffer), (names.excess_psi(WINDOW), excess)):
        recorded = evaluation.read(fleet.prometheus, record, "credit", "model_version")
        assert recorded == pytest.approx(expected, rel=EXACT, abs=EXACT), record


def count(fleet: Fleet, name: str, evaluation: RuleEvaluation) -> Counted:
    """Bins all rows of both replicas, each row with its weight."""
    model, parts = fleet.models[name], fleet.sent_to(name)
    versioned = [(part, event, model.version_of(event)) for part in parts for event in part.events]
    counted = {}
    for feature, value_of in model.values.items():
        bins = reference_bins(model, feature, fleet.training[name])
        for version in sorted({version for _, _, version in versioned}):
            rows = [(part, event) for part, event, its in versioned if its == version]
            weights = np.array([weight_of(evaluation, part, event) for part, event in rows])
            counted[version, feature] = bins, bins.count([value_of(event) for _, event in rows], weights)
    return counted


def reference_bins(model: WatchedModel, feature: str, training: Sequence[Event]) -> ReferenceBins:
    spec = model.monitor["spec"]
    values = [model.values[feature](event) for event in training]
    if any(isinstance(value, str) for value in values):
        return category_bins(values)
    return number_bins(values, spec["reference"].get("bins", 10))


def bin_series(counted: Counted) -> dict[str, dict[tuple[str, str, str], float]]:
    """n, p and a: record → (version, feature, bin) → value."""
    series: dict[str, dict[tuple[str, str, str], float]] = {
        names.bin_increase(WINDOW): {},
        names.bin_ratio(WINDOW): {},
        names.reference_bin_ratio(WINDOW): {},
    }
    for (version, feature), (bins, n) in counted.items():
        p = (n + 0.5) / (n.sum() + 0.5 * len(n))
        for of_bin, values in zip(series.values(), (n, p, bins.shares()), strict=True):
            of_bin |= {(version, feature, name): float(value) for name, value in zip(bins.names, values, strict=True)}
    return series


def weight_of(evaluation: RuleEvaluation, part: SentToReplica, event: Event) -> float:
    return evaluation.weights[part.instance, part.model.version_of(event), part.model.segment_of(event)]
