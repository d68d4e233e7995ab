"""The drift group gives the numbers of `exporter.drift` (NumPy) on the pooled counts of two replicas, one restarted.

`increase` does not extrapolate here: the window begins and ends with a scrape. What is left are rounding errors of some
hundred additions, far below the relative 1e-9 that is asked for.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exporter.batch import Floats
from exporter.drift.comparison import compare
from exporter.drift.expected_psi import expected_psi
from exporter.drift.report import MEASURES
from exporter.drift.significance import zscore
from exporter.monitor.drift import NUMBERS_ONLY
from exporter.reference.document import smoothed_ratios
from rules import names
from tests.support.counters import replicas_of
from tests.support.golden_monitors import BINARY, golden_monitor
from tests.support.promtool import RuleTest

WINDOW, AT = "1h", "60m"
DEFF = 1.5
NUMBER = ("q00", "q01", "q02", "q03", "q04", "q05", "missing", "invalid")
NUMBER_WITH_TIES = ("q00", "q01", "q02", "missing", "invalid")
CATEGORY = ("c:north", 'c:s"ou\\th', "c:__other__", "missing", "invalid")
SPACING = np.array([0.4, 0.3, 0.25, 0.6, 1.5, 0.0])


@pytest.mark.parametrize("bins", [NUMBER, NUMBER_WITH_TIES, CATEGORY], ids=["number", "ties", "category"])
def test_every_measure_equals_numpy_on_the_pooled_counts(bins: tuple[str, ...], tmp_path: Path) -> None:
    rng = np.random.default_rng(len(bins))
    counts = rng.integers(0, 900, size=len(bins)).astype(np.float64)
    reference = rng.integers(0, 5000, size=len(bins)).astype(np.float64)
    test = a_test(bins, counts, reference)
    spacing = spacing_of(bins) if quantile_bins(bins) else None
    comparison = compare(counts, reference, spacing)
    for measure, function in MEASURES.items():
        if spacing is None and measure in NUMBERS_ONLY:
            test.expect_nothing(names.drift_measure(measure, WINDOW), AT)
        else:
            test.expect_value(names.drift_measure(measure, WINDOW), AT, float(function(comparison)))
    test.expect_value(names.expected_psi(WINDOW), AT, float(expected_psi(comparison, DEFF)))
    test.expect_value(names.drift_zscore(WINDOW), AT, float(zscore(comparison, DEFF)))
    test.expect_value(names.feature_increase(WINDOW), AT, counts.sum())
    test.expect_value(names.missing_ratio(WINDOW), AT, counts[-2] / counts.sum())
    test.expect_value(names.invalid_ratio(WINDOW), AT, counts[-1] / counts.sum())
    test.run(tmp_path)


def test_an_empty_bin_is_smoothed_and_poisons_nothing(tmp_path: Path) -> None:
    counts, reference = np.array([40.0, 0, 60, 0, 0, 0, 0, 0]), np.array([500.0, 500, 0, 0, 0, 10, 0, 0])
    comparison = compare(counts, reference, SPACING)
    test = a_test(NUMBER, counts, reference)
    for measure in ("psi", "kl", "js", "wasserstein"):
        test.expect_value(names.drift_measure(measure, WINDOW), AT, float(MEASURES[measure](comparison)))
    test.run(tmp_path)


def test_an_empty_window_has_no_drift_rather_than_none(tmp_path: Path) -> None:
    test = a_test(NUMBER, np.zeros(len(NUMBER)), np.full(len(NUMBER), 100.0))
    for recorded in (*(names.drift_measure(measure, WINDOW) for measure in MEASURES), names.drift_zscore(WINDOW)):
        test.expect_nothing(recorded, AT)
    test.expect_nothing(names.missing_ratio(WINDOW), AT).run(tmp_path)


def a_test(bins: tuple[str, ...], counts: Floats, reference: Floats) -> RuleTest:
    """An hour of one feature on two replicas, which both expose the reference."""
    test = RuleTest([golden_monitor(BINARY, drift={"window": WINDOW, "design_effect": DEFF})])
    ratios = smoothed_ratios(reference.astype(np.int64))
    for instance, counters in replicas_of(counts, np.random.default_rng(1)).items():
        labels = {"job": "ml", "instance": instance, "monitor": BINARY, "reference": "r1", "feature": "age"}
        test.series("infranaut_reference_observations", f"{reference.sum()}x70", **labels)
        for index, name in enumerate(bins):
            of_bin = {**labels, "bin": name.replace("\\", "\\\\").replace('"', '\\"')}
            test.series("infranaut_reference_bin_ratio", f"{float(ratios[index])!r}x70", **of_bin)
            test.series("infranaut_feature_bin_total", counters[:, index].tolist(), **of_bin, model_version="v1")
            if name.startswith("q"):
                spacing = spacing_of(bins)[index]
                test.series("infranaut_reference_bin_spacing", f"{spacing}x70", **of_bin)
    return test


def quantile_bins(bins: tuple[str, ...]) -> int:
    return sum(name.startswith("q") for name in bins)


def spacing_of(bins: tuple[str, ...]) -> Floats:
    """From each quantile bin to the next; 0 for the last."""
    return np.append(SPACING[: quantile_bins(bins) - 1], 0.0)
