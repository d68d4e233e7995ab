"""When drift alerts: windows, measures and thresholds."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from exporter.monitor.duration import Duration, DurationField
from exporter.monitor.strict import StrictModel

DriftMeasure = Literal["psi", "kl", "js", "hellinger", "tv", "chi2", "ks", "wasserstein"]


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
