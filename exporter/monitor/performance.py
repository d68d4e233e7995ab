"""When performance alerts: metrics, objectives, labels needed."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from exporter.monitor.duration import Duration, DurationField
from exporter.monitor.strict import StrictModel

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


class Objective(StrictModel):
    """A metric and its bound; give either minimum or maximum."""

    metric: PerformanceMetric
    """Binary: accuracy, precision, recall, f1, auc, log_loss, brier, ece. Multiclass: the first four (macro averages).
    Regression: mae, rmse, bias."""
    minimum: float | None = None
    """Alerts below it."""
    maximum: float | None = None
    """Alerts above it."""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.minimum is None) == (self.maximum is None):
            raise ValueError("give either minimum or maximum")
        return self


class Performance(StrictModel):
    """How good the predictions were, once their labels are there."""

    window: DurationField = Duration("24h")
    """The window that metrics are computed over."""
    objectives: list[Objective] = []
    """What is alerted on."""
    minimum_labels: int = Field(100, ge=1)
    """Labels in the window below which performance does not alert."""
    hold: DurationField | None = None
    """How long it must last before it alerts (`for`); a tenth of the window where absent."""
