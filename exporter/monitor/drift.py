"""When drift alerts: windows, measures and thresholds."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from exporter.monitor.duration import Duration, DurationField
from exporter.monitor.strict import LabelValue, StrictModel

DriftMeasure = Literal["psi", "kl", "js", "hellinger", "tv", "chi2", "ks", "wasserstein"]
NUMBERS_ONLY: frozenset[DriftMeasure] = frozenset({"ks", "wasserstein"})
"""The measures that need an order of the bins; categories do not have them."""


class DriftBetweenVersions(StrictModel):
    """Compares the versions of a model that run at the same time."""

    stable: LabelValue
    """The version that every other one is compared with over each drift window."""


class ModelDrift(StrictModel):
    """When the features together have moved away from the reference's."""

    share: float = Field(0.3, gt=0, le=1)
    """Share of the features, the prediction left out, that have drifted, each by effect, significance and rows."""
    excess: float = Field(0.05, gt=0)
    """Or: mean PSI of the features above what chance gives, if it is significant over all of them."""


class Drift(StrictModel):
    """When a feature's distribution has moved away from the reference's."""

    window: list[DurationField] = Field([Duration("1h")], min_length=1)
    """One duration or several; each is recorded and alerted on. Those above 6h are counted in steps of 5m."""
    measure: DriftMeasure = "psi"
    """The measure that alerts."""
    threshold: float = Field(0.1, gt=0)
    """Of that measure; drift alerts above it, if it is significant too and rests on enough rows."""
    false_alarms_per_month: float = Field(1, gt=0)
    """Over all features of the monitor and all comparisons; sets the significance that an alert needs."""
    minimum_rows: int = Field(200, ge=1)
    """Rows in the window below which drift does not alert."""
    design_effect: float = Field(1, ge=1)
    """How many correlated rows carry the information of one independent row (DEFF)."""
    measures: list[DriftMeasure] = ["psi", "kl", "js", "hellinger", "tv", "chi2"]
    """Measures to record; ks and wasserstein cost one rule a bin."""
    hold: DurationField | None = None
    """How long drift must last before it alerts (`for`); a tenth of the window where absent."""
    previous: list[DurationField] = []
    """One duration or several: each window is compared with the one that long before (`[1d, 7d]`: yesterday and last
    week at the same time). Needs no reference."""
    versions: DriftBetweenVersions | None = None
    """Compares model versions over the same window. Needs no reference."""
    comparison_threshold: float = Field(0.1, gt=0)
    """PSI above which a comparison with a previous period or another version alerts."""
    model: ModelDrift = ModelDrift()
    feature_correlation: float = Field(0.1, ge=0, le=1)
    """How much the z-scores of two features correlate on average, for the significance of all features together: 0
    where features are independent, 1 where all say the same."""

    @field_validator("window", "previous", mode="before", json_schema_input_type=DurationField | list[DurationField])
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @property
    def compares_samples(self) -> bool:
        """Whether windows are compared with others, rather than with a reference."""
        return bool(self.previous) or self.versions is not None

    @model_validator(mode="after")
    def _measure_is_recorded(self) -> Self:
        if self.measure not in self.measures:
            object.__setattr__(self, "measures", [*self.measures, self.measure])
        return self
