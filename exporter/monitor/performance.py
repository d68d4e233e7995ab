"""When performance alerts: metrics, objectives, labels needed."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from exporter.monitor.duration import Duration, DurationField
from exporter.monitor.strict import LabelValue, StrictModel

Task = Literal["binary", "multiclass", "regression"]
PerformanceMetric = Literal[
    "accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece", "mae", "rmse", "bias"
]

METRICS_BY_TASK: dict[Task, tuple[PerformanceMetric, ...]] = {
    "binary": ("accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece"),
    "multiclass": ("accuracy", "precision", "recall", "f1"),
    "regression": ("mae", "rmse", "bias"),
}
"""What can be computed for each task (multiclass: macro averages)."""


Bound = Literal["minimum", "maximum"]


class Objective(StrictModel):
    """A metric and its bound; give either minimum or maximum."""

    metric: PerformanceMetric
    """Binary: accuracy, precision, recall, f1, auc, log_loss, brier, ece. Multiclass: the first four (macro averages).
    Regression: mae, rmse, bias."""
    class_: LabelValue | None = Field(None, alias="class")
    """Multiclass: the class that precision, recall or F1 are taken of, in place of the average over all."""
    minimum: float | None = None
    """Alerts when the whole confidence interval lies below it."""
    maximum: float | None = None
    """Alerts when the whole confidence interval lies above it."""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.minimum is None) == (self.maximum is None):
            raise ValueError("give either minimum or maximum")
        return self

    @property
    def bound(self) -> Bound:
        return "maximum" if self.minimum is None else "minimum"

    @property
    def limit(self) -> float:
        return (self.maximum if self.minimum is None else self.minimum) or 0.0

    @property
    def check(self) -> str:
        """The label `check` of the objective's threshold."""
        of_class = f":{self.class_}" if self.class_ else ""
        return f"performance_{self.metric}_{self.bound}{of_class}"


CLASS_METRICS: tuple[PerformanceMetric, ...] = ("precision", "recall", "f1")
"""What can be computed of one class."""


class Performance(StrictModel):
    """How good the predictions were, once their labels are there."""

    window: DurationField = Duration("24h")
    """The window that metrics are computed over."""
    objectives: list[Objective] = []
    """What is alerted on."""
    minimum_labels: int = Field(100, ge=1)
    """Labels in the window below which performance does not alert."""
    confidence: float = Field(0.95, ge=0.5, le=0.9999)
    """How sure the interval around each metric is to hold its true value; what it may miss lies half on either side."""
    design_effect: float = Field(1, ge=1)
    """How many correlated labels carry the information of one independent label (DEFF); widens the intervals."""
    hold: DurationField | None = None
    """How long it must last before it alerts (`for`); a tenth of the window where absent."""
