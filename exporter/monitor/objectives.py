"""What a monitor alerts on: drift, performance, quality and service level objectives."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from exporter.monitor.duration import Duration, DurationField
from exporter.monitor.strict import StrictModel

Task = Literal["binary", "multiclass", "regression"]
DriftMeasure = Literal["psi", "kl", "js", "hellinger", "tv", "chi2", "ks", "wasserstein"]
PerformanceMetric = Literal[
    "accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece", "mae", "rmse", "bias"
]

METRICS_BY_TASK: dict[Task, tuple[PerformanceMetric, ...]] = {
    "binary": ("accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece"),
    "multiclass": ("accuracy", "precision", "recall", "f1"),
    "regression": ("mae", "rmse", "bias"),
}
"""What can be computed for each task (multiclass: macro averages)."""


class Drift(StrictModel):
    """When a feature's distribution has moved away from the reference's."""

    window: list[DurationField] = [Duration("1h")]
    """One duration or several; each is recorded and alerted on."""
    measure: DriftMeasure = "psi"
    """The measure that alerts."""
    threshold: float = Field(0.1, gt=0)
    """Of that measure; drift alerts above it, if it is significant too and rests on enough rows."""
    false_alarms_per_month: float = Field(1, gt=0)
    """Over all features of the monitor; sets the significance that an alert needs."""
    minimum_rows: int = Field(200, ge=1)
    """Rows in the window below which drift does not alert."""
    design_effect: float = Field(1, ge=1)
    """How many correlated rows carry the information of one independent row (DEFF)."""
    measures: list[DriftMeasure] = ["psi", "kl", "js", "hellinger", "tv", "chi2"]
    """Measures to record; ks and wasserstein cost one rule a bin."""
    hold: DurationField | None = None
    """How long drift must last before it alerts (`for`); a tenth of the window where absent."""

    @field_validator("window", mode="before", json_schema_input_type=DurationField | list[DurationField])
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _measure_is_recorded(self) -> Self:
        if self.measure not in self.measures:
            object.__setattr__(self, "measures", [*self.measures, self.measure])
        return self


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


class Quality(StrictModel):
    """Whether the data is sound."""

    window: DurationField = Duration("1h")
    """The window that rates are computed over."""
    maximum_invalid_ratio: float = Field(0.01, gt=0, le=1)
    """Share of predictions that break a rule of any kind."""
    no_predictions_for: DurationField = Duration("15m")
    """Silence that alerts."""
    hold: DurationField | None = None
    """How long invalid data must last before it alerts (`for`); a tenth of the window where absent."""


class LatencySlo(StrictModel):
    """Predictions that are fast enough."""

    name: Literal["latency"]
    objective: float = Field(gt=0, lt=1)
    """Share of good predictions, such as 0.99."""
    period: DurationField = Duration("30d")
    """The period that the error budget belongs to."""
    latency_below_seconds: float = Field(gt=0)
    """A prediction is good below it."""


class AvailabilitySlo(StrictModel):
    """Predictions that did not fail."""

    name: Literal["availability"]
    objective: float = Field(gt=0, lt=1)
    """Share of good predictions, such as 0.99."""
    period: DurationField = Duration("30d")
    """The period that the error budget belongs to."""


class FreshnessSlo(StrictModel):
    """Predictions that arrive soon after they were made."""

    name: Literal["freshness"]
    objective: float = Field(gt=0, lt=1)
    """Share of good predictions, such as 0.99."""
    period: DurationField = Duration("30d")
    """The period that the error budget belongs to."""
    events_younger_than: DurationField = Duration("5m")
    """An event is good when it arrives within it."""


Slo = Annotated[LatencySlo | AvailabilitySlo | FreshnessSlo, Field(discriminator="name")]
