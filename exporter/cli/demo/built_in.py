"""The demonstration's own data: breast-cancer biopsies, which scikit-learn carries (Wolberg and Street, 1995)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_breast_cancer

from exporter.cli.demo.fault import BrokenMapping, CalibrationShift, FaultPlan
from exporter.cli.demo.model import performance_on, train_linear
from exporter.cli.demo.rows import Column, LabelledRows, ResampledRows
from exporter.cli.demo.scenario import Scenario

NAME = "breast-cancer"
POSITIVE = "malignant"
SIZES = ("small", "medium", "large", "very_large")

_NUMBERS = ("mean texture", "mean smoothness", "mean concave points", "mean symmetry", "texture error")
_SIZE_QUANTILES = (0.5, 0.75, 0.9)
_REFERENCE_ROWS = 5000

NEW_SCANNER = FaultPlan(
    "a new scanner is put into service",
    (
        CalibrationShift("mean_concave_points", scale=1.25, offset=0.02),
        BrokenMapping("size", {"small": "large", "medium": "very_large", "large": "small", "very_large": "medium"}),
    ),
)


def built_in_scenario(rng: np.random.Generator) -> Scenario:
    """Half of the biopsies train the model; reference and stream are drawn from the other half, which it never saw."""
    biopsies = load_biopsies()
    order = rng.permutation(len(biopsies))
    seen, unseen = np.array_split(order, 2)
    model = train_linear(biopsies.take(seen), "binary")
    population = biopsies.take(unseen)
    reference = ResampledRows(population, rng).next_rows(_REFERENCE_ROWS)
    return Scenario(
        name=NAME,
        story="a model that tells malignant from benign biopsies (logistic regression, scikit-learn's own data)",
        model=model,
        reference=reference,
        baseline=performance_on(model, reference),
        source=ResampledRows(population, rng),
        plans=(NEW_SCANNER,),
        is_drift_free=True,
    )


def load_biopsies() -> LabelledRows:
    """569 biopsies: five measured numbers, and the size of the nuclei in four classes, derived from their area."""
    data = load_breast_cancer()
    measured = dict(zip(data.feature_names, data.data.T, strict=True))
    columns: dict[str, Column] = {name.replace(" ", "_"): measured[name].astype(np.float64) for name in _NUMBERS}
    columns["size"] = _sizes(measured["mean area"])
    labels = np.where(data.target == list(data.target_names).index(POSITIVE), POSITIVE, "benign").astype(object)
    return LabelledRows(columns, labels)


def _sizes(area: npt.NDArray[np.float64]) -> Column:
    return np.array(SIZES, dtype=object)[np.searchsorted(np.quantile(area, _SIZE_QUANTILES), area)]
